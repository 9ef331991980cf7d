import { fstatSync, readFileSync } from 'node:fs';

import { parseWithSchema } from '../configs/parse-document';
import type { Solver } from '../algorithms/solvers/solver';
import { InputError } from '../engine/input-error';
import { readText } from './read-text';

/** Where a problem comes from. */
interface Sources {
  /** A file, `-` for standard input. */
  readonly problem: string | undefined;
  readonly tsplib: string | undefined;
  readonly set: readonly string[];
}

/**
 * The problem of a command line, checked by the solver's schema.
 * @returns undefined where none is given and nothing is piped in
 * @throws InputError if a file cannot be read or says something wrong
 */
export async function readProblem(solver: Solver, sources: Sources): Promise<unknown> {
  const { problem, tsplib, set } = sources;
  if (tsplib !== undefined) throw new InputError('--tsplib: goes with tour');
  // yargs hands a lone dash on as an empty word.
  const piped = problem === '-' || problem === '' || (problem === undefined && isPiped());
  const text = piped
    ? readFileSync(0, 'utf8')
    : problem && readText(problem, `solve ${solver.name} --example prints a problem`);
  if (text === undefined || (problem === undefined && text.trim() === '' && set.length === 0)) {
    return undefined;
  }
  return parseWithSchema(text, piped ? 'standard input' : problem!, () => solver.schema, set);
}

/** Whether a program or a file feeds standard input; a terminal or the null device does not. */
function isPiped(): boolean {
  try {
    const input = fstatSync(0);
    return input.isFIFO() || input.isFile();
  } catch {
    return false;
  }
}
