import { existsSync, readFileSync, statSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';

import { parse } from 'yaml';

import type { Evaluation } from '../algorithms/evaluation/evaluate';
import { InputError } from '../engine/input-error';
import { isJsonObject } from '../outputs/json';
import { followMetrics } from '../outputs/watch/follow-metrics';
import type { RunState, WatchedRun } from '../outputs/watch/watch-data';
import { refuseList } from './list-folder';
import { findTrainer } from './run-lock';

/** A run's folder, read anew as far as it changed. */
export interface WatchedFolder {
  readonly folder: string;
  look(): WatchedRun;
  /** YAML; null where it is not there yet. */
  config(): string | null;
}

/** @throws InputError unless it is a run, over or going on */
export function checkRun(folder: string): void {
  if (existsSync(join(folder, 'checkpoint.json'))) {
    throw new InputError(`watch ${folder}: this is a checkpoint; give its run, runs/NAME`);
  }
  if (['config.yaml', 'metrics.jsonl'].some((name) => existsSync(join(folder, name)))) return;
  refuseList(folder);
  throw new InputError(
    existsSync(folder)
      ? `watch ${folder}: not a run: it has neither config.yaml nor metrics.jsonl; give a folder that train made, such as runs/quickstart`
      : `watch ${folder}: no such folder; give a run, such as runs/quickstart`,
  );
}

export function watchFolder(folder: string): WatchedFolder {
  const metrics = followMetrics(join(folder, 'metrics.jsonl'));
  const readConfig = readWhenChanged(join(folder, 'config.yaml'), (text) => ({
    text,
    facts: factsOf(text),
  }));
  const readEvaluation = readWhenChanged(join(folder, 'evaluation.json'), parseEvaluation);
  return {
    folder,
    look() {
      const facts = readConfig()?.facts ?? unknownFacts;
      // Before the log, or a run that ends in between would look stopped.
      const trainer = findTrainer(folder);
      const followed = metrics.read();
      const evaluation = readEvaluation();
      const iteration = followed.newest?.iteration ?? 0;
      return {
        name: basename(resolve(folder)),
        folder,
        iterations: facts.iterations,
        trustRegion: facts.trustRegion,
        levels: facts.levels,
        metrics: followed,
        evaluation,
        state: stateOf(folder, { trainer, iteration, iterations: facts.iterations, evaluation }),
      };
    },
    config: () => readConfig()?.text ?? null,
  };
}

function stateOf(
  folder: string,
  found: {
    readonly trainer: string | null;
    readonly iteration: number;
    readonly iterations: number | null;
    readonly evaluation: Evaluation | null;
  },
): RunState {
  const { trainer, iteration, iterations, evaluation } = found;
  if (trainer !== null) {
    const what = iteration > 0 ? 'training' : 'training: the first iteration is under way';
    return { kind: 'training', text: `${what} (process ${trainer})` };
  }
  // A curriculum may have ended it early; what is trained on has no evaluation.
  if (evaluation !== null || (iterations !== null && iteration >= iterations)) {
    return {
      kind: 'finished',
      text: evaluation ? 'finished' : 'trained; the comparison on test streams is not there yet',
    };
  }
  if (iteration === 0 && iterations === null) {
    return { kind: 'waiting', text: 'the run is beginning' };
  }
  return {
    kind: 'stopped',
    text: `stopped after iteration ${iteration}; go on with: makertaker train --resume ${folder}`,
  };
}

/** Facts of the config that the page needs: read by hand, as the schema would load all environments. */
interface ConfigFacts {
  readonly iterations: number | null;
  readonly trustRegion: WatchedRun['trustRegion'];
  readonly levels: readonly string[];
}

const unknownFacts: ConfigFacts = { iterations: null, trustRegion: null, levels: [] };

function factsOf(text: string): ConfigFacts {
  const config: unknown = parse(text);
  const numberAt = (part: string, key: string): number | null => {
    const inner = isJsonObject(config) ? config[part] : undefined;
    const value = isJsonObject(inner) ? inner[key] : undefined;
    return typeof value === 'number' ? value : null;
  };
  const first = numberAt('trpo', 'trustRegion');
  return {
    iterations: numberAt('training', 'iterations'),
    levels: levelsOf(config),
    trustRegion: first === null ? null : [first, numberAt('trpo', 'finalTrustRegion') ?? first],
  };
}

/** The last level is the environment itself. */
function levelsOf(config: unknown): string[] {
  const curriculum = isJsonObject(config) ? config['curriculum'] : null;
  const levels = isJsonObject(curriculum) ? curriculum['levels'] : null;
  if (!Array.isArray(levels) || levels.length === 0) return [];
  const names = levels.map((level: unknown, index) =>
    isJsonObject(level) && typeof level['name'] === 'string' ? level['name'] : `${index + 1}`,
  );
  return [...names, 'target'];
}

function parseEvaluation(text: string): Evaluation {
  const value: unknown = JSON.parse(text);
  if (
    isJsonObject(value) &&
    Array.isArray(value['policies']) &&
    Array.isArray(value['comparisons'])
  )
    return value as unknown as Evaluation;
  throw new Error('no evaluation');
}

/** The meaning of a file, null where there is none or it has none (yet); read again when it changes. */
function readWhenChanged<T>(path: string, interpret: (text: string) => T): () => T | null {
  let known: { readonly stamp: string; readonly value: T | null } | null = null;
  return () => {
    const found = statSync(path, { throwIfNoEntry: false });
    if (!found) return null;
    const stamp = `${found.ino} ${found.mtimeMs} ${found.size}`;
    if (known?.stamp === stamp) return known.value;
    try {
      known = { stamp, value: interpret(readFileSync(path, 'utf8')) };
    } catch {
      // Perhaps half written: its next stamp is another one.
      known = { stamp, value: null };
    }
    return known.value;
  };
}
