import { fstatSync, readFileSync } from 'node:fs';

import type { Solver } from '../algorithms/solvers/solver';
import { parseTsplib } from '../algorithms/solvers/tour/tsplib';
import { parseWithSchema } from '../configs/parse-document';
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
export function readProblem(solver: Solver, sources: Sources): unknown {
  const { problem, tsplib, set } = sources;
  if (tsplib !== undefined) return readTsplib(solver, tsplib, sources);
  // yargs hands a lone dash on as an empty word.
  const piped = problem === '-' || problem === '' || (problem === undefined && isPiped());
  const text = piped
    ? readFileSync(0, 'utf8')
    : problem && readText(problem, `solve ${solver.name} --example prints a problem`);
  const isEmpty = text === undefined || (problem === undefined && text.trim() === '');
  if (isEmpty && set.length === 0) return undefined;
  const where = piped ? 'standard input' : (problem ?? 'the problem');
  return parseWithSchema(text ?? '', where, () => solver.schema, set);
}

/** The costs of a TSPLIB file as a problem, of a round trip unless an override opens it. */
function readTsplib(solver: Solver, file: string, { problem, set }: Sources): unknown {
  if (solver.name !== 'tour') {
    throw new InputError(`--tsplib: ${solver.name} has no cost matrix; it goes with tour`);
  }
  if (problem !== undefined) {
    throw new InputError(`--tsplib: the problem is also ${problem || '-'}; give one of the two`);
  }
  const text = readText(file, 'expected a file of the TSPLIB format');
  const costs = parseTsplib(text, file);
  return parseWithSchema(JSON.stringify({ costs }), file, () => solver.schema, set);
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
