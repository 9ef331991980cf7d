import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';

import { InputError } from '../../engine/input-error';
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
import { assertEnvironment } from '../../envs/check';
import { draws, kind } from '../../envs/market-making';
import { type MarketMakingConfig, marketMakingSchema } from '../../envs/market-making/config';
import {
  advance,
  look,
  type Noise,
  openAccount,
  summarise,
  Undecided,
} from './market-making/reference';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const number = (min: number, max: number) =>
  fc.double({ min, max, noNaN: true, noDefaultInfinity: true });
const sometimes = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { freq: 2, nil: null });

const jumps = sometimes(
  fc.record({ rate: number(1, 20), mean: number(-0.3, 0.3), deviation: number(0, 0.5) }),
);
const initial = fc.constant(20);
const configs = fc
  .record({
    horizon: fc.constantFrom(0.5, 1),
    steps: fc.integer({ min: 1, max: 10 }),
    mid: fc.oneof(
      fc.record({ kind: fc.constant('constant'), initial }),
      fc.record({
        kind: fc.constant('brownian'),
        initial,
        volatility: number(0, 2),
        drift: fc.constantFrom(0, 0.7),
        increments: fc.constantFrom('gaussian', 'binomial'),
        jumps,
      }),
      fc.record({
        kind: fc.constant('geometric'),
        initial,
        volatility: number(0.01, 0.1),
        drift: number(-0.1, 0.1),
        jumps,
      }),
      fc.record({
        kind: fc.constant('ornstein-uhlenbeck'),
        initial,
        volatility: number(0.1, 2),
        reversion: number(0.1, 10),
        level: fc.constantFrom(0, -0.5),
        jumps,
      }),
    ),
    arrivals: fc.oneof(
      fc.record({ kind: fc.constant('poisson'), rate: number(0, 30) }),
      fc.record({
        kind: fc.constant('hawkes'),
        baseline: number(0.5, 10),
        jump: number(0, 10),
        decay: number(0.1, 20),
      }),
    ),
    fills: fc.oneof(
      fc.record({ kind: fc.constant('exponential'), decay: number(0.2, 3) }),
      fc.record({
        kind: fc.constant('power'),
        width: number(0.2, 2),
        exponent: fc.constantFrom(0.5, 1.5, 2),
      }),
      fc.record({ kind: fc.constant('triangular'), width: number(0.3, 3) }),
    ),
    inventory: fc.record({
      initial: fc.constantFrom([0, 0], [-1, 1], [1, 1]),
      maximum: fc.integer({ min: 1, max: 4 }),
      scale: sometimes(fc.constant(2)),
    }),
    depth: fc.constantFrom(
      { minimum: null, maximum: null },
      { minimum: 0, maximum: null },
      { minimum: null, maximum: 1.5 },
      { minimum: -0.2, maximum: 2 },
    ),
    actions: fc.oneof(
      fc.record({ kind: fc.constant('continuous'), centre: number(0, 1), scale: number(0.2, 1) }),
      fc.constant({ kind: 'grid', first: -0.1, tick: 0.2, levels: 5 }),
    ),
    fees: fc.record({
      maker: fc.constantFrom(0, -0.0005, 0.001),
      taker: fc.constantFrom(0, 0.002),
    }),
    tick: sometimes(fc.constantFrom(0.1, 0.25)),
    latency: fc.integer({ min: 0, max: 2 }),
    riskAversion: number(0.05, 0.5),
    reward: fc.oneof(
      fc.constant({ kind: 'pnl' }),
      fc.record({
        kind: fc.constant('inventory-penalty'),
        running: number(0, 1),
        terminal: fc.constantFrom(0, 0.3),
      }),
      fc.constant({ kind: 'exponential-utility' }),
    ),
    liquidation: fc.oneof(
      fc.constant({ kind: 'mark' }),
      fc.record({ kind: fc.constant('cross'), halfSpread: number(0, 0.5) }),
    ),
  })
  .filter((config) => marketMakingSchema.safeParse(config).success)
  .map((config) => marketMakingSchema.parse(config));

const rows = 6;

/** Plays an episode in every row and holds every step of it against the reference. */
function compareEpisode(config: MarketMakingConfig, seed: number, wild: number[]): number {
  const definition = kind.create(config);
  const parameters = definition.parameters();
  const base = makeKey({ seed, phase: phases.check, rows });
  const names = definition.observationSpace.fields.map(({ name }) => name);
  const near = (value: number, expected: number, what: string) => {
    if (!(Math.abs(value - expected) <= 2e-3 + 2e-4 * Math.abs(expected))) {
      throw new Error(`${what}: ${value}, reference ${expected}`);
    }
  };

  let state = definition.reset(parameters, forUse(base, uses.reset));
  const starts = [...state.inventory!.dataSync()];
  const [lowest, highest] = config.inventory.initial;
  starts.forEach((start) => expect(start >= lowest && start <= highest).toBe(true));
  const accounts = starts.map((start) => openAccount(config, start));
  const decided = accounts.map(() => true);

  const seeObservations = () => {
    const observation = definition.observe(parameters, state).arraySync();
    accounts.forEach((account, row) => {
      if (!decided[row]) return;
      const expected = look(config, account);
      expect(Object.keys(expected)).toEqual(names);
      names.forEach((name, column) => {
        const value = observation[row]![column]!;
        const wraps = name === 'tickPhase' && Math.abs(value - expected[name]!) > 0.9;
        near(value, expected[name]! + (wraps ? Math.sign(value - 0.5) : 0), name);
      });
    });
  };

  seeObservations();
  for (let step = 0; step < config.steps; step += 1) {
    const key = forUse(keyAt(base, tf.scalar(step, 'int32')), uses.dynamics);
    const actions = Array.from({ length: rows }, (_, row): [number, number] => {
      const raw = [0, 1].map((side) => wild[(step * rows + row) * 2 + side]!);
      const { actions: space } = config;
      return (
        space.kind === 'grid'
          ? raw.map((value) => Math.floor(value * (space.levels + 1)))
          : raw.map((value) => space.centre + space.scale * (4 * value - 2))
      ) as [number, number];
    });
    const orders = uniforms(key, draws.orders, 2).arraySync();
    const read = (tensor: tf.Tensor) => tensor.dataSync();
    const moveUniform = read(uniform(key, draws.move));
    const moveNormal = read(normal(key, draws.move));
    const jumpUniform = read(uniform(key, draws.jump));
    const jumpNormal = read(normal(key, draws.jumpSize));

    const type = config.actions.kind === 'grid' ? 'int32' : 'float32';
    const change = definition.transition(
      parameters,
      state,
      tf.tensor2d(actions, undefined, type),
      key,
    );
    state = change.state;
    const rewards = change.reward.dataSync();
    const inventories = state.inventory!.dataSync();
    expect([...change.terminated.dataSync()]).toEqual(
      Array<number>(rows).fill(step + 1 === config.steps ? 1 : 0),
    );
    accounts.forEach((account, row) => {
      if (!decided[row]) return;
      const noise: Noise = {
        orders: orders[row] as [number, number],
        moveUniform: moveUniform[row]!,
        moveNormal: moveNormal[row]!,
        jumpUniform: jumpUniform[row]!,
        jumpNormal: jumpNormal[row]!,
      };
      try {
        const reward = advance(config, account, actions[row]!, noise);
        near(rewards[row]!, reward, `reward at step ${step}`);
        near(inventories[row]!, account.inventory, `inventory at step ${step}`);
        near(state.move!.dataSync()[row]!, account.price - config.mid.initial, 'move');
      } catch (error) {
        if (!(error instanceof Undecided)) throw error;
        decided[row] = false;
      }
    });
    seeObservations();
  }
  const metrics = definition.measure!(parameters, state);
  expect(Object.keys(metrics)).toEqual(Object.keys(definition.metrics));
  accounts.forEach((account, row) => {
    if (!decided[row]) return;
    for (const [name, expected] of Object.entries(summarise(account))) {
      near(metrics[name]!.dataSync()[row]!, expected, name);
    }
  });
  return decided.filter(Boolean).length;
}

test('every step and metric equals the reference, in any combination of parts', () => {
  let played = 0;
  let compared = 0;
  fc.assert(
    fc.property(
      configs,
      fc.integer({ min: 0, max: 2 ** 40 }),
      fc.array(number(0, 0.999), { minLength: 2 * rows * 10, maxLength: 2 * rows * 10 }),
      (config, seed, wild) => {
        played += rows;
        compared += tf.tidy(() => tf.scalar(compareEpisode(config, seed, wild))).dataSync()[0]!;
      },
    ),
    { numRuns: 60 },
  );
  expect(compared).toBeGreaterThan(0.9 * played);
});

const create = (input: object) => {
  const config = marketMakingSchema.parse(input);
  return { config, definition: kind.create(config) };
};

test('a grid masks the levels that the bound of the inventory forbids', () => {
  const { definition } = create({
    inventory: { maximum: 2 },
    actions: { kind: 'grid', first: 0, tick: 0.5, levels: 2 },
  });
  expect(definition.actionSpace).toMatchObject({
    kind: 'multi-discrete',
    choices: [{ labels: ['0', '0.5', 'no quote'] }, { labels: ['0', '0.5', 'no quote'] }],
  });
  const mask = tf.tidy(() => {
    const parameters = definition.parameters();
    const state = definition.reset(parameters, makeKey({ seed: 0, phase: phases.check, rows: 3 }));
    return definition.actionMask!(parameters, {
      ...state,
      inventory: tf.tensor1d([-2, 0, 2]),
    }).arraySync();
  });
  expect(mask).toEqual([
    [1, 1, 1, 0, 0, 1],
    [1, 1, 1, 1, 1, 1],
    [0, 0, 1, 1, 1, 1],
  ]);
});

test('observation components can be hidden, and only those that exist', () => {
  const hawkes = { kind: 'hawkes', baseline: 1, jump: 0.5, decay: 1 };
  const names = (input: object) =>
    create(input).definition.observationSpace.fields.map(({ name }) => name);
  expect(names({ arrivals: hawkes })).toEqual([
    'inventory',
    'timeLeft',
    'bidIntensity',
    'askIntensity',
  ]);
  const { definition } = create({ arrivals: hawkes, hide: ['timeLeft', 'bidIntensity'] });
  expect(definition.observationSpace.fields.map(({ name }) => name)).toEqual([
    'inventory',
    'askIntensity',
  ]);
  const observation = tf.tidy(() => {
    const parameters = definition.parameters();
    const state = definition.reset(parameters, makeKey({ seed: 0, phase: phases.check, rows: 1 }));
    const intensity = tf.tensor2d([[2, 3]]);
    return definition.observe(parameters, { ...state, intensity }).arraySync();
  });
  expect(observation).toEqual([[0, 3]]);
  expect(() => names({ hide: ['price'] })).toThrow(InputError);
});

test('inconsistent configs are refused where they are wrong', () => {
  const pathsOf = (input: object) =>
    marketMakingSchema.safeParse(input).error?.issues.map(({ path }) => path.join('.'));
  expect(pathsOf({ inventory: { initial: [3, 1] } })).toEqual(['inventory.initial']);
  expect(pathsOf({ inventory: { initial: [0, 5], maximum: 4 } })).toEqual(['inventory.initial']);
  expect(pathsOf({ depth: { minimum: 1, maximum: 1 } })).toEqual(['depth.maximum']);
  expect(
    pathsOf({ depth: { maximum: 1 }, actions: { kind: 'grid', tick: 0.1, levels: 20 } }),
  ).toEqual(['actions']);
  expect(pathsOf({ volatility: 1 })).toEqual(['']);
});

test('an episode of utility returns 1 − exp(−γ·profit), and initial inventories are uniform', () => {
  const { config, definition } = create({
    steps: 20,
    inventory: { initial: [-2, 2] },
    reward: { kind: 'exponential-utility' },
  });
  const episodes = 1000;
  tf.tidy(() => {
    const parameters = definition.parameters();
    const base = makeKey({ seed: 3, phase: phases.check, rows: episodes });
    let state = definition.reset(parameters, forUse(base, uses.reset));
    const starts = [...state.inventory!.dataSync()];
    for (let q = -2; q <= 2; q += 1) {
      const share = starts.filter((start) => start === q).length / episodes;
      expect(Math.abs(share - 0.2)).toBeLessThan(4 * Math.sqrt(0.16 / episodes));
    }
    let total = tf.zeros([episodes]);
    for (let step = 0; step < config.steps; step += 1) {
      const key = forUse(keyAt(base, tf.scalar(step, 'int32')), uses.dynamics);
      const change = definition.transition(parameters, state, tf.ones([episodes, 2]), key);
      total = tf.add(total, change.reward);
      state = change.state;
    }
    const { profit } = definition.measure!(parameters, state);
    const expected = tf.sub(1, tf.exp(tf.mul(profit!, -config.riskAversion)));
    expect(tf.max(tf.abs(tf.sub(total, expected))).dataSync()[0]).toBeLessThan(1e-4);
  });
});

test.each([
  {},
  { mid: { kind: 'constant' }, actions: { kind: 'grid' }, latency: 1 },
  {
    mid: { kind: 'ornstein-uhlenbeck' },
    arrivals: { kind: 'hawkes', baseline: 50, jump: 5, decay: 10 },
    reward: { kind: 'exponential-utility' },
    tick: 0.05,
    latency: 2,
  },
])('passes the checker with %j', (input) => {
  assertEnvironment(create({ steps: 4, ...input }).definition);
});
