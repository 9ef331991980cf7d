import { fisherProducts } from './fisher-products';
import { fixedActionSteps } from './fixed-action-steps';
import { machineLoad, roundTo } from './machine';
import { orderBookEvents } from './order-book';
import { policySteps } from './policy-steps';
import { type Effort, timeRuns, type Work } from './timing';
import { tradingDays } from './trading-days';
import { trainingSamples } from './training-samples';
import { trpoUpdates } from './trpo-updates';

/** How much is measured. */
export interface Scale {
  /** Batches of environments, ascending. */
  readonly batches: readonly number[];
  /** Most and fewest steps of a rollout; between them, so many that it stores `storedSteps` in all. */
  readonly steps: { readonly most: number; readonly fewest: number; readonly stored: number };
  /** Rows of the update. */
  readonly rows: number;
  readonly training: { readonly environments: number; readonly steps: number };
  readonly effort: Effort;
  /** A figure one run of which is expected to take longer is left out, s. */
  readonly longestRun: number;
}

export const fullScale: Scale = {
  batches: [1024, 16_384, 131_072],
  steps: { most: 200, fewest: 4, stored: 2 ** 19 },
  rows: 32_768,
  training: { environments: 256, steps: 128 },
  effort: { runs: 7, seconds: 10, least: 1 },
  longestRun: 120,
};

/** The same figures at small sizes, to see that they work: no numbers to be quoted. */
export const quickScale: Scale = {
  batches: [64, 256],
  steps: { most: 4, fewest: 4, stored: 1024 },
  rows: 512,
  training: { environments: 16, steps: 16 },
  effort: { runs: 3, seconds: 0.5, least: 0 },
  longestRun: 60,
};

/** The names of the figures, with their units. */
export const figureUnits = {
  fixedActionSteps: 'environment steps/s',
  policySteps: 'environment steps/s',
  orderBookEvents: 'book events/s',
  tradingDays: 'trading days/h',
  fisherProduct: 'ms',
  trpoUpdate: 'ms',
  trainingSamples: 'samples/s',
} as const;
export type FigureName = keyof typeof figureUnits;

/** One figure of one device. */
export type Figure = {
  readonly name: FigureName;
  readonly unit: string;
  /** Environments, or rows of the update. */
  readonly batch: number;
} & (
  | {
      /** Over the runs after warm-up, in the unit. */
      readonly median: number;
      readonly min: number;
      readonly max: number;
      readonly runs: number;
      /** Of the machine, when the runs were done. */
      readonly load: number;
    }
  | {
      /** Why there is no number. */
      readonly skipped: string;
    }
);

interface Job {
  readonly name: FigureName;
  readonly batch: number;
  /** Of work like this one, in amount: what was measured before tells how long this will take. */
  readonly size: number;
  readonly like?: FigureName;
  prepare(): Work;
}

/** Every figure of the current device, in order, each as soon as it is known. */
export async function* measureDevice(scale: Scale): AsyncGenerator<Figure> {
  const secondsPerSize = new Map<FigureName, number>();
  for (const { name, batch, size, like = name, prepare } of jobsOf(scale)) {
    const about = { name, unit: figureUnits[name], batch };
    const expected = (secondsPerSize.get(like) ?? 0) * size;
    if (expected > scale.longestRun) {
      yield { ...about, skipped: `one run would take about ${Math.round(expected)} s` };
      continue;
    }
    const work = prepare();
    try {
      await work.prepare?.();
      const { median, min, max, runs } = await timeRuns(() => work.run(), scale.effort);
      secondsPerSize.set(name, median / size);
      const value = (seconds: number): number => roundTo(inUnit(name, work.amount, seconds), 4);
      const [low, high] = [value(min), value(max)].sort((a, b) => a - b) as [number, number];
      yield { ...about, median: value(median), min: low, max: high, runs, load: machineLoad() };
    } finally {
      work.dispose();
    }
  }
}

function jobsOf(scale: Scale): Job[] {
  const { batches, rows, training } = scale;
  const steps = (batch: number): number =>
    Math.min(
      scale.steps.most,
      Math.max(scale.steps.fewest, Math.floor(scale.steps.stored / batch)),
    );
  const perBatch = (name: FigureName, prepare: (batch: number, steps: number) => Work): Job[] =>
    batches.map((batch) => ({
      name,
      batch,
      size: batch * steps(batch),
      prepare: () => prepare(batch, steps(batch)),
    }));
  const middle = batches[Math.floor(batches.length / 2)]!;
  return [
    ...perBatch('fixedActionSteps', fixedActionSteps),
    ...perBatch('policySteps', policySteps),
    {
      name: 'orderBookEvents',
      like: 'fixedActionSteps',
      batch: middle,
      // An event of a book of twenty prices takes about as long as ten steps.
      size: 10 * middle * scale.steps.most,
      prepare: () => orderBookEvents(middle, scale.steps.most),
    },
    {
      name: 'tradingDays',
      like: 'policySteps',
      batch: middle,
      size: middle * steps(middle),
      prepare: () => tradingDays(middle, steps(middle)),
    },
    { name: 'fisherProduct', batch: rows, size: 10, prepare: () => fisherProducts(rows) },
    {
      name: 'trpoUpdate',
      like: 'fisherProduct',
      batch: rows,
      // Ten products; gradient and line search take about as long as four more.
      size: 14,
      prepare: () => trpoUpdates(rows),
    },
    {
      name: 'trainingSamples',
      like: 'fisherProduct',
      batch: training.environments * training.steps,
      // A whole iteration takes two to three times what its update takes.
      size: (14 * 3 * training.environments * training.steps) / rows,
      prepare: () => trainingSamples(training.environments, training.steps),
    },
  ];
}

/** @returns what `amount` done in so many seconds is in the figure's unit */
function inUnit(name: FigureName, amount: number, seconds: number): number {
  switch (name) {
    case 'fisherProduct':
    case 'trpoUpdate':
      return (1000 * seconds) / amount;
    case 'tradingDays':
      return (3600 * amount) / seconds;
    case 'fixedActionSteps':
    case 'policySteps':
    case 'orderBookEvents':
    case 'trainingSamples':
      return amount / seconds;
  }
}
