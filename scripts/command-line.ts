import { closest } from 'fastest-levenshtein';
import yargs, { type Argv } from 'yargs';

import { InputError } from '../engine/input-error';
import { type Command, exitCodes } from './command';
import { programVersion } from './program-version';

const commands = [
  ['train', '[config]', 'Train the policy of a config file'],
  ['watch', '<run>', 'Show a run, going on or over, on a page of this machine'],
  ['evaluate', '[checkpoint]', 'Compare policies on the same noise'],
  ['compare', '<runs..>', 'Compare runs and their seeds'],
  ['export', '<checkpoint>', 'Write a trained policy as ONNX, TensorFlow.js or JavaScript'],
  ['envs', '[id]', 'List the environments, or describe one'],
  ['solve', '[solver] [problem]', 'Solve a problem by a classical method'],
  ['calibrate', '<files..>', 'Estimate the parameters of the models from market data'],
  ['devices', '', 'List the devices, and why those that are missing are'],
  ['bench', '', 'Measure the devices'],
] as const;

type CommandName = (typeof commands)[number][0];

/** A command's file is loaded, and TensorFlow.js with it, when the command is called. */
const loadCommand = (name: CommandName): Command<unknown> =>
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- only require loads lazily
  (require(`./commands/${name}`) as { readonly command: Command<unknown> }).command;

/**
 * Runs one command line; an error becomes one line on standard error, its stack with `--debug`.
 * @param words what follows the program's name
 * @returns the exit code: 0 done, 1 failure, 2 bad input, 130 interrupted
 */
export async function runCommandLine(words: readonly string[]): Promise<number> {
  try {
    return await parseAndRun(words);
  } catch (error) {
    const debug = words.includes('--debug') || Boolean(process.env['MAKERTAKER_DEBUG']);
    const known = error instanceof Error ? error : new Error(String(error));
    const line = known.message.replace(/\s*\n\s*/g, ' ');
    process.stderr.write(`makertaker: ${debug ? (known.stack ?? line) : line}\n`);
    // By name: a user's module may throw the InputError of another copy of the library.
    return known.name === 'InputError' ? exitCodes.badInput : exitCodes.failure;
  }
}

async function parseAndRun(words: readonly string[]): Promise<number> {
  let code: number = exitCodes.done;
  const parser = yargs([...words])
    .scriptName('makertaker')
    .usage('$0 COMMAND …\n\nReinforcement learning for trading: train, evaluate, export.')
    .example('$0 train configs/quickstart.yaml', 'a market maker in a minute or two')
    .example('$0 evaluate runs/quickstart', "compare it with the config's baselines")
    .example('$0 export runs/quickstart --format onnx --out policy', 'for other programs')
    .option('debug', {
      type: 'boolean',
      default: Boolean(process.env['MAKERTAKER_DEBUG']),
      defaultDescription: 'MAKERTAKER_DEBUG',
      describe: 'print the stack of an error',
    })
    .version(programVersion())
    .parserConfiguration({ 'dot-notation': false, 'camel-case-expansion': false })
    .demandCommand(1, 'no command given')
    .strict()
    .exitProcess(false)
    .wrap(100);
  for (const [name, operands, describe] of commands) {
    parser.command(
      `${name} ${operands}`.trim(),
      describe,
      (own: Argv) => loadCommand(name).declare(own) as Argv,
      async (options) => {
        checkValues(options, parser, words);
        code = await loadCommand(name).run(options);
      },
    );
  }
  parser.fail((message: string | null, error: Error | undefined) => {
    // yargs throws its own errors for options that lack their value.
    if (error && error.name !== 'YError') throw error;
    throw new InputError(explain(message ?? error?.message ?? '', parser, words));
  });
  await parser.parseAsync();
  return code;
}

/** Completes yargs' message by the nearest word that it knows. */
function explain(message: string, parser: Argv, words: readonly string[]): string {
  const names = commands.map(([name]) => name);
  const lacking = /^Not enough arguments following: (.+)$/.exec(message)?.[1];
  if (lacking !== undefined) return `--${lacking}: expected a value`;
  const see = `see ${['makertaker', ...names.filter((name) => name === words[0])].join(' ')} --help`;
  const missing = /^Missing required arguments?: (.+)$/.exec(message)?.[1];
  if (missing !== undefined) return `give --${missing.replaceAll(', ', ' and --')}; ${see}`;
  if (message.startsWith('Not enough non-option arguments'))
    return `an argument is missing; ${see}`;
  const unknown = /^Unknown (?:argument|command)s?: ([^,]+)/.exec(message)?.[1];
  if (unknown === undefined) return `${message}; ${see}`;
  if (!names.some((name) => words.includes(name))) {
    return `unknown command '${unknown}'; did you mean '${closest(unknown, names)}'? Valid: ${names.join(', ')}`;
  }
  if (!words.some((word) => word === `--${unknown}` || word.startsWith(`--${unknown}=`))) {
    return `unexpected '${unknown}'; see makertaker --help`;
  }
  const options = Object.keys(declaredOptions(parser).key).map((name) => `--${name}`);
  return `unknown option '--${unknown}'; did you mean '${closest(`--${unknown}`, options)}'? Valid: ${options.join(', ')}`;
}

/** What yargs lets pass: an option with one value that stands twice, and numbers that are none. */
function checkValues(
  options: Readonly<Record<string, unknown>>,
  parser: Argv,
  words: readonly string[],
): void {
  const { array } = declaredOptions(parser);
  for (const [name, value] of Object.entries(options)) {
    // Counted in the words: of two equal numbers yargs may make their sum.
    const count = words.filter((word) => word === `--${name}` || word.startsWith(`--${name}=`));
    if (count.length > 1 && !array.includes(name)) {
      throw new InputError(`--${name}: given ${count.length} times; it takes one value`);
    }
    if (Number.isNaN(value)) throw new InputError(`--${name}: expected a number`);
  }
}

/** The options declared so far, those of the command included. */
const declaredOptions = (parser: Argv) =>
  (
    parser as unknown as {
      getOptions(): {
        readonly key: Readonly<Record<string, unknown>>;
        readonly array: readonly string[];
      };
    }
  ).getOptions();
