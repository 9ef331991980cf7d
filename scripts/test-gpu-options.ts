import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { InputError } from '../engine/input-error';

export const usage = `Checks device cuda against device cpu and measures it, on a machine with an NVIDIA GPU.

  --quick          small sizes, to see that it works
  --only TEXT      only comparisons and figures whose name contains this
  --rows N,N,…     sizes of the comparisons (default 1,7,300,9000)
  --tune           also times other tiles and numbers of threads than the compiler chooses
  --peers PYTHON   also measures PyTorch and JAX on the GPU, with a Python that has torch, jax or both
  --library NAME   of these only jax, or only torch
  --forms PATTERN  only forms of the references whose name matches this regular expression
  --out FOLDER     where the report goes (default bench/results)
`;

const options = {
  quick: { type: 'boolean', default: false },
  only: { type: 'string', default: '' },
  rows: { type: 'string', default: '1,7,300,9000' },
  tune: { type: 'boolean', default: false },
  peers: { type: 'string' },
  library: { type: 'string', default: '' },
  forms: { type: 'string', default: '' },
  out: { type: 'string', default: join('bench', 'results') },
  help: { type: 'boolean', default: false },
} as const;

export interface TestGpuOptions {
  readonly quick: boolean;
  readonly only: string;
  /** Sizes of the comparisons. */
  readonly rows: readonly number[];
  readonly tune: boolean;
  /** Of a Python; null: no references. */
  readonly peers: string | null;
  /** '': both. */
  readonly library: string;
  /** '': all. */
  readonly forms: string;
  readonly out: string;
  readonly help: boolean;
}

/** @throws InputError with one line that says which option is wrong, and what would be right */
export function readOptions(args: readonly string[]): TestGpuOptions {
  const given = parse(args);
  const rows = given.rows.split(',').map(Number);
  if (!rows.every((count) => Number.isInteger(count) && count > 0)) {
    throw new InputError(
      `--rows: '${given.rows}' is no list of whole numbers above 0, 7,300 for instance`,
    );
  }
  if (!['', 'jax', 'torch'].includes(given.library)) {
    throw new InputError(`--library: '${given.library}' is neither jax nor torch`);
  }
  try {
    new RegExp(given.forms);
  } catch {
    throw new InputError(`--forms: '${given.forms}' is no regular expression`);
  }
  return { ...given, rows: given.quick ? [7] : rows, peers: given.peers ?? null };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options }).values;
  } catch (error) {
    const [first] = (error as Error).message.split(/\.\s/);
    throw new InputError(`${first!}; --help lists the options`);
  }
}
