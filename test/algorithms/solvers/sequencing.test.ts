import * as tf from '@tensorflow/tfjs';

import { simulate } from '../../../algorithms/evaluation/simulate';
import { randomActions } from '../../../algorithms/solvers/random';
import { nearest, rollout, tour } from '../../../algorithms/solvers/sequencing';
import { planOrder } from '../../../algorithms/solvers/sequencing/plan-order';
import { solveTour } from '../../../algorithms/solvers/tour';
import { makeKey, phases } from '../../../engine/random';
import type { Tensors } from '../../../engine/tensors';
import { makeEnvironment } from '../../../envs/registry';
import { tradeSequencingSchema } from '../../../envs/trade-sequencing/config';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const id = 'trade-sequencing';

function play(solver: typeof nearest | typeof randomActions, overrides: object, episodes = 20) {
  const environment = makeEnvironment({ id, ...overrides });
  const config = tradeSequencingSchema.parse(overrides);
  const policy = solver.create(id, config, environment.definition);
  return simulate(environment, policy, { episodes, seed: 0, phase: 'test' });
}

/** Every order's cost from where a row stands. */
function cheapest(
  costs: readonly (readonly number[])[],
  next: readonly number[],
  left = next.map((_, i) => i),
): number {
  if (left.length === 0) return 0;
  return Math.min(
    ...left.map(
      (i) =>
        next[i]! +
        cheapest(
          costs,
          costs[i]!,
          left.filter((j) => j !== i),
        ),
    ),
  );
}

/** The costs and positions of the episodes that a seed starts. */
function instances(slots: number, rows: number) {
  return tf.tidy(() => {
    const { definition } = makeEnvironment({ id, slots, trades: slots });
    const key = makeKey({ seed: 0, phase: phases.check, rows });
    const state: Tensors = definition.reset(definition.parameters(), key);
    return tf.reshape(state.costs!, [rows, slots, slots]).arraySync() as number[][][];
  });
}

test('the order is the cheapest of all, from the start and from anywhere', () => {
  for (const costs of instances(6, 10)) {
    const none = new Array<number>(6).fill(0);
    const from = costs[0]!.map((cost, j) => (j % 2 === 0 ? cost : -cost));
    for (const next of [none, from]) {
      const order = planOrder(costs, next);
      expect([...order].sort()).toEqual([0, 1, 2, 3, 4, 5]);
      const total = order.reduce(
        (sum, j, k) => sum + (k === 0 ? next[j]! : costs[order[k - 1]!]![j]!),
        0,
      );
      expect(total).toBeCloseTo(cheapest(costs, next), 4);
    }
  }
  expect(planOrder([[0]], [3])).toEqual([0]);
});

test('beyond what dynamic programming is used for, the order is all but the cheapest', () => {
  for (const costs of instances(14, 4)) {
    const order = planOrder(costs, new Array<number>(14).fill(0));
    expect(new Set(order).size).toBe(14);
    const total = order.reduce((sum, j, k) => sum + (k === 0 ? 0 : costs[order[k - 1]!]![j]!), 0);
    const best = solveTour({ costs, open: true }).cost;
    expect(total - best).toBeLessThanOrEqual(0.01 * Math.abs(best));
  }
});

test('the policy returns what its plan costs, episodes of different lengths included', async () => {
  const overrides = { slots: 5, trades: { low: 1, high: 5 }, rewardScale: 1 };
  const { return: returns, length } = await play(tour, overrides);
  expect(new Set(length).size).toBeGreaterThan(2);
  const environment = makeEnvironment({ id, ...overrides });
  tf.tidy(() => {
    const row = Array.from({ length: 20 }, (_, index) => index);
    const key = makeKey({ seed: 0, phase: phases.test, row });
    const { state } = environment.reset(environment.parameters(), key);
    const costs = tf.reshape(state.costs!, [20, 5, 5]).arraySync() as number[][][];
    returns!.forEach((value, episode) => {
      const count = length![episode]!;
      const own = costs[episode]!.slice(0, count).map((line) => line.slice(0, count));
      expect(-value).toBeCloseTo(cheapest(own, new Array<number>(count).fill(0)), 2);
    });
  });
});

test('no policy beats it; a rollout beats greed, and greed random orders', async () => {
  const [best, planned, greedy, random] = (
    await Promise.all(
      [tour, rollout, nearest, randomActions].map((solver) =>
        play(solver, { slots: 6, trades: 6 }),
      ),
    )
  ).map((figures) => figures.return!);
  best!.forEach((value, episode) => {
    for (const other of [planned, greedy, random]) {
      expect(value).toBeGreaterThanOrEqual(other![episode]! - 1e-4);
    }
  });
  const sum = (values: Float64Array | undefined) => values!.reduce((total, x) => total + x, 0);
  expect(sum(planned)).toBeGreaterThan(sum(greedy) + 5);
  expect(sum(greedy)).toBeGreaterThan(sum(random) + 80);
});
