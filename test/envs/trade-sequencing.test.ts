import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';

import { costOfOrder, costsOfTrades, type TradeList } from '../../algorithms/solvers/tour/trades';
import {
  forUse,
  type Key,
  keyAt,
  makeKey,
  normals,
  phases,
  uniform,
  uniforms,
  uses,
} from '../../engine/random';
import type { Tensors } from '../../engine/tensors';
import { checkEnvironment } from '../../envs/check';
import { draws, kind } from '../../envs/trade-sequencing';
import {
  type TradeSequencingConfig,
  tradeSequencingSchema,
} from '../../envs/trade-sequencing/config';
import { commonCorrelation, list, number, range } from './arbitraries';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const rows = 3;
const configs = fc
  .integer({ min: 2, max: 5 })
  .chain((slots) =>
    fc.record({
      slots: fc.constant(slots),
      trades: fc.oneof(
        fc.integer({ min: 1, max: slots }),
        fc
          .tuple(fc.integer({ min: 1, max: slots }), fc.integer({ min: 1, max: slots }))
          .map(([a, b]) => ({ low: Math.min(a, b), high: Math.max(a, b) })),
      ),
      quantity: fc.oneof(
        // No two alike: of equal ways the greedy one takes the first.
        fc
          .array(fc.integer({ min: 0, max: 500 }), { minLength: slots, maxLength: slots })
          .map((sizes) => sizes.map((q, i) => (q + 3.7 * (i + 1)) * (q % 2 === 0 ? 1 : -1))),
        range(100, 500).chain((ends) => number(0, 1).map((saleShare) => ({ ...ends, saleShare }))),
      ),
      volatility: list(0.1, 2, slots),
      dailyVolume: list(1000, 5000, slots),
      correlation: fc.oneof(
        fc.constantFrom(0, 0.3, 0.95).map((rho) => commonCorrelation(rho, slots)),
        fc.record({ mean: number(0, 0.9), factors: fc.integer({ min: 1, max: 5 }) }),
      ),
      resilience: list(0.1, 3, slots),
      duration: list(0.1, 1, slots),
      spread: list(0.01, 0.1, slots),
      crossImpact: fc.oneof(fc.constant(0), number(0.01, 1), range(0.1, 1)),
      impact: number(0.1, 1),
      rewardScale: fc.constantFrom(1, 0.1),
    }),
  )
  .map((config) => tradeSequencingSchema.parse(config));

type Ends = { low: number; high: number; scale: 'linear' | 'log' };
const within = ({ low, high, scale }: Ends, u: number): number =>
  scale === 'linear' ? low + (high - low) * u : low * (high / low) ** u;

/** What each row drew, as the solver of tours takes it, from the same random numbers. */
function listsOf(config: TradeSequencingConfig, key: Key): TradeList[] {
  const { slots, correlation, quantity } = config;
  const numbers = (value: TradeSequencingConfig['volatility'], draw: number, row: number) =>
    typeof value === 'number'
      ? new Array<number>(slots).fill(value)
      : Array.isArray(value)
        ? value
        : uniforms(key, draw, slots)
            .arraySync()
            [row]!.map((u) => within(value, u));
  return Array.from({ length: rows }, (_, row) => {
    const [low, high] =
      typeof config.trades === 'number'
        ? [config.trades, config.trades]
        : [config.trades.low, config.trades.high];
    const u = uniform(key, draws.trades).arraySync()[row]!;
    const count = low + Math.floor(u * (high - low + 1));
    const sides = uniforms(key, draws.side, slots).arraySync()[row]!;
    const quantities = Array.isArray(quantity)
      ? quantity
      : numbers(quantity, draws.quantity, row).map((size, i) =>
          sides[i]! < quantity.saleShare ? size : -size,
        );
    const [volatility, dailyVolume, resilience, duration, spread] = (
      ['volatility', 'dailyVolume', 'resilience', 'duration', 'spread'] as const
    ).map((name) => numbers(config[name], draws[name], row));
    const z = Array.isArray(correlation)
      ? []
      : normals(key, draws.correlation, slots * correlation.factors).arraySync()[row]!;
    const exposure = (i: number): number[] => {
      if (Array.isArray(correlation)) return [];
      const { mean, factors } = correlation;
      const loads = Array.from(
        { length: factors },
        (_, f) => (f === 0 ? mean ** 0.5 : 0) + ((1 - mean) / factors) ** 0.5 * z[i * factors + f]!,
      );
      const length = loads.reduce((sum, load) => sum + load * load, 0) ** 0.5;
      return loads.map((load) => load / length);
    };
    const rho = (i: number, j: number): number => {
      if (i === j) return 1;
      if (Array.isArray(correlation)) return correlation[i]![j]!;
      const [a, b] = [exposure(Math.min(i, j)), exposure(Math.max(i, j))];
      return a.reduce((sum, load, f) => sum + load * b[f]!, 0);
    };
    const each = Array.from({ length: count }, (_, i) => i);
    return {
      trades: each.map((i) => ({
        quantity: quantities[i]!,
        volatility: volatility![i]!,
        dailyVolume: dailyVolume![i]!,
        resilience: resilience![i]!,
        duration: duration![i]!,
        spread: spread![i]!,
      })),
      correlation: each.map((i) => each.map((j) => rho(i, j))),
      crossImpact:
        typeof config.crossImpact === 'number'
          ? config.crossImpact
          : within(config.crossImpact, uniform(key, draws.crossImpact).arraySync()[row]!),
      impact: config.impact,
    };
  });
}

const near = (actual: number, expected: number, scale: number, what: string) => {
  if (!(Math.abs(actual - expected) <= 2e-5 * scale + 2e-5 * Math.abs(expected))) {
    throw new Error(`${what}: ${actual}, expected ${expected}`);
  }
};

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
const least = (values: readonly number[]): number => (values.length > 0 ? Math.min(...values) : 0);

/** The observation by name, from the costs of the trades left and the one just done. */
function lookAt(
  { rewardScale }: TradeSequencingConfig,
  d: readonly (readonly number[])[],
  left: readonly number[],
  last: number | null,
) {
  const all = d.flatMap((row, i) => row.filter((_, j) => j !== i).map(Math.abs));
  const unit = mean(all) || 1e-20;
  const others = (j: number) => left.filter((k) => k !== j);
  const rests = restsOf(d, left, last);
  const rest = least(rests);
  const seen = left.flatMap((j, place): [string, number][] => [
    [`excess[${place}]`, (rests[place]! - rest) / unit],
    [`next[${place}]`, last === null ? 0 : d[last]![j]! / unit],
    [`leastAfter[${place}]`, least(others(j).map((k) => d[j]![k]!)) / unit],
    [`meanAfter[${place}]`, mean(others(j).map((k) => d[j]![k]!)) / unit],
    [`leastBefore[${place}]`, least(others(j).map((k) => d[k]![j]!)) / unit],
    [`meanBefore[${place}]`, mean(others(j).map((k) => d[k]![j]!)) / unit],
    ...left.map((k, other): [string, number] => [
      `cost[${place},${other}]`,
      j === k ? 0 : d[j]![k]! / unit,
    ]),
  ]);
  return Object.fromEntries([
    ['unit', mean(all) * rewardScale],
    ['restReward', -rest * rewardScale],
    ['rest', rest / unit],
    ...seen,
  ]) as Record<string, number>;
}

/** What the rest costs if each trade comes next and then always the nearest. */
const restsOf = (
  d: readonly (readonly number[])[],
  left: readonly number[],
  last: number | null,
): number[] =>
  left.map(
    (j) =>
      (last === null ? 0 : d[last]![j]!) +
      greedyFrom(
        d,
        j,
        left.filter((k) => k !== j),
      ),
  );

/** The cost of always going on to the nearest. */
function greedyFrom(
  d: readonly (readonly number[])[],
  from: number,
  left: readonly number[],
): number {
  if (left.length === 0) return 0;
  const nearest = left.reduce((best, j) => (d[from]![j]! < d[from]![best]! ? j : best));
  return (
    d[from]![nearest]! +
    greedyFrom(
      d,
      nearest,
      left.filter((j) => j !== nearest),
    )
  );
}

test('equals the costs of the solver’s trades in the same order, step by step', () => {
  const actions = fc.array(fc.integer({ min: 0, max: 99 }), { minLength: 15, maxLength: 15 });
  fc.assert(
    fc.property(configs, actions, fc.integer({ min: 0, max: 99 }), (config, chosen, seed) => {
      tf.tidy(() => {
        const { slots, rewardScale } = config;
        const definition = kind.create(config);
        const { fields } = definition.observationSpace;
        const parameters = definition.parameters();
        const key = makeKey({ seed, phase: phases.check, rows });
        let state: Tensors = definition.reset(parameters, forUse(key, uses.reset));
        const lists = listsOf(config, forUse(key, uses.reset));
        const costs = lists.map((list) => costsOfTrades(list).map((row) => row.map((d) => d ?? 0)));
        const orders: number[][] = lists.map(() => []);
        for (let step = 0; step < slots; step += 1) {
          const trade = state.trade!.arraySync() as number[][];
          const mask = definition.actionMask!(parameters, state).arraySync();
          const observed = definition.observe(parameters, state).arraySync();
          const action = lists.map((list, row) => {
            const done = orders[row]!;
            const left = trade[row]!.filter((number) => number > 0).map((number) => number - 1);
            const expected = list.trades.map((_, i) => i).filter((i) => !done.includes(i));
            expect([...left].sort((a, b) => a - b)).toEqual(expected);
            expect(mask[row]!.map(Boolean)).toEqual(
              Array.from({ length: slots }, (_, place) => place < left.length),
            );
            if (left.length === 0) return 0;
            const d = costs[row]!;
            const last = done.at(-1) ?? null;
            const scale = Math.max(...d.flat().map(Math.abs));
            const rests = restsOf(d, left, last);
            rests.slice(1).forEach((value, place) => {
              if (!(value >= rests[place]! - 1e-5 * scale)) {
                throw new Error(`not by what the rest costs: ${rests.join(', ')}`);
              }
            });
            const seen = { left: left.length / slots, ...lookAt(config, d, left, last) };
            fields.forEach(({ name }, index) =>
              near(observed[row]![index]!, (seen as Record<string, number>)[name] ?? 0, 20, name),
            );
            return chosen[step * rows + row]! % left.length;
          });
          const before = orders.map((order) => order.length);
          action.forEach((place, row) => {
            if (before[row]! < lists[row]!.trades.length)
              orders[row]!.push(trade[row]![place]! - 1);
          });
          const change = definition.transition(
            parameters,
            state,
            tf.tensor1d(action, 'int32'),
            keyAt(key, tf.scalar(step, 'int32')),
          );
          state = change.state;
          const [reward, terminated] = [change.reward.arraySync(), change.terminated.arraySync()];
          lists.forEach(({ trades }, row) => {
            const order = orders[row]!;
            if (before[row] === trades.length) return;
            const [from, to] = [order.at(-2), order.at(-1)!];
            const d = costs[row]!;
            const paid = from === undefined ? 0 : d[from]![to]!;
            const scale = Math.max(1e-6, ...d.flat().map(Math.abs));
            near(reward[row]!, -paid * rewardScale, scale * rewardScale, 'reward');
            expect(Boolean(terminated[row])).toBe(order.length === trades.length);
            if (order.length < trades.length) return;
            const total = costOfOrder(lists[row]!, order);
            const measured = definition.measure!(parameters, state);
            const figure = (name: string) => (measured[name]!.arraySync() as number[])[row]!;
            const size = scale * slots + total.ownCost;
            near(figure('orderCost'), total.oneStepCost - total.ownCost, size, 'orderCost');
            near(figure('oneStepCost'), total.oneStepCost, size, 'oneStepCost');
            near(figure('fullCost'), total.fullCost, size, 'fullCost');
          });
        }
      });
    }),
    { numRuns: 40 },
  );
});

test('only the trade just before counts: an order’s cost is the same from there on', () => {
  tf.tidy(() => {
    const config = tradeSequencingSchema.parse({ slots: 5, trades: 5 });
    const definition = kind.create(config);
    const parameters = definition.parameters();
    const key = makeKey({ seed: 0, phase: phases.check, rows: 1 });
    /** Rewards of the trades in an order by number. */
    const play = (order: readonly number[]): number[] => {
      let state: Tensors = definition.reset(parameters, key);
      return order.map((number) => {
        const places = (state.trade!.arraySync() as number[][])[0]!;
        const action = tf.tensor1d([places.indexOf(number)], 'int32');
        const change = definition.transition(parameters, state, action, key);
        state = change.state;
        return change.reward.arraySync()[0]!;
      });
    };
    const [one, other] = [play([1, 2, 3, 4, 5]), play([2, 1, 3, 4, 5])];
    expect(one.slice(3)).toEqual(other.slice(3));
    expect(one[2]).not.toBe(other[2]);
    expect(one[0]).toBeCloseTo(0, 12);
  });
});

test('impact that never decays and is symmetric makes the order irrelevant to the full cost', () => {
  tf.tidy(() => {
    const slots = 4;
    const config = tradeSequencingSchema.parse({
      slots,
      trades: slots,
      quantity: [300, -200, 150, 400],
      volatility: 1,
      dailyVolume: 1000,
      resilience: 0,
    });
    const definition = kind.create(config);
    const parameters = definition.parameters();
    const many = 24;
    const key = makeKey({ seed: 0, phase: phases.check, row: new Array<number>(many).fill(0) });
    let state: Tensors = definition.reset(parameters, key);
    for (let step = 0; step < slots; step += 1) {
      // Every order, as the digits of a number in the factorial system.
      const action = Array.from({ length: many }, (_, row) => {
        let rest = row;
        for (let k = 0; k < step; k += 1) rest = Math.floor(rest / (slots - k));
        return rest % (slots - step);
      });
      state = definition.transition(parameters, state, tf.tensor1d(action, 'int32'), key).state;
    }
    const { fullCost, orderCost } = definition.measure!(parameters, state);
    const spreadOf = (tensor: tf.Tensor) => {
      const values = Array.from(tensor.dataSync());
      return Math.max(...values) - Math.min(...values);
    };
    expect(spreadOf(fullCost!)).toBeLessThan(1e-3);
    expect(spreadOf(orderCost!)).toBeGreaterThan(1);
  });
});

test('bad numbers are refused', () => {
  const make = (config: object) => () => kind.create(tradeSequencingSchema.parse(config));
  expect(make({ trades: 9 })).toThrow(
    'env.trades: 9, but env.slots is 8; expected no more than slots',
  );
  expect(make({ trades: { low: 5, high: 4 } })).toThrow(
    'env.trades: low 5, high 4; expected low ≤ high',
  );
  expect(make({ duration: [1, 2] })).toThrow(
    'env.duration: 2 numbers for 8 slots; expected one for each',
  );
  expect(make({ dailyVolume: 0 })).toThrow('env.dailyVolume: 0; expected positive numbers');
  expect(make({ quantity: [1] })).toThrow('env.quantity: 1 numbers for 8 slots');
});

test('keeps the contract, with seed 0 too', () => {
  expect(checkEnvironment(kind, { config: { slots: 4, trades: { low: 1, high: 4 } } })).toEqual([]);
  expect(checkEnvironment(kind, { config: { slots: 3, trades: 2 } })).toEqual([]);
});
