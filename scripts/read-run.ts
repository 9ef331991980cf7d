import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';

import type { Evaluation } from '../algorithms/evaluation/evaluate';
import type { Config } from '../configs/schema';
import { InputError } from '../engine/input-error';
import { isJsonObject } from '../outputs/json';
import { type MetricsLine, readMetrics } from '../outputs/metrics-log';
import { readConfig } from './read-config';

/** What a run left behind, without its checkpoints. */
export interface RunRecord {
  readonly path: string;
  /** The folder's name. */
  readonly name: string;
  readonly config: Config;
  readonly lines: readonly MetricsLine[];
  /** The comparison after training; null before its end. */
  readonly evaluation: Evaluation | null;
}

/** @throws InputError if the folder is no run, or a file of it says something wrong */
export function readRun(path: string): RunRecord {
  if (!existsSync(join(path, 'config.yaml'))) {
    throw new InputError(`${path}: ${whyNoRun(path)}; give runs, such as runs/quickstart`);
  }
  return {
    path,
    name: basename(resolve(path)),
    config: readConfig(join(path, 'config.yaml')),
    lines: readMetrics(join(path, 'metrics.jsonl')),
    evaluation: readEvaluation(join(path, 'evaluation.json')),
  };
}

/** A run stands for itself; a folder of runs, such as a sweep's, for those in it. */
export function listRuns(path: string): string[] {
  if (existsSync(join(path, 'config.yaml')) || !isFolder(path)) return [path];
  const inside = readdirSync(path)
    .map((name) => join(path, name))
    .filter((child) => existsSync(join(child, 'config.yaml')))
    .sort(new Intl.Collator('en', { numeric: true }).compare);
  return inside.length > 0 ? inside : [path];
}

const isFolder = (path: string): boolean =>
  statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;

function whyNoRun(path: string): string {
  if (!existsSync(path)) return 'no such folder';
  if (!isFolder(path)) return 'a file';
  if (existsSync(join(path, 'checkpoint.json'))) return 'a checkpoint, which has no curves';
  return 'no run: it holds no config.yaml';
}

function readEvaluation(file: string): Evaluation | null {
  if (!existsSync(file)) return null;
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    value = null;
  }
  if (isJsonObject(value) && Array.isArray(value['policies'])) {
    return value as unknown as Evaluation;
  }
  throw new InputError(
    `${file}: not what a training leaves behind; makertaker train --resume with its run writes it anew`,
  );
}
