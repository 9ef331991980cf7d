import type { Argv } from 'yargs';

/** What each file of `scripts/commands/` exports. */
export interface Command<Options> {
  /** Declares options and examples. */
  declare(yargs: Argv): Argv<Options>;
  /** @returns the exit code */
  run(options: Options): Promise<number>;
}

export const exitCodes = { done: 0, failure: 1, badInput: 2, interrupted: 130 } as const;

/** The options of every command that computes. */
export const deviceOptions = {
  device: {
    type: 'string',
    requiresArg: true,
    describe: "where tensors live: auto, cuda, tensorflow, native, wasm, cpu; default the config's",
  },
  threads: {
    type: 'number',
    requiresArg: true,
    describe:
      'threads of native and tensorflow, default as many as cores; wasm and cpu compute in one',
  },
} as const;

/** An option that lists several values or is given several times, without taking the positionals. */
export const overrideOption = {
  type: 'string',
  array: true,
  nargs: 1,
  default: [] as string[],
  describe: 'key.path=value: overrides a key of the config; may be given several times',
} as const;
