import '@tensorflow/tfjs-backend-wasm';

import * as tf from '@tensorflow/tfjs';

import {
  avellanedaStoikovProblem,
  solveAvellanedaStoikov,
} from '../../../algorithms/solvers/avellaneda-stoikov';
import {
  expectedReturn,
  profitMoments,
  quoteModel,
} from '../../../algorithms/solvers/quote-evaluation';
import { quotesAt } from '../../../algorithms/solvers/quote-table';
import { findSolver, solvers } from '../../../algorithms/solvers/registry';
import { tabulatePolicy } from '../../../algorithms/solvers/tabulate-policy';
import { InputError } from '../../../engine/input-error';
import { disposeKey, forUse, keyAt, makeKey, phases, uses } from '../../../engine/random';
import { disposeTree, mapTrees, type Tensors } from '../../../engine/tensors';
import { kind } from '../../../envs/market-making';
import { marketMakingSchema } from '../../../envs/market-making/config';
import { withdrawnDepth } from '../../../envs/market-making/quotes';

beforeAll(async () => {
  // Many times faster than cpu at thousands of episodes.
  await tf.setBackend('wasm');
  await tf.ready();
});

const create = (name: string, input: object) => {
  const config = marketMakingSchema.parse(input);
  const definition = kind.create(config);
  return { config, definition, policy: findSolver(name).create(kind.id, config, definition) };
};

/** Plays one episode in each row; the metrics and the return, each [episodes]. */
function play(name: string, input: object, episodes: number, seed: number) {
  const { config, definition, policy } = create(name, input);
  const base = makeKey({ seed, phase: phases.check, rows: episodes });
  const parameters = definition.parameters();
  let carry = tf.tidy(() => ({
    state: definition.reset(parameters, forUse(base, uses.reset)),
    total: tf.zeros([episodes]),
  })) as { state: Tensors; total: tf.Tensor };
  for (let step = 0; step < config.steps; step += 1) {
    const { state, total } = carry;
    carry = tf.tidy(() => {
      const key = keyAt(base, tf.scalar(step, 'int32'));
      const action = policy.act({
        parameters,
        state,
        observation: definition.observe(parameters, state),
        ...(definition.actionMask ? { actionMask: definition.actionMask(parameters, state) } : {}),
        key: forUse(key, uses.action),
      });
      const change = definition.transition(parameters, state, action, forUse(key, uses.dynamics));
      // What passes through a step unchanged must outlive the state it came from.
      const next = mapTrees((leaf) => tf.clone(leaf!), change.state);
      return { state: next, total: tf.add(total, change.reward) };
    });
    disposeTree({ state, total });
  }
  const figures = tf.tidy(() => definition.measure!(parameters, carry.state));
  const values: Record<string, number[]> = { return: [...carry.total.dataSync()] };
  for (const [metric, tensor] of Object.entries(figures)) values[metric] = [...tensor.dataSync()];
  disposeTree([carry, figures, parameters]);
  disposeKey(base);
  policy.dispose?.();
  return { config, values };
}

function statistics(values: readonly number[]) {
  const count = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / count;
  const moment = (order: number) =>
    values.reduce((sum, value) => sum + (value - mean) ** order, 0) / count;
  const deviation = Math.sqrt(moment(2));
  return {
    mean,
    deviation,
    meanError: deviation / Math.sqrt(count),
    deviationError: Math.sqrt((moment(4) - moment(2) ** 2) / count) / (2 * deviation),
  };
}

const benchmark = {
  steps: 100,
  arrivals: { kind: 'poisson', rate: 10 },
  fills: { kind: 'exponential', decay: 1 },
  inventory: { initial: [-4, 4], maximum: 30 },
  depth: { minimum: 0, maximum: 10 },
  reward: { kind: 'inventory-penalty', running: 0.5, terminal: 0.001 },
};

test('simulated profits of Avellaneda–Stoikov quotes match their exact moments', () => {
  // A quarter of the paper's horizon, with its time step.
  const input = {
    horizon: 0.25,
    steps: 50,
    mid: { kind: 'brownian', volatility: 2, increments: 'binomial' },
    inventory: { maximum: 40 },
  };
  const { config, values } = play('avellaneda-stoikov', input, 20_000, 1);
  const exact = profitMoments(
    quoteModel(config),
    solveAvellanedaStoikov(avellanedaStoikovProblem(config)),
  );
  const profit = statistics(values.profit!);
  const inventory = statistics(values.finalInventory!);
  expect(Math.abs(profit.mean - exact.mean)).toBeLessThan(3.5 * profit.meanError);
  expect(Math.abs(profit.deviation - exact.deviation)).toBeLessThan(3.5 * profit.deviationError);
  expect(Math.abs(inventory.deviation - exact.inventoryDeviation)).toBeLessThan(
    3.5 * inventory.deviationError,
  );
  expect(values.return).toEqual(values.profit!.map((value) => expect.closeTo(value, 3)));
});

test.each([
  'gueant-lehalle',
  'cartea-jaimungal',
  'value-iteration',
  'cara-quotes',
  'fixed-depth',
  'no-quotes',
])('simulated returns of %s match their exact mean', (name) => {
  const { config, definition, policy } = create(name, benchmark);
  const table = tabulatePolicy(config, definition, (input) => policy.act(input));
  const exact = expectedReturn(quoteModel(config), table);
  const { mean, meanError } = statistics(play(name, benchmark, 5_000, 2).values.return!);
  expect(Math.abs(mean - exact)).toBeLessThan(3.5 * meanError);
});

test.each([1, 7])('the table of %i steps comes back through the policy', (steps) => {
  const { config, definition, policy } = create('avellaneda-stoikov', {
    steps,
    inventory: { maximum: 5 },
  });
  const solved = solveAvellanedaStoikov(avellanedaStoikovProblem(config));
  const table = tabulatePolicy(config, definition, (input) => policy.act(input));
  solved.bid.forEach((depth, index) => expect(table.bid[index]).toBeCloseTo(depth, 5));
  solved.ask.forEach((depth, index) => expect(table.ask[index]).toBeCloseTo(depth, 5));
});

test('on a grid the nearest level is quoted, and none at the bound', () => {
  const grid = {
    steps: 3,
    inventory: { maximum: 5 },
    depth: { minimum: 0 },
    actions: { kind: 'grid', first: 0.1, tick: 0.1, levels: 20 },
  };
  const { config, definition, policy } = create('avellaneda-stoikov', grid);
  const wanted = solveAvellanedaStoikov(avellanedaStoikovProblem(config));
  const table = tabulatePolicy(config, definition, (input) => policy.act(input));
  for (let step = 0; step < 3; step += 1) {
    for (let q = -5; q <= 5; q += 1) {
      const { bid, ask } = quotesAt(table, step, q);
      const onGrid = (depth: number) => Math.min(Math.max(Math.round(depth * 10) / 10, 0.1), 2);
      const exact = quotesAt(wanted, step, q);
      expect(bid).toBeCloseTo(q < 5 ? onGrid(exact.bid) : withdrawnDepth, 5);
      expect(ask).toBeCloseTo(q > -5 ? onGrid(exact.ask) : withdrawnDepth, 5);
    }
  }
  const { values } = play('no-quotes', grid, 50, 0);
  expect(values.turnover!.every((turnover) => turnover === 0)).toBe(true);
  expect(values.quotedSpread!.every((spread) => spread === 0)).toBe(true);
});

test.each(
  solvers
    .filter(({ environments }) => environments === 'any' || environments.includes(kind.id))
    .map(({ name }) => name),
)('%s plays every kind of market without leaking tensors', (name) => {
  const markets = [
    { mid: { kind: 'geometric' }, fills: { kind: 'power', width: 1, exponent: 2 } },
    {
      mid: { kind: 'ornstein-uhlenbeck' },
      arrivals: { kind: 'hawkes', baseline: 20, jump: 5, decay: 10 },
      reward: { kind: 'exponential-utility' },
    },
    {
      mid: { kind: 'constant' },
      fills: { kind: 'triangular', width: 2 },
      actions: { kind: 'grid', tick: 0.5, levels: 4 },
      latency: 1,
      tick: 0.1,
    },
  ];
  for (const market of markets) {
    const before = tf.memory().numTensors;
    const { values } = play(name, { steps: 4, inventory: { maximum: 3 }, ...market }, 20, 0);
    expect(tf.memory().numTensors).toBe(before);
    Object.values(values).forEach((column) => expect(column.every(Number.isFinite)).toBe(true));
  }
});

test('an unknown policy is answered with the nearest name', () => {
  expect(findSolver('symmetric').name).toBe('symmetric');
  expect(() => findSolver('avelaneda-stoikov')).toThrow(InputError);
  expect(() => findSolver('avelaneda-stoikov')).toThrow(/nearest is 'avellaneda-stoikov'/);
});
