import type { MetricField } from '../../envs/environment';
import { rounded } from './bands';
import type { PlayedPolicy } from './compare';
import { estimateMean, quantile } from './statistics';

/** Counts in common bins. */
export interface BinnedValues {
  readonly label: string;
  /** In each bin; the first and the last hold what lies beyond them as well. */
  readonly counts: readonly number[];
  readonly mean: number;
}

/** How a figure of an episode is distributed, for several policies on the same episodes. */
export interface Distribution {
  readonly metric: string;
  readonly unit: string;
  /** Ends of the bins, ascending, one more than there are bins. */
  readonly edges: readonly number[];
  readonly policies: readonly BinnedValues[];
}

/** Differences of a figure, policy less baseline, episode by episode. */
export interface PairedDistribution extends Distribution {
  readonly policy: string;
}

const mostBins = 60;
/** What lies beyond these shares of all values goes into the outer bins. */
const tail = 0.001;

/** Of each metric that differs between episodes or policies. @param fields of the environment's metrics */
export const distributionsOf = (
  played: readonly PlayedPolicy[],
  fields: Readonly<Record<string, MetricField>>,
): Distribution[] =>
  namesOf(played).flatMap((metric) => {
    const samples = played.map(({ name, metrics }) => ({ label: name, values: metrics[metric]! }));
    return binned(metric, fields, samples);
  });

/** Of each metric: one policy less each of the baselines. */
export const pairedDistributionsOf = (
  policy: PlayedPolicy,
  baselines: readonly PlayedPolicy[],
  fields: Readonly<Record<string, MetricField>>,
): PairedDistribution[] =>
  baselines.length === 0
    ? []
    : namesOf([policy, ...baselines]).flatMap((metric) => {
        const own = policy.metrics[metric]!;
        const samples = baselines.map(({ name, metrics }) => ({
          label: `${policy.name} − ${name}`,
          values: own.map((value, episode) => value - metrics[metric]![episode]!),
        }));
        return binned(metric, fields, samples).map((one) => ({ ...one, policy: policy.name }));
      });

const namesOf = ([first]: readonly PlayedPolicy[]): string[] =>
  Object.keys(first?.metrics ?? {}).filter((metric) => metric !== 'returnNoise');

interface Sample {
  readonly label: string;
  readonly values: Float64Array;
}

function binned(
  metric: string,
  fields: Readonly<Record<string, MetricField>>,
  samples: readonly Sample[],
): Distribution[] {
  const edges = edgesFor(samples.map(({ values }) => values));
  if (edges === null) return [];
  return [
    {
      metric,
      unit: unitOf(metric, fields),
      edges: edges.map(rounded),
      policies: samples.map(({ label, values }) => ({
        label,
        counts: countInto(values, edges),
        mean: rounded(estimateMean(values).mean),
      })),
    },
  ];
}

export const unitOf = (metric: string, fields: Readonly<Record<string, MetricField>>): string =>
  fields[metric]?.unit ?? (metric === 'length' ? 'steps' : 'units of the reward');

/** Common ends of bins, each around as many whole numbers where there are no others; null where all values are one. */
function edgesFor(samples: readonly Float64Array[]): number[] | null {
  const sorted = new Float64Array(samples.reduce((sum, { length }) => sum + length, 0));
  samples.forEach((values, index) => sorted.set(values, index * values.length));
  sorted.sort();
  const [least, most] = [sorted[0]!, sorted.at(-1)!];
  if (!Number.isFinite(least) || !Number.isFinite(most)) return null;
  if (most - least <= 1e-9 * Math.max(Math.abs(least), Math.abs(most))) return null;
  if (sorted.every(Number.isInteger)) {
    const first = most - least < mostBins ? least : Math.floor(quantile(sorted, tail));
    const last = most - least < mostBins ? most : Math.ceil(quantile(sorted, 1 - tail));
    const width = Math.ceil((last - first + 1) / mostBins);
    const bins = Math.ceil((last - first + 1) / width);
    return Array.from({ length: bins + 1 }, (_, index) => first - 0.5 + index * width);
  }
  const [from, to] = [quantile(sorted, tail), quantile(sorted, 1 - tail)];
  const [low, high] = to > from ? [from, to] : [least, most];
  return Array.from(
    { length: mostBins + 1 },
    (_, index) => low + ((high - low) * index) / mostBins,
  );
}

function countInto(values: Float64Array, edges: readonly number[]): number[] {
  const bins = edges.length - 1;
  const low = edges[0]!;
  const width = (edges.at(-1)! - low) / bins;
  const counts = new Array<number>(bins).fill(0);
  for (const value of values) {
    const bin = Math.min(Math.max(Math.floor((value - low) / width), 0), bins - 1);
    counts[bin]! += 1;
  }
  return counts;
}
