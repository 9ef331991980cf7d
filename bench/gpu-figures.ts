import { fisherProducts } from './fisher-products';
import { fixedActionSteps } from './fixed-action-steps';
import type { Ceilings } from './gpu-ceilings';
import { roundTo } from './machine';
import type { PeerFigure } from './measure-peers';
import { policySteps } from './policy-steps';
import { type Effort, timeRuns, type Timing, type Work } from './timing';
import { trainingSamples } from './training-samples';
import { trpoUpdates } from './trpo-updates';

/** One figure of a GPU, with what it means for the hardware. */
export interface GpuFigure {
  readonly name: string;
  /** Environments, or rows of the update. */
  readonly batch: number;
  /** Steps of a run; null: none are taken. */
  readonly steps: number | null;
  readonly unit: 'steps/s' | 'samples/s' | 'ms';
  /** Under which the references have it; null: they do not. */
  readonly peer: PeerFigure['name'] | null;
  /** Median over the runs, in the unit. */
  readonly value: number;
  /** Seconds of a run. */
  readonly seconds: Timing;
  /** Of matrix products, and the share of the ceiling; null: none to speak of. */
  readonly flopPerSecond: number | null;
  readonly flopShare: number | null;
  /** That have to be read from memory or written to it, and the share of the ceiling. */
  readonly bytesPerSecond: number;
  readonly bytesShare: number;
}

export interface GpuScale {
  readonly environments: readonly number[];
  readonly rows: readonly number[];
  readonly training: readonly { readonly environments: number; readonly steps: number }[];
  readonly effort: Effort;
}

export const gpuScale: GpuScale = {
  environments: [16_384, 65_536, 131_072, 262_144],
  rows: [32_768, 262_144, 1_048_576],
  training: [
    { environments: 256, steps: 128 },
    { environments: 16_384, steps: 64 },
  ],
  effort: { runs: 20, seconds: 5, least: 0.5 },
};

/** To see that it works. */
export const quickGpuScale: GpuScale = {
  environments: [300],
  rows: [300],
  training: [{ environments: 16, steps: 8 }],
  effort: { runs: 2, seconds: 1, least: 0 },
};

interface Job {
  readonly name: string;
  readonly batch: number;
  readonly steps: number | null;
  readonly unit: GpuFigure['unit'];
  readonly peer: GpuFigure['peer'];
  /** Of a run. */
  readonly flop: number | null;
  readonly bytes: number;
  prepare(): Work;
}

/** Multiply–adds of a row in the policies of the figures: 2 → 64 → 64 → 2 and 4 → 64 → 64 → 2. */
const actor = 2 * 64 + 64 * 64 + 64 * 2;
const forward = 4 * 64 + 64 * 64 + 64 * 2;
/**
 * A product with the derivatives of the outputs by both hidden layers at hand (algorithms/policies/linearise.ts):
 * tangents of the layers and of the outputs, back to the layers, sums over rows. With activations alone at hand
 * it is 17,408.
 */
const product = 4 * 64 + 64 * 64 + 3 * (64 * 2) + 2 * (64 * 2) + forward;
/** Gradient of the surrogate: forward, back, sums over rows. */
const gradient = forward + (2 * 64 + 64 * 64) + forward;
const productsPerRun = 10;
const conjugateGradients = 10;
/** Tries of the line search that are usual in the benchmark's problem. */
const tries = 2;

/** Bytes of a row of an update: observation, action, advantage, and what is kept of the forward pass. */
const batchBytes = 4 * (4 + 2 + 1);
const keptBytes = 4 * (64 + 64 + 2);

/** Steps so that a run stores no more than this many. */
const mostStored = 2 ** 24;
export const stepsOf = (environments: number): number =>
  Math.max(8, Math.min(200, Math.floor(mostStored / environments)));

function jobsOf({ environments, rows, training }: GpuScale): Job[] {
  return [
    ...environments.map((batch): Job => {
      const steps = stepsOf(batch);
      return {
        name: 'environment steps, fixed action',
        batch,
        steps,
        unit: 'steps/s',
        peer: 'fixedActionSteps',
        flop: null,
        // Observation [2] and reward, and whether the episode ended.
        bytes: batch * steps * (4 * 3 + 2),
        prepare: () => fixedActionSteps(batch, steps),
      };
    }),
    ...environments.map((batch): Job => {
      const steps = stepsOf(batch);
      return {
        name: 'environment steps, 64×64 policy',
        batch,
        steps,
        unit: 'steps/s',
        peer: 'policySteps',
        flop: 2 * actor * batch * steps,
        // Observation [2], action [2], reward, noise, return and length of ended episodes, two flags.
        bytes: batch * steps * (4 * 8 + 2),
        prepare: () => policySteps(batch, steps),
      };
    }),
    ...rows.map((batch): Job => ({
      name: 'Fisher-vector product, 4→64→64→2',
      batch,
      steps: null,
      unit: 'ms',
      peer: 'fisherProduct',
      flop: 2 * batch * (forward + productsPerRun * product),
      bytes: batch * (16 + keptBytes + productsPerRun * (16 + keptBytes)),
      prepare: () => fisherProducts(batch),
    })),
    ...rows.map((batch): Job => ({
      name: 'TRPO update, 4→64→64→2',
      batch,
      steps: null,
      unit: 'ms',
      peer: 'trpoUpdate',
      flop: 2 * batch * (gradient + conjugateGradients * product + tries * forward),
      bytes: batch * ((2 + tries) * batchBytes + keptBytes + conjugateGradients * (16 + keptBytes)),
      prepare: () => trpoUpdates(batch),
    })),
    ...training.map(({ environments: batch, steps }): Job => ({
      name: 'training end to end, 64×64',
      batch,
      steps,
      unit: 'samples/s',
      peer: null,
      // Of the update alone; the critic's fit comes on top.
      flop: null,
      bytes: batch * steps * batchBytes,
      prepare: () => trainingSamples(batch, steps),
    })),
  ];
}

export const gpuFigureNames = (scale: GpuScale): string[] => jobsOf(scale).map(({ name }) => name);

/** Every figure that is asked for, in order, each as soon as it is known. */
export async function* measureGpu(
  scale: GpuScale,
  { flopPerSecond: mostFlop, bytesPerSecond: mostBytes }: Ceilings,
  isAsked: (figure: { readonly name: string }) => boolean = () => true,
): AsyncGenerator<GpuFigure> {
  for (const job of jobsOf(scale).filter(isAsked)) {
    const { name, batch, steps, unit, peer, flop, bytes, prepare } = job;
    const work = prepare();
    try {
      await work.prepare?.();
      const seconds = await timeRuns(() => work.run(), scale.effort);
      const { median } = seconds;
      const value = unit === 'ms' ? (1000 * median) / work.amount : work.amount / median;
      const share = (rate: number, most: number): number =>
        most > 0 ? roundTo(rate / most, 3) : 0;
      yield {
        name,
        batch,
        steps,
        unit,
        peer,
        value: roundTo(value, 4),
        seconds,
        flopPerSecond: flop === null ? null : roundTo(flop / median, 4),
        flopShare: flop === null ? null : share(flop / median, mostFlop),
        bytesPerSecond: roundTo(bytes / median, 4),
        bytesShare: share(bytes / median, mostBytes),
      };
    } finally {
      work.dispose();
    }
  }
}
