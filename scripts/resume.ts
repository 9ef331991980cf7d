import { existsSync } from 'node:fs';

import { join } from 'node:path';

import type { Config } from '../configs/schema';
import { InputError } from '../engine/input-error';
import { loadCheckpoint } from '../outputs/checkpoint';
import { differingKeys, valueAt } from './differing-keys';
import { configOf } from './load-trained';
import { openEnvironment } from './open-environment';
import { readConfig } from './read-config';
import type { TrainingRequest } from './train';

/** What may differ from the config that a run was started with: it does not touch the training so far. */
export const freeKeys: ReadonlySet<string> = new Set([
  'description',
  'device',
  'threads',
  'training.iterations',
  'evaluation.baselines',
  'evaluation.testEpisodes',
]);

/**
 * A run that goes on from its last checkpoint.
 * @param folder of the run
 * @param file a config that must say the same as the run's; undefined: the run's own
 * @throws InputError if it is no run, or the config differs where it must not
 */
export async function openResumed(
  folder: string,
  file: string | undefined,
  overrides: readonly string[],
): Promise<TrainingRequest> {
  if (existsSync(join(folder, 'checkpoint.json'))) {
    throw new InputError(`--resume ${folder}: this is a checkpoint; give its run, runs/NAME`);
  }
  const checkpoint = loadCheckpoint(folder, { which: 'last' });
  const before = configOf(checkpoint);
  const asked = file === undefined ? configOf(checkpoint, overrides) : readConfig(file, overrides);
  const { choice } = await openEnvironment(asked.env);
  const config: Config = { ...asked, env: choice };
  const difference = differingKeys(before, config).find((key) => !freeKeys.has(key));
  if (difference !== undefined) {
    throw new InputError(
      `--resume ${folder}: ${difference} is ${show(config, difference)} now and was ${show(before, difference)}; a run goes on with its own config (free to change: ${[...freeKeys].join(', ')})`,
    );
  }
  return { config, createFolder: () => folder, checkpoint };
}

function show(config: Config, path: string): string {
  const value = valueAt(config, path);
  return value === undefined ? 'absent' : JSON.stringify(value);
}
