import * as tf from '@tensorflow/tfjs';

import type { Tuning } from '../engine/compile/emit/cuda-tile';
import type { CudaBackend } from '../engine/devices/cuda-backend';
import { fisherProducts } from './fisher-products';
import { roundTo } from './machine';
import { policySteps } from './policy-steps';
import { type Effort, timeRuns, type Work } from './timing';
import { trainingSamples } from './training-samples';

/** What a choice of tile and threads makes of three works. */
export interface TuningFigure {
  readonly tuning: Tuning;
  /** ms of a Fisher-vector product. */
  readonly fisherProduct: number;
  /** Environment steps with a policy in a second. */
  readonly policySteps: number;
  /** Samples in a second of training end to end, 64 steps of a sixteenth of the rows. */
  readonly trainingSamples: number;
}

const tunings: readonly Tuning[] = [
  {},
  { blocksAtOnce: 1 },
  { blocksAtOnce: 3 },
  { threads: 256 },
  { threads: 256, blocksAtOnce: 1 },
  { threads: 512, blocksAtOnce: 1 },
  { stageWeights: true },
  { stageWeights: true, threads: 256 },
  { stageWeights: false },
  { rowsPerTile: 32 },
  { rowsPerTile: 32, stageWeights: true },
  { rowsPerTile: 32, blocksAtOnce: 3 },
  { rowsPerTile: 128 },
  { rowsPerTile: 128, threads: 256 },
];

/**
 * Times programs made for other tiles than the compiler chooses, the first being its own choice.
 * @param rows of the product, and environments
 */
export async function* tuneGpu(rows: number, effort: Effort): AsyncGenerator<TuningFigure> {
  const backend = tf.backend() as CudaBackend;
  const time = async (work: Work): Promise<number> => {
    try {
      await work.prepare?.();
      const { median } = await timeRuns(() => work.run(), effort);
      return median / work.amount;
    } finally {
      work.dispose();
    }
  };
  try {
    for (const tuning of tunings) {
      backend.tuning = tuning;
      yield {
        tuning,
        fisherProduct: roundTo(1000 * (await time(fisherProducts(rows))), 4),
        policySteps: roundTo(1 / (await time(policySteps(rows, 16))), 4),
        trainingSamples: roundTo(1 / (await time(trainingSamples(Math.ceil(rows / 16), 64))), 4),
      };
    }
  } finally {
    backend.tuning = {};
  }
}
