import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';

import { simulate } from '../../../algorithms/evaluation/simulate';
import { abstain } from '../../../algorithms/solvers/abstain';
import { openRaid } from '../../../algorithms/solvers/raid/game';
import { raidPolicy } from '../../../algorithms/solvers/raid/policy';
import type { NoisyRaidProblem } from '../../../algorithms/solvers/raid/rules';
import { makeKey, phases } from '../../../engine/random';
import type { Tensors } from '../../../engine/tensors';
import { defineEnvironment } from '../../../envs/environment';
import { kind } from '../../../envs/predation';
import { predationSchema } from '../../../envs/predation/config';
import {
  allowedTrades,
  attack,
  begin,
  finishPeriod,
  type Instance,
  liquidate,
  type Raid,
} from '../../envs/predation/reference';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const { max } = Math;
const options = { episodes: 200, seed: 0, phase: 'test' } as const;

async function play(config: object, solver: typeof raidPolicy) {
  const parsed = predationSchema.parse(config);
  const environment = defineEnvironment(kind.create(parsed));
  const policy = solver.create('predation', parsed, environment.definition);
  return { environment, metrics: await simulate(environment, policy, options) };
}

test('without recovery the optimum earns what the formula says, in every episode, and abstains at 0', async () => {
  const config = {
    periods: 5,
    stops: { count: { low: 1, high: 3 }, gap: { low: 0, high: 14 } },
    halfSpread: { low: 0, high: 9 },
    maxShort: { low: 4, high: 12 },
    // T·m ≥ n_max
    maxTrade: { low: 3, high: 5 },
    rewardScale: 0.5,
  };
  const { environment, metrics } = await play(config, raidPolicy);
  const [optima, instances] = tf.tidy(() => {
    const parameters = environment.parameters();
    const row = Int32Array.from({ length: options.episodes }, (_, episode) => episode);
    const key = makeKey({ seed: 0, phase: phases.test, row });
    const state: Tensors = environment.reset(parameters, key).state;
    const read = <Value>(name: string) => state[name]!.arraySync() as Value[];
    const [levels, volumes] = [read<number[]>('levels'), read<number[]>('volumes')];
    const [h, n] = [read<number>('halfSpread'), read<number>('maxShort')];
    return [
      h.map((cost, episode) => {
        // profit(n) = Σ over fired stops of gV·s − 2hn, where s units are sold when the stop fires.
        let best = 0;
        let [mid, fired, gained] = [200, 0, 0];
        for (let sold = 1; sold <= n[episode]!; sold += 1) {
          mid -= 2;
          while (fired < 3 && mid <= levels[episode]![fired]!) {
            const fall = 2 * volumes[episode]![fired]!;
            gained += fall * sold;
            mid -= fall;
            fired += 1;
          }
          best = max(best, gained - 2 * cost * sold);
        }
        return best;
      }),
      n.length,
    ];
  });
  expect(instances).toBe(options.episodes);
  expect(Array.from(metrics.profit!)).toEqual(optima);
  expect(Array.from(metrics.return!)).toEqual(optima.map((profit) => profit / 2));
  expect(optima.filter((profit) => profit === 0).length).toBeGreaterThan(20);
  expect(optima.filter((profit) => profit > 0).length).toBeGreaterThan(20);

  const idle = await play(config, abstain as typeof raidPolicy);
  expect(idle.metrics.return!.every((profit) => profit === 0)).toBe(true);
});

test('the published instances', async () => {
  const first = await play({}, raidPolicy);
  expect(new Set(first.metrics.profit)).toEqual(new Set([30]));
  const second = await play(
    { stops: [{ level: 180, volume: 6 }], halfSpread: 8, maxShort: 8 },
    raidPolicy,
  );
  expect(new Set(second.metrics.profit)).toEqual(new Set([0]));
  // Minimax against a defender who could buy 2, but never does: at least the value.
  const defended = await play({ maxTrade: 2, defender: { budget: 2 } }, raidPolicy);
  expect(defended.metrics.profit!.every((profit) => profit >= 10)).toBe(true);
});

/** The best mean over all plays, one by one, by the rules of the reference. */
function expectedValue(problem: NoisyRaidProblem): number {
  const instance: Instance = { ...problem, budget: 0, maxPurchase: 0 };
  const noise = problem.noise ?? 0;
  const value = (raid: Raid): number => {
    if (raid.period === problem.periods) return liquidate(instance, raid);
    const [low, high] = allowedTrades(instance, raid);
    let best = -Infinity;
    for (let units = low; units <= high; units += 1) {
      const moved = attack(instance, raid, units);
      let sum = 0;
      for (let jump = -noise; jump <= noise; jump += 1) {
        sum += value(finishPeriod(instance, moved, jump));
      }
      best = max(best, sum / (2 * noise + 1));
    }
    return best;
  };
  return value(begin(instance));
}

test('under noise the optimum is the best mean over all plays', () => {
  const problems: fc.Arbitrary<NoisyRaidProblem> = fc.record({
    mid: fc.constant(50),
    tick: fc.constantFrom(1, 2),
    stops: fc.array(
      fc.record({
        level: fc.integer({ min: 42, max: 49 }),
        volume: fc.integer({ min: 1, max: 4 }),
      }),
      { minLength: 1, maxLength: 2 },
    ),
    halfSpread: fc.integer({ min: 0, max: 2 }),
    maxShort: fc.integer({ min: 1, max: 3 }),
    maxTrade: fc.integer({ min: 1, max: 2 }),
    periods: fc.integer({ min: 1, max: 3 }),
    recovery: fc.integer({ min: 0, max: 2 }),
    noise: fc.integer({ min: 0, max: 2 }),
    defender: fc.constant(null),
  });
  fc.assert(
    fc.property(problems, (problem) => {
      const game = openRaid(problem);
      const expected = expectedValue(problem);
      expect(Math.abs(game.value(game.start) - expected)).toBeLessThan(1e-9);
    }),
    { numRuns: 60 },
  );
});

test('under noise its mean profit is that value', async () => {
  const config = { periods: 3, noise: 3, halfSpread: 2, maxShort: 6, recovery: 1 };
  const { metrics } = await play(config, raidPolicy);
  const profits = Array.from(metrics.profit!);
  const mean = profits.reduce((sum, profit) => sum + profit, 0) / profits.length;
  const variance =
    profits.reduce((sum, profit) => sum + (profit - mean) ** 2, 0) / (profits.length - 1);
  const expected = openRaid({
    mid: 200,
    tick: 2,
    stops: [{ level: 190, volume: 4 }],
    maxTrade: 5,
    defender: null,
    ...config,
  });
  const error = Math.abs(mean - expected.value(expected.start));
  expect(error).toBeLessThan(4 * Math.sqrt(variance / profits.length));
});
