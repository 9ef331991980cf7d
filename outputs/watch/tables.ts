import type { Evaluation } from '../../algorithms/evaluation/evaluate';
import type { MetricsLine } from '../metrics-log';
import type { KnownPolicy } from './figures';

export type Cell = string | number | null;

/** Numbers are shown with five digits. */
export interface WatchTable {
  readonly title: string;
  readonly note?: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
}

const prefix = 'validation/';
/** Of the trained policy alone; figures of their own show them. */
const distances = ['score', 'gap', 'exploitability'];

/** The newest validation beside the classical policies on the same streams, a row each metric; null before the first. */
export function validationTable(
  line: MetricsLine | null,
  classical: readonly KnownPolicy[],
): WatchTable | null {
  if (line === null) return null;
  const metrics = Object.keys(line)
    .filter((key) => key.startsWith(prefix) && typeof line[key] === 'number')
    .map((key) => key.slice(prefix.length))
    .filter((metric) => !distances.includes(metric));
  return {
    title: `Validation after iteration ${line.iteration}`,
    note:
      classical.length > 0
        ? 'means over the same episodes, the trained policy by its mean or likeliest actions'
        : 'means, by the mean or likeliest actions',
    columns: ['metric', 'trained', ...classical.map(({ policy }) => policy)],
    rows: metrics.map((metric) => [
      metric,
      line[`${prefix}${metric}`] as number,
      ...classical.map((known) => known.metrics[metric] ?? null),
    ]),
  };
}

/** The comparison at the run's end, a row each policy. */
export function testTable({ policies, comparisons, episodes }: Evaluation): WatchTable {
  return {
    title: 'Mean return on test streams',
    note: `evaluation.json: the best checkpoint, ${episodes.toLocaleString('en')} episodes, intervals of 95 %`,
    columns: ['policy', 'return', 'interval', 'trained minus it', 'interval'],
    rows: policies.map(({ name, metrics }) => {
      const { mean, ci95 } = metrics['return']!;
      const difference = comparisons.find(
        ({ baseline, metric }) => baseline === name && metric === 'return',
      );
      return [
        name,
        mean,
        interval(ci95),
        difference?.meanDifference ?? null,
        difference ? interval(difference.ci95) : null,
      ];
    }),
  };
}

const interval = ([low, high]: readonly [number, number]): string =>
  `${short(low)} to ${short(high)}`;

const short = (value: number): string => String(Number(value.toPrecision(4))).replace('-', '−');
