import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';

import {
  forUse,
  keyAt,
  makeKey,
  normal,
  phases,
  uniform,
  uniforms,
  uses,
} from '../../engine/random';
import type { Tensors } from '../../engine/tensors';
import { defineEnvironment } from '../../envs/environment';
import { draws, kind } from '../../envs/execution';
import { type ExecutionConfig, executionSchema } from '../../envs/execution/config';
import { type Market, markedShortfall, openOrder, summarise, work } from './execution/reference';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const number = (min: number, max: number) => fc.double({ min, max, noNaN: true });
const range = (min: number, max: number) =>
  fc.tuple(number(min, max), number(0, 2)).chain(([low, width]) =>
    fc.record({
      low: fc.constant(low),
      high: fc.constant(low * (1 + width)),
      scale: fc.constantFrom('linear' as const, 'log' as const),
    }),
  );
const coefficient = (min: number, max: number) => fc.oneof(number(min, max), range(min, max));
const profile = (min: number, max: number, periods: number) =>
  fc.oneof(
    number(min, max),
    fc.array(number(min, max), { minLength: periods, maxLength: periods }),
    fc
      .tuple(range(min, max), fc.constantFrom('period' as const, 'episode' as const))
      .map(([ends, per]) => ({ ...ends, per })),
  );

const configs = fc
  .integer({ min: 1, max: 7 })
  .chain((periods) =>
    fc.record({
      side: fc.constantFrom('sell', 'buy'),
      quantity: fc.constantFrom(7, 1000),
      periods: fc.constant(periods),
      horizon: fc.constantFrom(1, 5),
      volatility: fc.oneof(fc.constant(0), coefficient(0.01, 2)),
      spread: coefficient(0.001, 0.1),
      temporaryImpact: profile(1e-4, 1e-2, periods),
      permanentImpact: coefficient(1e-5, 1e-3),
      transientImpact: fc.option(
        fc.record({ impact: coefficient(1e-5, 1e-3), resilience: coefficient(0.1, 5) }),
        { nil: null },
      ),
      // In units of an even trade: from just enough to loose; a range may start too low and is scaled up.
      capacity: fc.option(profile(1.01, 3, periods), { nil: null }),
      marketVolume: fc.oneof(
        number(10, 1000),
        fc.array(number(10, 1000), { minLength: periods, maxLength: periods }),
      ),
      riskAversion: number(-1e-3, 1e-3),
      reward: fc.constantFrom('shortfall', 'shortfall-and-risk'),
      rewardScale: fc.constantFrom(1, 0.01),
      action: fc.constantFrom('fraction', 'pace'),
      hide: fc.subarray(['priceMove', 'displacement', 'coefficients']),
    }),
  )
  .map((config) => {
    const even = config.quantity / config.periods;
    const { capacity } = config;
    const scaled =
      capacity === null
        ? null
        : typeof capacity === 'number'
          ? capacity * even
          : Array.isArray(capacity)
            ? capacity.map((value) => value * even)
            : { ...capacity, low: capacity.low * even * 0.5, high: capacity.high * even };
    return executionSchema.parse({ ...config, capacity: scaled });
  });

type Drawn = { low: number; high: number; scale: 'linear' | 'log' };
const within = ({ low, high, scale }: Drawn, u: number): number =>
  scale === 'linear' ? low + (high - low) * u : low * (high / low) ** u;

/** What each of B episodes drew, from the same uniforms. */
function marketsOf(config: ExecutionConfig, key: ReturnType<typeof makeKey>): Market[] {
  const { periods, quantity } = config;
  const one = (value: number | Drawn, draw: number, row: number): number =>
    typeof value === 'number' ? value : within(value, uniform(key, draw).arraySync()[row]!);
  const each = (value: ExecutionConfig['temporaryImpact'], draw: number, row: number): number[] => {
    if (typeof value === 'number') return new Array<number>(periods).fill(value);
    if (Array.isArray(value)) return value;
    const u = uniforms(key, draw, periods).arraySync()[row]!;
    return u.map((share) => within(value, value.per === 'period' ? share : u[0]!));
  };
  return Array.from({ length: key.row.size }, (_, row) => {
    let capacity = config.capacity === null ? null : each(config.capacity, draws.capacity, row);
    if (capacity && typeof config.capacity === 'object' && !Array.isArray(config.capacity)) {
      const total = capacity.reduce((sum, shares) => sum + shares, 0);
      capacity = capacity.map((shares) => shares * Math.max(1, quantity / total));
    }
    return {
      volatility: one(config.volatility, draws.volatility, row),
      spread: one(config.spread, draws.spread, row),
      permanentImpact: one(config.permanentImpact, draws.permanentImpact, row),
      transientImpact: one(config.transientImpact?.impact ?? 0, draws.transientImpact, row),
      resilience: one(config.transientImpact?.resilience ?? 0, draws.resilience, row),
      temporaryImpact: each(config.temporaryImpact, draws.temporaryImpact, row),
      capacity,
    };
  });
}

/** The observation by name, from the reference's order. */
function lookAt(config: ExecutionConfig, market: Market, order: ReturnType<typeof openOrder>) {
  const { periods, quantity, horizon } = config;
  const move = (order.price - config.arrivalPrice) * (config.side === 'sell' ? 1 : -1);
  const typical = (value: ExecutionConfig['temporaryImpact'] | Drawn): number =>
    typeof value === 'number'
      ? value
      : Array.isArray(value)
        ? value.reduce((sum, x) => sum + x, 0) / value.length
        : value.scale === 'log'
          ? Math.sqrt(value.low * value.high)
          : (value.low + value.high) / 2;
  const ahead = (values: readonly number[], name: string, unit: number) =>
    Object.fromEntries(
      Array.from({ length: periods }, (_, k) => [
        periods === 1 ? name : `${name}[${k}]`,
        (values[order.period + k] ?? 0) / unit,
      ]),
    );
  return {
    timeLeft: (periods - order.period) / periods,
    remaining: order.left / quantity,
    priceMove: move / (market.volatility * Math.sqrt(horizon)),
    displacement: order.displacement / (market.transientImpact * quantity),
    volatility: market.volatility / typical(config.volatility),
    spread: market.spread / typical(config.spread),
    permanentImpact: market.permanentImpact / typical(config.permanentImpact),
    transientImpact: market.transientImpact / typical(config.transientImpact?.impact ?? 1),
    resilience: market.resilience / typical(config.transientImpact?.resilience ?? 1),
    temporaryImpact: market.temporaryImpact[0]! / typical(config.temporaryImpact),
    ...(typeof config.temporaryImpact === 'object' &&
    (Array.isArray(config.temporaryImpact) || config.temporaryImpact.per === 'period')
      ? ahead(market.temporaryImpact, 'temporaryImpact', typical(config.temporaryImpact))
      : {}),
    ...(market.capacity ? ahead(market.capacity, 'capacity', quantity / periods) : {}),
  } as Record<string, number>;
}

const near = (actual: number, expected: number, scale: number, what: string) => {
  if (!(Math.abs(actual - expected) <= 3e-5 * scale + 1e-5 * Math.abs(expected))) {
    throw new Error(`${what}: ${actual}, expected ${expected}`);
  }
};

test('equals a broker’s account of the same orders, transition by transition', () => {
  const actions = fc.array(number(-0.2, 1.3), { minLength: 21, maxLength: 21 });
  fc.assert(
    fc.property(configs, actions, fc.integer({ min: 0, max: 99 }), (config, chosen, seed) => {
      tf.tidy(() => {
        const rows = 3;
        const { periods, quantity } = config;
        const definition = kind.create(config);
        const fields = definition.observationSpace.fields;
        const parameters = definition.parameters();
        const key = makeKey({ seed, phase: phases.check, rows });
        const resetKey = forUse(key, uses.reset);
        let state: Tensors = definition.reset(parameters, resetKey);
        const markets = marketsOf(config, resetKey);
        const orders = markets.map(() => openOrder(config));

        for (let step = 0; step < periods; step += 1) {
          const observed = definition.observe(parameters, state).arraySync();
          orders.forEach((order, row) => {
            const expected = lookAt(config, markets[row]!, order);
            fields.forEach(({ name }, index) => {
              near(observed[row]![index]!, expected[name]!, 1, `observed ${name}`);
            });
          });
          const action = Array.from({ length: rows }, (_, row) => chosen[step * rows + row]!);
          const stepKey = keyAt(key, tf.scalar(step, 'int32'));
          const noise = normal(stepKey, draws.noise).arraySync();
          const change = definition.transition(
            parameters,
            state,
            tf.tensor2d(action, [rows, 1]),
            stepKey,
          );
          state = change.state;
          const get = (name: string) => state[name]!.arraySync() as number[];
          const [reward, left, move, shortfall] = [
            change.reward.arraySync(),
            get('remaining'),
            get('priceMove'),
            get('shortfall'),
          ];
          orders.forEach((order, row) => {
            const expected = work(config, markets[row]!, order, action[row]!, noise[row]!);
            near(reward[row]!, expected, quantity * config.rewardScale, 'reward');
            near(left[row]!, order.left, quantity, 'remaining');
            near(move[row]!, order.price - config.arrivalPrice, 1, 'priceMove');
            near(shortfall[row]!, markedShortfall(config, order), quantity, 'shortfall');
          });
          expect(change.terminated.arraySync().map(Boolean)).toEqual(
            new Array(rows).fill(step === periods - 1),
          );
        }
        expect(Object.values((state.remaining as tf.Tensor1D).arraySync())).toEqual([0, 0, 0]);
        const measured = definition.measure!(parameters, state);
        expect(Object.keys(measured)).toEqual(Object.keys(definition.metrics));
        orders.forEach((order, row) => {
          for (const [name, value] of Object.entries(summarise(config, order))) {
            const actual = (tf.add(measured[name]!, tf.zeros([rows])).arraySync() as number[])[
              row
            ]!;
            near(actual, value, name.endsWith('Bps') ? 1e4 / 50 : quantity, name);
          }
        });
      });
    }),
    { numRuns: 150 },
  );
});

/** The return of fixed trades in a market without noise, and the observations met. */
function playTrades(overrides: object, trades: readonly number[]) {
  tf.engine().startScope();
  try {
    const config = executionSchema.parse({
      arrivalPrice: 1,
      volatility: 0,
      spread: 0,
      permanentImpact: 0,
      riskAversion: 0,
      ...overrides,
    });
    const definition = kind.create(config);
    const parameters = definition.parameters();
    const key = makeKey({ seed: 0, phase: phases.check, rows: 1 });
    let state: Tensors = definition.reset(parameters, forUse(key, uses.reset));
    const observations: number[][] = [];
    let total = 0;
    let left = config.quantity;
    for (const trade of trades) {
      observations.push(definition.observe(parameters, state).arraySync()[0]!);
      const change = definition.transition(
        parameters,
        state,
        tf.tensor2d([[left > 0 ? trade / left : 0]]),
        key,
      );
      total += change.reward.arraySync()[0]!;
      state = change.state;
      left -= trade;
    }
    return { total, observations, fields: definition.observationSpace.fields };
  } finally {
    tf.engine().endScope();
  }
}

/** Cost ½ Σ a x² in periods of length one: η = a/2. */
const pathPlanning = (
  a: readonly number[],
  capacity: readonly number[] | null,
  quantity: number,
) => ({
  quantity,
  periods: a.length,
  horizon: a.length,
  temporaryImpact: a.map((value) => value / 2),
  capacity,
});

test('path planning: the costs of the exact solutions', () => {
  expect(playTrades(pathPlanning([1, 2, 4], null, 7), [4, 2, 1]).total).toBeCloseTo(-14, 5);
  const capped = pathPlanning([1, 2, 4], [3, 10, 10], 7);
  const { total, observations, fields } = playTrades(capped, [3, 8 / 3, 4 / 3]);
  expect(total).toBeCloseTo(-91 / 6, 5);
  expect(playTrades(pathPlanning([1, 2, 4], [1, 2, 3], 6), [1, 2, 3]).total).toBeCloseTo(-22.5, 5);
  // Whatever is asked for, full capacities leave one choice.
  expect(playTrades(pathPlanning([1, 2, 4], [1, 2, 3], 6), [6, 0, 0]).total).toBeCloseTo(-22.5, 5);
  const volumes = [3, 2, 1, 2, 4];
  const vwap = pathPlanning(
    volumes.map((volume) => 1 / volume),
    null,
    12,
  );
  expect(playTrades(vwap, volumes).total).toBeCloseTo(-6, 5);
  expect(playTrades(vwap, [2.4, 2.4, 2.4, 2.4, 2.4]).total).toBeCloseTo(-7.44, 5);

  expect(fields.map(({ name }) => name)).toEqual([
    'timeLeft',
    'remaining',
    ...[0, 1, 2].map((k) => `temporaryImpact[${k}]`),
    ...[0, 1, 2].map((k) => `capacity[${k}]`),
  ]);
  const second = [2 / 3, 4 / 7, 2 * (3 / 7), 4 * (3 / 7), 0, 30 / 7, 30 / 7, 0];
  second.forEach((value, index) => expect(observations[1]![index]).toBeCloseTo(value, 5));
});

test('path planning: an order that no schedule can hold is refused with the shortfall', () => {
  const config = executionSchema.parse(pathPlanning([1, 2, 4], [1, 2, 3], 7));
  expect(() => kind.create(config)).toThrow(
    'env.capacity: the periods can take 6 shares in all, 1 fewer than the quantity 7',
  );
});

test('transient impact: the costs of Obizhaeva and Wang’s schedule', () => {
  const [quantity, trades, kappa, rho] = [1e5, 11, 1e-4, 2];
  const tau = 0.1;
  const overrides = {
    quantity,
    periods: trades,
    horizon: trades * tau,
    temporaryImpact: 0,
    transientImpact: { impact: kappa, resilience: rho },
  };
  const a = Math.exp(-rho * tau);
  const block = quantity / ((trades - 2) * (1 - a) + 2);
  const schedule = Array.from({ length: trades }, (_, k) =>
    k === 0 || k === trades - 1 ? block : block * (1 - a),
  );
  const cost = (0.5 * kappa * quantity ** 2 * (1 + a)) / ((trades - 2) * (1 - a) + 2);
  expect(-playTrades(overrides, schedule).total / cost).toBeCloseTo(1, 5);
});

test('bad lists and ranges are refused', () => {
  const make = (config: object) => () => kind.create(executionSchema.parse(config));
  expect(make({ temporaryImpact: [1, 2] })).toThrow(
    'env.temporaryImpact: 2 numbers for 5 periods; expected one a period',
  );
  expect(make({ marketVolume: [1, 2] })).toThrow('env.marketVolume: 2 numbers for 5 periods');
  expect(make({ volatility: { low: 2, high: 1 } })).toThrow(
    'env.volatility: low 2, high 1; expected 0 ≤ low ≤ high',
  );
  expect(make({ spread: { low: 0, high: 1, scale: 'log' } })).toThrow('expected 0 < low ≤ high');
  expect(make({ volatility: { low: 0, high: 1 } })).toThrow('must be positive');
});

test('steps through episode ends without leaking tensors', () => {
  const environment = defineEnvironment(
    kind.create(
      executionSchema.parse({
        temporaryImpact: { low: 1e-6, high: 4e-6, scale: 'log' },
        capacity: { low: 1e5, high: 5e5 },
        transientImpact: { impact: { low: 1e-8, high: 1e-7 }, resilience: 1 },
        volatility: { low: 0.5, high: 1 },
      }),
    ),
  );
  const parameters = environment.parameters();
  const key = makeKey({ seed: 0, phase: phases.check, rows: 4 });
  const action = tf.fill([4, 1], 0.3);
  let { state, observation } = environment.reset(parameters, key);
  const live = tf.memory().numTensors;
  for (let step = 0; step < 11; step += 1) {
    const result = environment.step(parameters, state, action, key);
    const { completion } = result.metrics;
    expect(completion!.arraySync()).toEqual(new Array(4).fill((step + 1) % 5 === 0 ? 1 : 0));
    const kept = new Set<tf.Tensor>([...Object.values(result.state), result.observation]);
    const spent = [
      ...Object.values(state),
      observation,
      result.finalObservation,
      result.reward,
      result.terminated,
      result.truncated,
      ...Object.values(result.metrics),
      ...(result.noise ? [result.noise] : []),
    ];
    spent.filter((tensor) => !kept.has(tensor)).forEach((tensor) => tensor.dispose());
    ({ state, observation } = result);
  }
  expect(tf.memory().numTensors).toBe(live);
});
