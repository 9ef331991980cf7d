import { existsSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

import { stringify } from 'yaml';

import { distributionsOf, pairedDistributionsOf } from '../algorithms/evaluation/distributions';
import type { Evaluation } from '../algorithms/evaluation/evaluate';
import type { PlayedPolicy } from '../algorithms/evaluation/compare';
import { recordPaths } from '../algorithms/evaluation/environment-paths';
import type { EvaluatedPolicy } from '../algorithms/evaluation/simulate';
import type { Config } from '../configs/schema';
import { InputError } from '../engine/input-error';
import { isJsonObject } from '../outputs/json';
import { readMetrics } from '../outputs/metrics-log';
import { type LearningCurves, learningCurves } from '../outputs/report/learning-curves';
import { drawReportPage } from '../outputs/report/page';
import { type Report, reportKind } from '../outputs/report/report';
import type { OpenedEnvironment } from './open-environment';
import { programVersion } from './program-version';
import { writeOutput } from './write-output';

/** Episodes of which paths are recorded, and those shown one by one. */
const recordedEpisodes = 256;
const shownEpisodes = 5;

export interface ReportRequest {
  /** Of the page; the figures' data go beside it. */
  readonly file: string;
  /** What was evaluated, in words. */
  readonly subject: string;
  readonly config: Config;
  readonly opened: OpenedEnvironment;
  readonly device: string;
  readonly evaluation: Evaluation;
  /** The episodes of the evaluation, one entry a policy. */
  readonly played: readonly PlayedPolicy[];
  /** In the same order. */
  readonly policies: readonly EvaluatedPolicy[];
  readonly learning: LearningCurves | null;
  /** Called before each policy's episodes are played once more. */
  readonly onPolicy?: (name: string) => void;
}

/** Plays what the figures show, and writes the page and its data. @returns the two files */
export function writeReport(request: ReportRequest): readonly [page: string, data: string] {
  const { file, config, opened, evaluation, played, policies, onPolicy } = request;
  const { kind, environment, parameters } = opened;
  const { episodes, seed, stream } = evaluation;
  const paths = recordPaths({
    kind,
    parameters,
    environment,
    policies,
    played,
    episodes: Math.min(recordedEpisodes, episodes),
    shown: Math.min(shownEpisodes, episodes),
    seed,
    phase: stream,
    ...(onPolicy ? { onPolicy } : {}),
  });
  const [first, ...others] = played;
  const report: Report = {
    kind: reportKind,
    version: programVersion(),
    subject: request.subject,
    environment: { id: environment.id, title: kind.title },
    device: request.device,
    name: config.name,
    description: config.description,
    evaluation,
    metrics: environment.metrics,
    learning: request.learning,
    distributions: distributionsOf(played, environment.metrics),
    differences: pairedDistributionsOf(first!, others, environment.metrics),
    paths,
    config: stringify(config),
  };
  const page = drawReportPage(report, chartLibrary());
  const data = dataFile(file);
  writeOutput('--report', data, `${JSON.stringify(report, null, 1)}\n`);
  writeOutput('--report', file, page);
  return [file, data];
}

/**
 * Before anything is computed.
 * @throws InputError for a file that cannot become a report, or whose data would replace something else
 */
export function checkReportFile(file: string): void {
  if (!/[^/\\]\.html?$/.test(file)) {
    throw new InputError(`--report ${file}: expected a page, such as report.html`);
  }
  for (const path of [file, dataFile(file)]) {
    if (existsSync(path) && statSync(path).isDirectory()) {
      throw new InputError(`--report ${file}: ${path} is a folder; give another place`);
    }
  }
  const data = dataFile(file);
  if (existsSync(data) && !isReport(readFileSync(data, 'utf8'))) {
    throw new InputError(
      `--report ${file}: its data would replace ${data}, which is no report; give another name`,
    );
  }
}

const dataFile = (file: string): string => file.replace(/\.html?$/, '.json');

function isReport(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) && value['kind'] === reportKind;
  } catch {
    return false;
  }
}

/** The log of the run that a checkpoint belongs to. @returns null where there is none */
export function readLearning(checkpointFolder: string, iteration: number): LearningCurves | null {
  const parent = dirname(checkpointFolder);
  if (basename(parent) !== 'checkpoints') return null;
  return learningCurves(readMetrics(join(dirname(parent), 'metrics.jsonl')), iteration);
}

const chartLibrary = (): string =>
  readFileSync(join(dirname(require.resolve('echarts')), 'echarts.min.js'), 'utf8');
