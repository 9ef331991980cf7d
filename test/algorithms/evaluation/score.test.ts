import * as tf from '@tensorflow/tfjs';

import type { PlayedPolicy } from '../../../algorithms/evaluation/compare';
import { evaluatePolicies } from '../../../algorithms/evaluation/evaluate';
import { scorePolicies } from '../../../algorithms/evaluation/score';
import { simulate } from '../../../algorithms/evaluation/simulate';
import { findSolver } from '../../../algorithms/solvers/registry';
import { findKind, makeEnvironment, parseEnvironment } from '../../../envs/registry';

const played = (
  name: string,
  returns: readonly number[],
  noise?: readonly number[],
): PlayedPolicy => ({
  name,
  kind: 'classical',
  metrics: {
    return: Float64Array.from(returns),
    returnNoise: Float64Array.from(noise ?? returns.map(() => 0)),
  },
});

describe('scorePolicies', () => {
  it('is a ratio of sums, not a mean of ratios', () => {
    const naive = played('naive', [0, 0, 0]);
    const optimum = played('optimum', [1, 10, 0]);
    const { policies } = scorePolicies([played('policy', [1, 4, 0.5])], { naive, optimum });
    expect(policies[0]!.normalised!.value).toBeCloseTo(0.5, 12);
    expect(policies[0]!.gap.value).toBeCloseTo((11 - 5.5) / 3, 12);
  });

  it('leaves known chance out', () => {
    const naive = played('naive', [5, -7], [5, -7]);
    const optimum = played('optimum', [7, 1], [5, -1]);
    const policy = played('policy', [-3, 9], [-4, 8]);
    const [score] = scorePolicies([policy], { naive, optimum }).policies;
    expect(score!.normalised!.value).toBeCloseTo(0.5, 12);
    expect(score!.normalised!.ci95[0]).toBeCloseTo(0.5, 12);
    expect(score!.normalised!.ci95[1]).toBeCloseTo(0.5, 12);
  });

  it('gives the gap alone where the optimum gains nothing', () => {
    const same = [100, 200];
    const points = { naive: played('naive', same), optimum: played('optimum', same) };
    const [score] = scorePolicies([played('policy', [99, 197])], points).policies;
    expect(score!.normalised).toBeNull();
    expect(score!.gap.value).toBeCloseTo(2, 12);
  });

  it('scores losses as well: an optimum of greater cost than zero', () => {
    const naive = played('naive', [-10, -20]);
    const optimum = played('optimum', [-5, -10]);
    const { policies } = scorePolicies([naive, optimum, played('policy', [-6, -12])], {
      naive,
      optimum,
    });
    expect(policies.map(({ normalised }) => normalised!.value)).toEqual([0, 1, 0.8]);
  });
});

describe('the references of an environment', () => {
  beforeAll(() => tf.setBackend('cpu'));

  const create = (id: string, env: object) => {
    const { id: kindId, ...parameters } = parseEnvironment({ id, ...env });
    const kind = findKind(kindId);
    const environment = makeEnvironment({ id: kindId, ...parameters });
    const names = kind.references!(parameters)!;
    const policy = (name: string) =>
      findSolver(name).create(id, parameters, environment.definition);
    return { environment, names, policy };
  };

  it.each([
    ['execution', { volatility: 0.95 }, 'twap', 'almgren-chriss'],
    [
      'execution',
      { riskAversion: 0, temporaryImpact: { low: 1e-6, high: 4e-6 } },
      'twap',
      'schedule',
    ],
    [
      'execution',
      { transientImpact: { impact: 1e-6, resilience: 1 }, periods: 8 },
      'twap',
      'obizhaeva-wang',
    ],
    [
      'market-making',
      { reward: { kind: 'inventory-penalty', running: 0.5 }, steps: 20 },
      'fixed-depth',
      'value-iteration',
    ],
    ['market-making', { reward: { kind: 'pnl' }, steps: 20 }, 'no-quotes', 'value-iteration'],
  ])('%s %j: %s scores 0, %s 1', async (id, env, naive, optimum) => {
    const { environment, names, policy } = create(id, env);
    expect(names).toEqual({ naive, optimum });
    const [low, high, between] = [policy(naive), policy(optimum), policy('random')];
    const options = { episodes: 64, seed: 0, phase: 'test' } as const;
    const { score, policies } = await evaluatePolicies(environment, {
      ...options,
      policies: [between],
      baselines: [low],
      aggregates: [],
      references: { naive: low, optimum: high },
    });
    // The optimum is played for the score, and is no baseline.
    expect(policies.map(({ name }) => name)).toEqual(['random', naive]);
    expect(score).toMatchObject({ naive, optimum });
    const [random, lowest] = score!.policies;
    expect(lowest!.normalised!.value).toBe(0);
    expect(random!.normalised!.value).toBeLessThan(1);

    const { return: total, returnNoise } = await simulate(environment, high, options);
    const { return: other, returnNoise: otherNoise } = await simulate(environment, low, options);
    const mean = (values: Float64Array, noise?: Float64Array) =>
      values.reduce((sum, value, index) => sum + value - (noise?.[index] ?? 0), 0) / 64;
    const gain = mean(total!, returnNoise) - mean(other!, otherNoise);
    expect(gain).toBeGreaterThan(0);
    expect(lowest!.gap.value).toBeCloseTo(gain, 8);
    [low, high, between].forEach((one) => one.dispose?.());
  });

  it.each([
    ['execution', { temporaryImpact: { low: 1e-6, high: 3e-6 } }],
    ['execution', { reward: 'shortfall' }],
    ['market-making', { latency: 1 }],
    ['market-making', { fees: { maker: 0.01 } }],
    ['market-making', { mid: { kind: 'brownian', drift: 1 } }],
  ])('are unknown for %s %j', (id, env) => {
    const { id: kindId, ...parameters } = parseEnvironment({ id, ...env });
    expect(findKind(kindId).references!(parameters)).toBeNull();
  });
});
