import { InputError } from '../../engine/input-error';
import { checkCount, checkDevice } from '../check-options';
import { type Command, deviceOptions, exitCodes, overrideOption } from '../command';
import { parseSeeds } from '../parse-seeds';
import { createProgress } from '../progress';
import { readConfig } from '../read-config';
import { openResumed } from '../resume';
import { createRunFolder } from '../run-folder';
import { train } from '../train';

interface Options {
  readonly config: string | undefined;
  readonly seed: number | undefined;
  readonly seeds: string | undefined;
  readonly out: string;
  readonly set: readonly string[];
  readonly resume: string | undefined;
  readonly device: string | undefined;
  readonly threads: number | undefined;
}

export const command: Command<Options> = {
  declare: (yargs) =>
    yargs
      .positional('config', { type: 'string', describe: 'a config; not needed with --resume' })
      .options({
        seed: { type: 'number', requiresArg: true, describe: "default the config's" },
        seeds: {
          type: 'string',
          requiresArg: true,
          conflicts: 'seed',
          describe: 'several runs, one a seed: 0..9 or 1,5,7',
        },
        out: {
          type: 'string',
          requiresArg: true,
          default: 'runs',
          describe: 'the folder in which the run gets its own, named after the config',
        },
        set: overrideOption,
        resume: {
          type: 'string',
          requiresArg: true,
          conflicts: 'seeds',
          describe: 'a run to go on with from its last checkpoint',
        },
        ...deviceOptions,
      })
      .example('$0 train configs/quickstart.yaml', 'writes runs/quickstart')
      .example('$0 train configs/pendulum.yaml --seeds 0..9', 'runs/pendulum-seed0 to -seed9')
      .example('$0 train configs/quickstart.yaml --set training.iterations=60', 'train for longer')
      .example('$0 train --resume runs/quickstart', 'go on after an interruption'),

  async run(options) {
    const { config: file, out, resume, seeds } = options;
    const progress = createProgress();
    checkOverrides(options);
    if (resume !== undefined) {
      return train(await openResumed(resume, file, overridesOf(options)), progress);
    }
    if (file === undefined) {
      throw new InputError(
        'train: give a config, such as configs/quickstart.yaml, or --resume RUN',
      );
    }
    if (seeds === undefined) {
      const config = readConfig(file, overridesOf(options));
      const createFolder = () => createRunFolder(out, config.name);
      return train({ config, createFolder, checkpoint: null }, progress);
    }
    for (const seed of parseSeeds(seeds)) {
      const config = readConfig(file, overridesOf({ ...options, seed }));
      const createFolder = () => createRunFolder(out, `${config.name}-seed${seed}`);
      const code = await train({ config, createFolder, checkpoint: null }, progress);
      if (code !== exitCodes.done) return code;
    }
    return exitCodes.done;
  },
};

function checkOverrides({ seed, device, threads }: Options): void {
  if (seed !== undefined) checkCount('--seed', seed, 0);
  if (device !== undefined) checkDevice(device);
  if (threads !== undefined) checkCount('--threads', threads, 1);
}

/** Options that are keys of the config: they become part of the run's config. */
const overridesOf = ({ set, seed, device, threads }: Options): string[] => [
  ...set,
  ...(seed === undefined ? [] : [`seed=${seed}`]),
  ...(device === undefined ? [] : [`device=${device}`]),
  ...(threads === undefined ? [] : [`threads=${threads}`]),
];
