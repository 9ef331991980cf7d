import * as tf from '@tensorflow/tfjs';

import { comparePolicies } from '../../../algorithms/evaluation/compare';
import { evaluatePolicies } from '../../../algorithms/evaluation/evaluate';
import { type EvaluatedPolicy, simulate } from '../../../algorithms/evaluation/simulate';
import { normal, uniform } from '../../../engine/random';
import { defineEnvironment, type EnvironmentDefinition } from '../../../envs/environment';
import { makeEnvironment } from '../../../envs/registry';
import { box, discrete } from '../../../envs/space';

/** Episode i lasts i mod 5 + 1 steps; the reward is 1 + action, the metrics its row and its noise. */
const definition: EnvironmentDefinition = {
  id: 'rows',
  observationSpace: box([
    { name: 'step', unit: 'steps', low: 0, high: 5, description: 'Steps so far.' },
  ]),
  actionSpace: discrete('none', 'Without effect.', ['a', 'b']),
  horizon: 5,
  truncates: false,
  metrics: {
    row: { unit: '1', description: 'Its row.' },
    noise: { unit: '1', description: 'Sum of its noise.', worst: 'high' },
  },
  parameters: () => ({}),
  reset: (_parameters, key) => ({
    row: tf.cast(key.row, 'float32'),
    step: tf.zerosLike(key.row),
    noise: tf.mul(normal(key, 0), 10),
  }),
  transition(_parameters, state, action, key) {
    const step = tf.add(state['step']!, tf.scalar(1, 'int32'));
    const last = tf.add(tf.mod(key.row, tf.scalar(5, 'int32')), tf.scalar(1, 'int32'));
    return {
      state: { ...state, step, noise: tf.add(state['noise']!, uniform(key, 0)) },
      reward: tf.add(1, tf.cast(action, 'float32')) as tf.Tensor1D,
      terminated: tf.greaterEqual(step, last) as tf.Tensor1D,
    };
  },
  observe: (_parameters, state) =>
    tf.expandDims(tf.cast(state['step']!, 'float32'), 1) as tf.Tensor2D,
  measure: (_parameters, state) => ({ row: state['row']!, noise: state['noise']! }),
};
const rows = defineEnvironment(definition);
const constant = (choice: number): EvaluatedPolicy => ({
  name: `always ${choice}`,
  kind: 'classical',
  act: ({ observation }) => tf.fill([observation.shape[0]], choice, 'int32'),
});
const options = { episodes: 23, seed: 0, phase: 'test' } as const;

beforeAll(() => tf.setBackend('cpu'));

describe('simulate', () => {
  it('counts the first episode of each row alone', async () => {
    const metrics = await simulate(rows, constant(0), options);
    const expected = Array.from({ length: 23 }, (_, episode) => (episode % 5) + 1);
    expect([...metrics['length']!]).toEqual(expected);
    expect([...metrics['return']!]).toEqual(expected);
    expect([...metrics['row']!]).toEqual(Array.from({ length: 23 }, (_, episode) => episode));
  });

  it.each([1, 4, 7, 22, 1000])('gives the same episodes in batches of %i', async (batch) => {
    const whole = await simulate(rows, constant(0), options);
    expect(await simulate(rows, constant(0), { ...options, batch })).toEqual(whole);
  });

  it('gives every policy the same noise', async () => {
    const one = await simulate(rows, constant(0), options);
    const other = await simulate(rows, constant(1), options);
    expect(other['noise']).toEqual(one['noise']);
    expect(other['return']).not.toEqual(one['return']);
  });

  it('has other noise in other streams and under other seeds, seed 0 included', async () => {
    const noiseOf = async (change: object) =>
      (await simulate(rows, constant(0), { ...options, ...change }))['noise'];
    const base = await noiseOf({});
    expect(await noiseOf({})).toEqual(base);
    expect(await noiseOf({ phase: 'validation' })).not.toEqual(base);
    expect(await noiseOf({ seed: 1 })).not.toEqual(base);
  });

  it('ends episodes that are truncated', async () => {
    const cartpole = makeEnvironment({ id: 'cartpole', steps: 12 });
    const metrics = await simulate(cartpole, constant(0), options);
    expect(metrics['return']).toEqual(metrics['length']);
    expect(Math.max(...metrics['length']!)).toBeLessThanOrEqual(12);
  });

  it('leaves no tensor behind', async () => {
    await simulate(rows, constant(0), options);
    const before = tf.memory().numTensors;
    await simulate(rows, constant(0), { ...options, batch: 5 });
    expect(tf.memory().numTensors).toBe(before);
  });

  it('refuses an environment without an end', async () => {
    const endless = defineEnvironment({ ...definition, horizon: null });
    await expect(simulate(endless, constant(0), options)).rejects.toThrow(/'rows' has no end/);
  });
});

describe('evaluatePolicies', () => {
  it('reports policies first, then baselines, with the differences of the pairs', async () => {
    const evaluation = await evaluatePolicies(rows, {
      ...options,
      policies: [constant(1)],
      baselines: [constant(0)],
      aggregates: [],
    });
    expect(Object.keys(evaluation)).toEqual([
      'env',
      'stream',
      'episodes',
      'seed',
      'policies',
      'comparisons',
    ]);
    expect(evaluation).toMatchObject({ env: 'rows', stream: 'test', episodes: 23, seed: 0 });
    expect(evaluation.policies.map(({ name }) => name)).toEqual(['always 1', 'always 0']);
    const [first] = evaluation.policies;
    expect(Object.keys(first!)).toEqual(['name', 'kind', 'metrics', 'aggregates']);
    expect(Object.keys(first!.metrics['return']!)).toEqual([
      'mean',
      'std',
      'stderr',
      'ci95',
      'quantiles',
      'expectedShortfall',
    ]);
    const { noise } = first!.metrics;
    expect(noise!.expectedShortfall).toBeGreaterThan(noise!.quantiles['0.95']!);
    // The noise is common: it differs by nothing at all.
    expect(evaluation.comparisons.find(({ metric }) => metric === 'noise')).toEqual({
      policy: 'always 1',
      baseline: 'always 0',
      metric: 'noise',
      meanDifference: 0,
      ci95: [0, 0],
    });
  });

  it('pairs the episodes', () => {
    const played = (name: string, values: number[]) => ({
      name,
      kind: 'classical' as const,
      metrics: { return: Float64Array.from(values) },
    });
    const [difference] = comparePolicies(
      [played('a', [1, 100, 1000])],
      [played('b', [0, 99, 999])],
    );
    expect(difference).toMatchObject({ meanDifference: 1, ci95: [1, 1] });
  });
});
