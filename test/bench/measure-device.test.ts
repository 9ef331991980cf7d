import * as tf from '@tensorflow/tfjs';

import { trpoUpdate } from '../../algorithms/trpo/update';
import {
  type Figure,
  figureUnits,
  fullScale,
  measureDevice,
  type Scale,
} from '../../bench/measure-device';
import { decisionsPerDay, tradingDays } from '../../bench/trading-days';
import { updateProblem } from '../../bench/update-problem';
import { disposeTree } from '../../engine/tensors';

const tiny: Scale = {
  batches: [4, 8],
  steps: { most: 3, fewest: 2, stored: 12 },
  rows: 64,
  training: { environments: 4, steps: 8 },
  effort: { runs: 2, seconds: 1 },
  longestRun: 60,
};

async function measure(scale: Scale): Promise<Figure[]> {
  const figures: Figure[] = [];
  for await (const figure of measureDevice(scale)) figures.push(figure);
  return figures;
}

beforeAll(() => tf.setBackend('cpu'));

it('measures every figure, and leaves no tensor behind', async () => {
  const before = tf.memory().numTensors;
  const figures = await measure(tiny);
  expect(tf.memory().numTensors).toBe(before);
  expect(figures.map(({ name, batch }) => [name, batch])).toEqual([
    ['fixedActionSteps', 4],
    ['fixedActionSteps', 8],
    ['policySteps', 4],
    ['policySteps', 8],
    ['orderBookEvents', 8],
    ['tradingDays', 8],
    ['fisherProduct', 64],
    ['trpoUpdate', 64],
    ['trainingSamples', 32],
  ]);
  for (const figure of figures) {
    expect(figure.unit).toBe(figureUnits[figure.name]);
    if ('skipped' in figure) throw new Error(figure.skipped);
    expect(figure.runs).toBeGreaterThan(0);
    expect(figure.min).toBeGreaterThan(0);
    expect(figure.median).toBeGreaterThanOrEqual(figure.min);
    expect(figure.max).toBeGreaterThanOrEqual(figure.median);
  }
});

it('leaves out what would take too long, and says so', async () => {
  const figures = await measure({ ...tiny, longestRun: 0 });
  const measured = figures.filter((figure) => 'median' in figure);
  expect(measured.map(({ name, batch }) => [name, batch])).toEqual([
    ['fixedActionSteps', 4],
    ['policySteps', 4],
    ['fisherProduct', 64],
  ]);
  for (const figure of figures)
    if ('skipped' in figure) expect(figure.skipped).toMatch(/^one run would take about \d+ s$/);
});

it('has the sizes that the figures are quoted for', () => {
  expect(fullScale.batches).toEqual([1024, 16_384, 131_072]);
  expect(fullScale.rows).toBe(32_768);
  expect(fullScale.training).toEqual({ environments: 256, steps: 128 });
});

it('counts a day of 23,400 decisions', () => {
  const work = tradingDays(6, 39);
  expect(work.amount * decisionsPerDay).toBeCloseTo(6 * 39, 9);
  expect(work.amount).toBeCloseTo(0.01, 12);
  work.dispose();
});

it('updates a policy by ten conjugate gradient iterations and an accepted step', () => {
  const { policy, parameters, batch, options, key, dispose } = updateProblem(512);
  expect(policy.network.sizes).toEqual([4, 64, 64, 2]);
  const update = trpoUpdate(policy, parameters, batch, options, key);
  const { conjugateGradientIterations, accepted, kl } = update.diagnostics;
  expect(conjugateGradientIterations.dataSync()[0]).toBe(10);
  expect(accepted.dataSync()[0]).toBe(1);
  expect(kl.dataSync()[0]).toBeLessThanOrEqual(options.trustRegion);
  disposeTree([update.parameters, update.diagnostics]);
  dispose();
});
