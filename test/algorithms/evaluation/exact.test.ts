import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import * as tf from '@tensorflow/tfjs';

import { evaluateExactly } from '../../../algorithms/evaluation/exact';
import type { ExactQuotes } from '../../../algorithms/evaluation/exact-quotes';
import type { ExactSchedule } from '../../../algorithms/evaluation/exact-schedule';
import type { EvaluatedPolicy } from '../../../algorithms/evaluation/simulate';
import { findSolver } from '../../../algorithms/solvers/registry';
import { parseConfig } from '../../../configs/parse-config';
import { InputError } from '../../../engine/input-error';
import { findKind, makeFromKind } from '../../../envs/registry';

beforeAll(() => tf.setBackend('cpu'));

/** The environment of a config file, and policies for it. */
function open(name: string, overrides: readonly string[] = []) {
  const file = join(__dirname, '../../../configs', `${name}.yaml`);
  const { env } = parseConfig(readFileSync(file, 'utf8'), file, overrides);
  const { id, ...parameters } = env as { id: string };
  const kind = findKind(id);
  const environment = makeFromKind(kind, parameters);
  const subject = { kind, parameters, environment };
  const play = (solver: string) =>
    findSolver(solver).create(id, parameters, environment.definition);
  return { subject, play };
}

describe('quotes', () => {
  test('the learning benchmark', () => {
    const { subject, play } = open('market-making', ['env.inventory.maximum=30']);
    const policies = ['cartea-jaimungal', 'fixed-depth', 'no-quotes', 'random'].map(play);
    const exact = evaluateExactly(subject, policies) as ExactQuotes[];
    // Actions are drawn by `random`, whose table would be one draw of many: it is left out.
    expect(exact.map(({ policy }) => policy)).toEqual([
      'cartea-jaimungal',
      'fixed-depth',
      'no-quotes',
      'optimum',
    ]);
    const returns = exact.map(({ expectedReturn }) => expectedReturn);
    [5.15553, 2.22106, -3.34, 5.15607].forEach((known, index) =>
      expect(returns[index]).toBeCloseTo(known, 5),
    );
  });

  test('the simulation of Avellaneda and Stoikov (2008)', () => {
    const { subject, play } = open('avellaneda-stoikov', ['env.inventory.maximum=60']);
    const [skewed, symmetric] = evaluateExactly(
      subject,
      ['avellaneda-stoikov', 'symmetric'].map(play),
    ) as ExactQuotes[];
    expect(skewed!.profit.mean).toBeCloseTo(64.8925, 3);
    expect(skewed!.profit.std).toBeCloseTo(6.5432, 3);
    expect(skewed!.finalInventory.std).toBeCloseTo(2.9268, 3);
    expect(skewed!.certaintyEquivalent).toBeCloseTo(62.787, 2);
    expect(skewed!.expectedReturn).toBeCloseTo(skewed!.profit.mean, 9);
    expect(symmetric!.profit.mean).toBeCloseTo(68.2228, 3);
    expect(symmetric!.profit.std).toBeCloseTo(13.4558, 3);
    expect(symmetric!.finalInventory.std).toBeCloseTo(8.3994, 3);
  });

  test('there is no optimum to compare with where depths have an upper bound or a grid', () => {
    for (const change of ['env.depth.maximum=3', 'env.actions={kind: grid}']) {
      const { subject, play } = open('market-making', [change, 'env.inventory.maximum=5']);
      const exact = evaluateExactly(subject, [play('fixed-depth')]);
      expect(exact.map(({ policy }) => policy)).toEqual(['fixed-depth']);
    }
  });
});

describe('schedules', () => {
  test('the example of Almgren and Chriss (2000)', () => {
    const { subject, play } = open('almgren-chriss');
    const live = tf.memory().numTensors;
    const solvers = ['almgren-chriss', 'twap'].map(play);
    const [found, even, optimum] = evaluateExactly(subject, solvers) as ExactSchedule[];
    solvers.forEach((solver) => solver.dispose?.());
    expect(tf.memory().numTensors).toBe(live);
    for (const { expectedCost, variance, utility, holdings } of [found!, optimum!]) {
      expect(expectedCost / 911_226.99).toBeCloseTo(1, 6);
      expect(Math.sqrt(variance) / 603_430.67).toBeCloseTo(1, 6);
      expect(utility / 1_275_355.56).toBeCloseTo(1, 7);
      [1_000_000, 541_956, 289_854, 147_897, 62_142, 0].forEach((known, k) =>
        expect(Math.abs(holdings[k]! - known)).toBeLessThan(1),
      );
    }
    expect(found!.utilityRatio).toBeCloseTo(1, 7);
    expect(found!.largestDeviation).toBeLessThan(1e-6);
    // E = ½γX² + εX + η̃X²/(τN) and V = σ²τX²Σ(1 − k/N)² by hand.
    const utility = 662_500 + 1e-6 * 0.95 ** 2 * 1e12 * (0.64 + 0.36 + 0.16 + 0.04);
    expect(even!.utility / utility).toBeCloseTo(1, 6);
    expect(even!.utilityRatio).toBeCloseTo(utility / optimum!.utility, 6);
    expect(even!.largestDeviation).toBeCloseTo(0.310146, 5);
  });

  test('a policy that observes the price sees its own impact and no noise', () => {
    const { subject } = open('almgren-chriss');
    const names = subject.environment.observationSpace.fields.map(({ name }) => name);
    const seen: number[] = [];
    const watcher: EvaluatedPolicy = {
      name: 'watcher',
      kind: 'classical',
      act: ({ observation }) => {
        seen.push(observation.dataSync()[names.indexOf('priceMove')]!);
        return tf.fill([1, 1], 0.5);
      },
    };
    const [figures] = evaluateExactly(subject, [watcher]) as ExactSchedule[];
    expect(figures!.holdings).toEqual([1e6, 5e5, 2.5e5, 1.25e5, 6.25e4, 0]);
    const moves = [0, 5e5, 7.5e5, 8.75e5, 9.375e5].map((sold) => -2.5e-7 * sold);
    moves.forEach((move, k) => expect(seen[k]).toBeCloseTo(move / (0.95 * Math.sqrt(5)), 6));
  });

  test('capacities that are known leave the cost exact and the optimum unknown', () => {
    const { subject, play } = open('almgren-chriss', ['env.capacity=300000']);
    const exact = evaluateExactly(subject, [play('almgren-chriss')]) as ExactSchedule[];
    expect(exact).toHaveLength(1);
    expect(exact[0]).toMatchObject({ utilityRatio: null, largestDeviation: null });
    expect(exact[0]!.holdings[1]).toBeCloseTo(700_000, 0);
  });
});

test.each([
  ['market-making', 'env.latency=1', /latency/],
  ['execution-caps', 'env.capacity=null', /drawn at random/],
  ['execution-caps', 'env.temporaryImpact=1', /env\.capacity: drawn at random/],
  ['pendulum', 'env.gravity=10', /no exact figures for pendulum/],
] as const)('%s with %s has no exact figures', (name, override, reason) => {
  const { subject } = open(name, [override]);
  const policy = findSolver('random').create('', {}, subject.environment.definition);
  const still = { ...policy, stochastic: false };
  expect(() => evaluateExactly(subject, [still])).toThrow(InputError);
  expect(() => evaluateExactly(subject, [still])).toThrow(reason);
});
