import { parseSweep, type Sweep } from '../../configs/sweep';
import { InputError } from '../../engine/input-error';
import { checkCount, checkDevice } from '../check-options';
import { type Command, deviceOptions, exitCodes, overrideOption } from '../command';
import { parseSeeds } from '../parse-seeds';
import { trainWatched } from '../open-watcher';
import { createProgress, type Progress } from '../progress';
import { readConfig, readConfigText } from '../read-config';
import { openResumed } from '../resume';
import { createRunFolder } from '../run-folder';
import { train, type TrainingRequest } from '../train';
import { isSweepFolder, readSweep, trainSweep } from '../train-sweep';

interface Options {
  readonly config: string | undefined;
  readonly seed: number | undefined;
  readonly seeds: string | undefined;
  readonly out: string;
  readonly set: readonly string[];
  readonly resume: string | undefined;
  readonly watch: string | undefined;
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
          describe: 'a run to go on with from its last checkpoint, or the folder of a sweep',
        },
        watch: {
          type: 'string',
          describe:
            'serve a page that follows the run, to this machine only; at this port, or without one at a free one',
        },
        ...deviceOptions,
      })
      .example('$0 train configs/quickstart.yaml', 'writes runs/quickstart')
      .example('$0 train configs/pendulum.yaml --seeds 0..9', 'runs/pendulum-seed0 to -seed9')
      .example('$0 train configs/quickstart.yaml --set training.iterations=60', 'train for longer')
      .example('$0 train --resume runs/quickstart', 'go on after an interruption')
      .example('$0 train configs/quickstart.yaml --watch', 'with a page of its curves')
      .example(
        "$0 train configs/quickstart.yaml --seeds 0..4 --set 'sweep.trpo.trustRegion=[0.01, 0.05]'",
        'a sweep: ten runs in runs/quickstart-sweep, compared at the end',
      ),

  async run(options) {
    const progress = createProgress();
    checkOverrides(options);
    return trainWatched(options.watch, progress, (watched) =>
      trainAsked(options, progress, watched),
    );
  },
};

/** @param watched shows a request's run on the page, if there is one */
async function trainAsked(
  options: Options,
  progress: Progress,
  watched: (request: TrainingRequest) => TrainingRequest,
): Promise<number> {
  const { config: file, out, resume, seeds } = options;
  const trainOne = (request: TrainingRequest) => train(watched(request), progress);
  if (resume !== undefined) {
    if (isSweepFolder(resume)) {
      return trainSweep(resumeSweep(resume, options), () => resume, { progress, trainOne });
    }
    return trainOne(await openResumed(resume, file, overridesOf(options)));
  }
  if (file === undefined) {
    throw new InputError('train: give a config, such as configs/quickstart.yaml, or --resume RUN');
  }
  const list = seeds === undefined ? undefined : parseSeeds(seeds);
  const sweep = parseSweep(readConfigText(file), file, overridesOf(options), list);
  if (sweep !== null) {
    const createFolder = () => createRunFolder(out, `${sweep.name}-sweep`);
    return trainSweep(sweep, createFolder, { progress, trainOne });
  }
  if (list === undefined) {
    const config = readConfig(file, overridesOf(options));
    const createFolder = () => createRunFolder(out, config.name);
    return trainOne({ config, createFolder, checkpoint: null });
  }
  const folders: string[] = [];
  for (const seed of list) {
    const config = readConfig(file, overridesOf({ ...options, seed }));
    const createFolder = () => {
      const folder = createRunFolder(out, `${config.name}-seed${seed}`);
      folders.push(folder);
      return folder;
    };
    const code = await trainOne({ config, createFolder, checkpoint: null });
    if (code !== exitCodes.done) return code;
  }
  progress.say(`\nseeds side by side: makertaker compare ${folders.join(' ')}`);
  return exitCodes.done;
}

/** The sweep of a folder, as its own file or a config that is given again describes it. */
function resumeSweep(folder: string, options: Options): Sweep {
  const { config: file } = options;
  if (file === undefined) return readSweep(folder, overridesOf(options));
  const sweep = parseSweep(readConfigText(file), file, overridesOf(options));
  if (sweep !== null) return sweep;
  throw new InputError(
    `--resume ${folder}: a sweep, and ${file} has none; give the sweep's config, or none`,
  );
}

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
