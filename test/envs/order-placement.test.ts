import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';

import { forUse, keyAt, makeKey, phases, uniform, uniforms, uses } from '../../engine/random';
import type { Tensors } from '../../engine/tensors';
import { checkEnvironment } from '../../envs/check';
import { draws, kind } from '../../envs/order-placement';
import {
  longestAhead,
  type OrderPlacementConfig,
  orderPlacementSchema,
} from '../../envs/order-placement/config';
import { valuesOf } from '../../envs/order-placement/process';
import { makeEnvironment } from '../../envs/registry';
import {
  type Desk,
  type Luck,
  openDesk,
  processOf,
  summarise,
  tradeOnce,
  varying,
  type Varying,
} from './order-placement/reference';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

// Numbers a person might write, none so small that float32 loses them.
const number = (min: number, max: number) =>
  fc.double({ min, max, noNaN: true }).map((value) => Number(value.toFixed(5)));
const range = (min: number, max: number) =>
  fc.tuple(number(min, max), number(min, max)).map(([a, b]) => ({
    low: Math.min(a, b),
    high: Math.max(a, b),
  }));
const chain = (min: number, max: number) =>
  fc.record({
    values: fc.array(number(min, max), { minLength: 1, maxLength: 3 }),
    persistence: fc.constantFrom(0, 0.5, 1),
  });
const process = (min: number, max: number) =>
  fc.oneof(number(min, max), range(min, max), chain(min, max));

const configs = fc
  .record({
    quantity: fc.integer({ min: 1, max: 3 }),
    steps: fc.integer({ min: 1, max: 6 }),
    levels: fc.integer({ min: 1, max: 3 }),
    signal: process(-0.03, 0.03),
    spread: process(0, 0.03),
    imbalance: process(-1, 1),
    imbalanceDrift: number(-0.01, 0.01),
    fill: fc.record({
      probability: fc.oneof(number(0.3, 1), range(0.3, 1)),
      decay: fc.oneof(number(0.05, 1), range(0.05, 1)),
    }),
    adverseSelection: number(0, 0.02),
    volatility: number(0, 1),
    queue: fc.record({ length: fc.constantFrom(0, 0.7, 2), cancelRate: number(0, 0.6) }),
    unfinished: fc.oneof(
      fc.record({
        kind: fc.constant('cross'),
        penalty: number(0, 0.05),
        quadratic: fc.constantFrom(0, 0.01),
      }),
      fc.constant({ kind: 'abandon' }),
    ),
    fees: fc.record({
      maker: fc.constantFrom(0, -1e-4),
      taker: fc.constantFrom(0, 2e-4),
    }),
    latency: fc.constantFrom(0, 0, 0, 1, 2),
    reward: fc.constantFrom('shortfall', 'gain'),
  })
  .map((config) =>
    orderPlacementSchema.parse({ ...config, latency: Math.min(config.latency, config.steps - 1) }),
  );

const near = (actual: number, expected: number, what: string) => {
  if (!(Math.abs(actual - expected) <= 2e-5)) {
    throw new Error(`${what}: ${actual}, expected ${expected}`);
  }
};

type Keys = ReturnType<typeof makeKey>;

const columnOf = (key: Keys, draw: Parameters<typeof uniform>[1]): number[] =>
  Array.from(uniform(key, draw).dataSync());

/** The random numbers that each row of the environment meets, from the same key. */
function luckOf(config: OrderPlacementConfig, key: Keys): Luck[] {
  const longest = longestAhead(config);
  const cancels = longest > 0 ? uniforms(key, draws.cancels, longest).arraySync() : [];
  const [sellers, rounding, extra] = (['sellers', 'rounding', 'extra'] as const).map((name) =>
    columnOf(key, draws[name]),
  );
  const chains = varying.map(
    (name) => [name, columnOf(key, draws[name].value), columnOf(key, draws[name].stay)] as const,
  );
  return Array.from({ length: key.row.size }, (_, row) => ({
    sellers: sellers![row]!,
    rounding: rounding![row]!,
    extra: extra![row]!,
    chains: Object.fromEntries(
      chains.map(([name, value, stay]) => [name, [value[row]!, stay[row]!]]),
    ) as unknown as Luck['chains'],
    cancels: cancels[row] ?? [],
  }));
}

function startOf(config: OrderPlacementConfig, key: Keys): Desk[] {
  const values = varying.map((name) => [name, columnOf(key, draws[name].value)] as const);
  return Array.from({ length: key.row.size }, (_, row) =>
    openDesk(
      config,
      Object.fromEntries(values.map(([name, u]) => [name, u[row]!])) as Record<Varying, number>,
    ),
  );
}

const scaleOf = (config: OrderPlacementConfig, name: Varying): number =>
  Math.max(...valuesOf(processOf(config, name)).map(Math.abs)) || 1;

/** The observation by name, from the desk. */
function lookAt(config: OrderPlacementConfig, desk: Desk): Record<string, number> {
  const { levels, steps, quantity } = config;
  const depth = desk.order ? desk.bid - desk.order.price : -1;
  return {
    timeLeft: (steps - desk.step) / steps,
    inventoryLeft: (quantity - desk.held) / quantity,
    requiredPace: (quantity - desk.held) / (steps - desk.step),
    ...Object.fromEntries(varying.map((name) => [name, desk.now[name] / scaleOf(config, name)])),
    ...Object.fromEntries(
      Array.from({ length: levels }, (_, level) => [`restsAt[${level}]`, Number(level === depth)]),
    ),
    queueAhead: (desk.order?.ahead ?? 0) / longestAhead(config),
    ...Object.fromEntries(
      desk.line.flatMap((choice, turn) =>
        Array.from({ length: levels + 1 }, (_, other) => [
          `pending${turn + 1}[${other}]`,
          Number(choice === other),
        ]),
      ),
    ),
    constant: 1,
  };
}

test('equals a trader’s books of the same orders, transition by transition', () => {
  const actions = fc.array(fc.integer({ min: 0, max: 99 }), { minLength: 18, maxLength: 18 });
  fc.assert(
    fc.property(configs, actions, fc.integer({ min: 0, max: 99 }), (config, chosen, seed) => {
      tf.tidy(() => {
        const rows = 3;
        const definition = kind.create(config);
        const parameters = definition.parameters();
        const key = makeKey({ seed, phase: phases.check, rows });
        const resetKey = forUse(key, uses.reset);
        let state: Tensors = definition.reset(parameters, resetKey);
        const desks = startOf(config, resetKey);
        const firstSpreads = desks.map(({ now }) => now.spread);
        const totals = new Array<number>(rows).fill(0);
        const done = new Array<boolean>(rows).fill(false);

        for (let step = 0; step < config.steps; step += 1) {
          const observed = definition.observe(parameters, state).arraySync();
          desks.forEach((desk, row) => {
            if (done[row]) return;
            const expected = lookAt(config, desk);
            definition.observationSpace.fields.forEach(({ name }, index) => {
              near(observed[row]![index]!, expected[name]!, `observed ${name}`);
            });
          });
          const action = Array.from(
            { length: rows },
            (_, row) => chosen[step * rows + row]! % (config.levels + 2),
          );
          const stepKey = keyAt(key, tf.scalar(step, 'int32'));
          const luck = luckOf(config, stepKey);
          const change = definition.transition(
            parameters,
            state,
            tf.tensor1d(action, 'int32'),
            stepKey,
          );
          state = change.state;
          const reward = change.reward.arraySync();
          const terminated = change.terminated.arraySync();
          const measured = definition.measure!(parameters, state);
          expect(Object.keys(measured)).toEqual(Object.keys(definition.metrics));
          desks.forEach((desk, row) => {
            if (done[row]) return;
            const expected = tradeOnce(config, desk, firstSpreads[row]!, action[row]!, luck[row]!);
            near(reward[row]!, expected.reward, 'reward');
            expect(Boolean(terminated[row])).toBe(expected.done);
            done[row] = expected.done;
            totals[row]! += reward[row]!;
            if (!expected.done) return;
            const figures = summarise(config, desk);
            for (const [name, value] of Object.entries(figures)) {
              near((measured[name] as tf.Tensor1D).arraySync()[row]!, value, name);
            }
            near(
              totals[row]!,
              config.reward === 'gain' ? figures.gain! : -figures.shortfall!,
              'return',
            );
          });
        }
        expect(done).toEqual(new Array(rows).fill(true));
      });
    }),
    { numRuns: 60 },
  );
});

/** A step from the given one on, with all sorts of orders in the book. */
function stepSomewhere(overrides: object, step: number, choice: number, rows: number) {
  const definition = kind.create(orderPlacementSchema.parse(overrides));
  const parameters = definition.parameters();
  const key = makeKey({ seed: 3, phase: phases.check, rows });
  const whole = (draw: number, bound: number) => tf.floor(tf.mul(uniform(key, draw), bound));
  const depth = tf.sub(whole(90, 4), 1);
  const state = {
    ...definition.reset(parameters, forUse(key, uses.reset)),
    step: tf.fill([rows], step, 'int32'),
    remaining: tf.add(whole(91, 3), 1),
    depth,
    ahead: tf.mul(whole(92, 2), tf.cast(tf.greaterEqual(depth, 0), 'float32')),
  };
  return definition.transition(parameters, state, tf.fill([rows], choice, 'int32'), key);
}

test.each([
  { step: 7, choice: 0, config: {} },
  { step: 7, choice: 1, config: { queue: { length: 0 } } },
  { step: 7, choice: 2, config: { adverseSelection: 0.01 } },
  { step: 7, choice: 1, config: { reward: 'gain', adverseSelection: 0.01 } },
  { step: 19, choice: 3, config: { adverseSelection: 0.01, queue: { length: 0 } } },
  { step: 19, choice: 4, config: { reward: 'gain' } },
])(
  'the noise is zero on average, and a good part of the reward (step $step, $choice, $config)',
  (given) => {
    const rows = 40_000;
    tf.tidy(() => {
      const { reward, noise } = stepSomewhere(given.config, given.step, given.choice, rows);
      const { mean, variance } = tf.moments(noise!);
      const error = Math.sqrt(variance.dataSync()[0]! / rows);
      expect(error).toBeGreaterThan(0);
      expect(Math.abs(mean.dataSync()[0]!)).toBeLessThan(4 * error);
      const rest = tf.moments(tf.sub(reward, noise!)).variance.dataSync()[0]!;
      expect(rest).toBeLessThan(tf.moments(reward).variance.dataSync()[0]!);
    });
  },
);

test('an order keeps its place where it stays, and loses it where it goes', () => {
  tf.tidy(() => {
    const definition = kind.create(
      orderPlacementSchema.parse({
        signal: 0,
        imbalance: 0,
        spread: 0.02,
        volatility: 0,
        adverseSelection: 0,
        fill: { probability: 1, decay: 0 },
        queue: { length: 3, cancelRate: 0 },
      }),
    );
    const parameters = definition.parameters();
    const key = makeKey({ seed: 0, phase: phases.check, rows: 1 });
    let state: Tensors = definition.reset(parameters, key);
    const play = (choice: number) => {
      const change = definition.transition(parameters, state, tf.tensor1d([choice], 'int32'), key);
      state = change.state;
      return ['depth', 'ahead', 'remaining', 'cancels'].map((name) => state[name]!.dataSync()[0]);
    };
    expect(play(2)).toEqual([1, 2, 3, 0]);
    expect(play(2)).toEqual([1, 1, 3, 0]);
    expect(play(1)).toEqual([0, 2, 3, 1]);
    expect(play(1)).toEqual([0, 1, 3, 1]);
    expect(play(1)).toEqual([0, 0, 3, 1]);
    expect(play(1)).toEqual([-1, 0, 2, 1]);
    expect(play(3)).toEqual([2, 2, 2, 1]);
    expect(play(4)).toEqual([-1, 0, 2, 2]);
    expect(play(0)).toEqual([-1, 0, 1, 2]);
  });
});

test('masks: only what the config allows, and nothing but hold once all is bought', () => {
  tf.tidy(() => {
    const masksOf = (config: object, remaining: number[]) => {
      const definition = kind.create(orderPlacementSchema.parse({ levels: 2, ...config }));
      const state = { remaining: tf.tensor1d(remaining) } as unknown as Tensors;
      return definition
        .actionMask?.(definition.parameters(), state as never)
        .arraySync()
        .map((row) => row.map(Number));
    };
    expect(masksOf({}, [1])).toBeUndefined();
    expect(masksOf({ marketOrders: false }, [1])).toEqual([[0, 1, 1, 1]]);
    expect(masksOf({ waiting: false }, [2])).toEqual([[1, 1, 1, 0]]);
    expect(masksOf({ reward: 'gain' }, [2, 0])).toEqual([
      [1, 1, 1, 1],
      [0, 0, 0, 1],
    ]);
  });
});

test.each([
  { steps: 1, quantity: 1, queue: { length: 0 }, signal: { low: -0.02, high: 0.03 } },
  { steps: 1, quantity: 1, queue: { length: 0 }, signal: 0, spread: 0.01, imbalance: 0 },
  { reward: 'gain', latency: 2, fees: { maker: -1e-5, taker: 1e-4 }, waiting: false },
  { unfinished: { kind: 'abandon' }, imbalance: { low: -0.5, high: 0.5 }, marketOrders: false },
])('keeps the contract: %j', (config) => {
  expect(checkEnvironment(kind, { config })).toEqual([]);
});

test.each([
  [{ signal: { low: 1, high: 0 } }, 'env.signal: low 1, high 0; expected low ≤ high'],
  [{ spread: -0.01 }, 'env.spread: -0.01; expected at least 0'],
  [{ imbalance: { values: [0, 2] } }, 'env.imbalance: 2; expected from -1 to 1'],
  [{ fill: { probability: 1.5 } }, 'env.fill.probability: 1.5; expected from 0 to 1'],
  [{ latency: 2, steps: 2 }, 'env.latency: 2; expected less than the steps, 2'],
  [{ queue: { length: 50 } }, 'env.queue.length: an order can meet 75 others; expected at most 64'],
])('says what is wrong: %j', (config, message) => {
  expect(() => makeEnvironment({ id: 'order-placement', ...config })).toThrow(message);
});
