import { join } from 'node:path';

import { parseStages } from '../../configs/stages';
import { parseSweep } from '../../configs/sweep';
import { InputError } from '../../engine/input-error';
import { checkCount, checkDevice } from '../check-options';
import { type Command, deviceOptions, exitCodes, overrideOption } from '../command';
import { type ListKind, listKindOf, stagesKind } from '../list-folder';
import { parseSeeds } from '../parse-seeds';
import { trainWatched } from '../open-watcher';
import { createProgress, type Progress } from '../progress';
import { readConfig, readConfigText } from '../read-config';
import { openResumed } from '../resume';
import { createRunFolder } from '../run-folder';
import { train, type TrainingRequest } from '../train';
import type { ListParts } from '../train-list';
import { readStages, trainStages } from '../train-stages';
import { readSweep, trainSweep } from '../train-sweep';

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
          describe:
            'a run to go on with from its last checkpoint, or the folder of a sweep or of stages',
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
  const parts: ListParts = { progress, trainOne };
  if (resume !== undefined) {
    const kind = listKindOf(resume);
    return kind === null
      ? trainOne(await openResumed(resume, file, overridesOf(options)))
      : resumeList(kind, resume, options, parts);
  }
  if (file === undefined) {
    throw new InputError('train: give a config, such as configs/quickstart.yaml, or --resume RUN');
  }
  const list = seeds === undefined ? undefined : parseSeeds(seeds);
  const text = readConfigText(file);
  const stages = parseStages(text, file, overridesOf(options));
  const sweep = stages ? null : parseSweep(text, file, overridesOf(options), list);
  if (sweep !== null) {
    return trainSweep(sweep, () => createRunFolder(out, `${sweep.name}-sweep`), parts);
  }
  if (list === undefined)
    return trainConfig(file, options, (name) => createRunFolder(out, name), parts);
  const folders: string[] = [];
  for (const seed of list) {
    const createFolder = (name: string): string => {
      const folder = createRunFolder(out, `${name}-seed${seed}`);
      folders.push(folder);
      return folder;
    };
    const code = await trainConfig(file, { ...options, seed }, createFolder, parts);
    if (code !== exitCodes.done) return code;
  }
  const inside = stages === null ? [''] : stages.runs.map(({ name }) => name);
  for (const name of inside) {
    const runs = folders.map((folder) => join(folder, name)).join(' ');
    progress.say(`\nseeds side by side: makertaker compare ${runs}`);
  }
  return exitCodes.done;
}

/** @param createFolder given the config's name */
function trainConfig(
  file: string,
  options: Options,
  createFolder: (name: string) => string,
  parts: ListParts,
): Promise<number> {
  const overrides = overridesOf(options);
  const stages = parseStages(readConfigText(file), file, overrides);
  if (stages !== null) return trainStages(stages, () => createFolder(stages.name), parts);
  const config = readConfig(file, overrides);
  return parts.trainOne({
    config,
    createFolder: () => createFolder(config.name),
    checkpoint: null,
  });
}

/** The list of a folder, as its own file or a config that is given again describes it. */
function resumeList(
  kind: ListKind,
  folder: string,
  options: Options,
  parts: ListParts,
): Promise<number> {
  const { config: file } = options;
  const overrides = overridesOf(options);
  const given = <List>(
    parse: (text: string, file: string, overrides: readonly string[]) => List | null,
    read: (folder: string, overrides: readonly string[]) => List,
  ): List => {
    if (file === undefined) return read(folder, overrides);
    const list = parse(readConfigText(file), file, overrides);
    if (list !== null) return list;
    throw new InputError(
      `--resume ${folder}: ${kind.whole}, and ${file} has none; give the ${kind.possessive} config, or none`,
    );
  };
  return kind === stagesKind
    ? trainStages(given(parseStages, readStages), () => folder, parts)
    : trainSweep(given(parseSweep, readSweep), () => folder, parts);
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
