import * as tf from '@tensorflow/tfjs';
import '@tensorflow/tfjs-backend-wasm';

import { simulate } from '../../algorithms/evaluation/simulate';
import { initialiseFromSolver } from '../../algorithms/imitation';
import type { Moments } from '../../algorithms/normaliser';
import { trainedPolicy } from '../../algorithms/policies/trained-policy';
import {
  initialiseSchema,
  type LearnerConfig,
  policySchema,
  trainingSchema,
  trpoSchema,
  valueSchema,
} from '../../algorithms/schema';
import type { ClassicalPolicy } from '../../algorithms/solvers/policy';
import { findSolver } from '../../algorithms/solvers/registry';
import { createLearner } from '../../algorithms/training';
import { disposeTree, leavesOf, type Tensors } from '../../engine/tensors';
import { findKind, makeEnvironment, parseEnvironment } from '../../envs/registry';
import { bitsOf } from './reference';

beforeAll(() => tf.setBackend('wasm'));

const configOf = (environments: number, steps: number): LearnerConfig => ({
  policy: policySchema.parse({ hidden: [32] }),
  value: valueSchema.parse({ hidden: [16], fit: { kind: 'adam', minibatch: 256 } }),
  trpo: trpoSchema.parse({}),
  training: trainingSchema.parse({ environments, steps, discount: 1 }),
});

function open(env: { id: string }, solverName: string, config: LearnerConfig) {
  const { id, ...parameters } = parseEnvironment(env);
  const environment = makeEnvironment({ id, ...parameters });
  const solver = findSolver(solverName).create(findKind(id).id, parameters, environment.definition);
  return { environment, solver, learner: createLearner(environment, config) };
}

const mean = (values: Float64Array) =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

describe('initialiseFromSolver', () => {
  it('clones a continuous policy to the stated error, explores as told, and teaches the critic', async () => {
    const config = configOf(128, 5);
    const { environment, solver, learner } = open({ id: 'execution' }, 'almgren-chriss', config);
    const untrained = learner.initialise(0);
    const options = initialiseSchema.parse({
      from: 'almgren-chriss',
      tolerance: 0.03,
      rounds: 100,
      learningRate: 0.003,
      minibatch: 64,
      logStd: -0.7,
    })!;
    const errors: number[] = [];
    const before = tf.memory().numTensors;
    const { state, report } = await initialiseFromSolver(learner, solver, untrained, {
      seed: 0,
      options,
      onRound: (_, error) => errors.push(error),
    });
    expect(tf.memory().numTensors).toBe(before + leavesOf(state.tensors).length);
    expect(report.error).toBeLessThanOrEqual(0.03);
    expect(errors).toHaveLength(report.rounds);
    expect(errors.slice(0, -1).every((error) => error > 0.03)).toBe(true);
    expect(report.samples).toBe((report.rounds + options.criticIterations) * 128 * 5);
    const { logStd } = state.tensors.policy;
    expect([...logStd!.dataSync()]).toEqual([Math.fround(-0.7)]);
    expect(state.iteration).toBe(0);

    const clone = trainedPolicy(environment, learner.policy, state.tensors, {
      name: 'clone',
      observationClip: 10,
    });
    const played = await Promise.all(
      [clone, solver].map((policy) =>
        simulate(environment, policy, { episodes: 64, seed: 0, phase: 'test' }),
      ),
    );
    const [cost, least] = played.map((metrics) =>
      mean(metrics['return']!.map((total, episode) => metrics['returnNoise']![episode]! - total)),
    );
    expect(cost).toBeGreaterThanOrEqual(least! * (1 - 1e-5));
    expect(cost! / least! - 1).toBeLessThan(0.002);
    disposeTree([untrained.tensors, state.tensors]);
    learner.dispose();
    solver.dispose?.();
  });

  it('is the same policy however long the critic learns, and whatever it sees', async () => {
    const { learner, solver } = open({ id: 'execution' }, 'almgren-chriss', configOf(32, 5));
    const untrained = learner.initialise(0);
    const cloneWith = async (criticIterations: number) => {
      const options = initialiseSchema.parse({
        from: 'almgren-chriss',
        rounds: 2,
        criticIterations,
      })!;
      const request = { seed: 0, options };
      return (await initialiseFromSolver(learner, solver, untrained, request)).state;
    };
    const [short, long] = [await cloneWith(1), await cloneWith(6)];
    const next = learner.iterate(long, 0);
    const momentsOf = ({ tensors: { observations } }: typeof long) =>
      bitsOf([observations.mean, observations.variance]);
    for (const state of [long, next.state]) expect(momentsOf(state)).toBe(momentsOf(short));
    expect(bitsOf(leavesOf(long.tensors.policy))).toBe(bitsOf(leavesOf(short.tensors.policy)));
    disposeTree([untrained.tensors, short.tensors, long.tensors, next.state.tensors]);
    disposeTree(next.diagnostics);
    learner.dispose();
    solver.dispose?.();
  });

  it('normalises by the states of all levels to come', async () => {
    const env = (low: number, high: number) => ({
      ...{ id: 'execution', quantity: 12, volatility: 0, spread: 0, permanentImpact: 0 },
      ...{ riskAversion: 0, reward: 'shortfall', marketVolume: 100 },
      temporaryImpact: { low, high, scale: 'log' },
      capacity: 12,
    });
    const easy = open(env(0.75, 0.75), 'schedule', configOf(64, 5));
    const hard = open(env(0.25, 2), 'schedule', configOf(64, 5));
    const column = easy.environment.observationSpace.fields.findIndex(({ name }) =>
      name.startsWith('temporaryImpact'),
    );
    const untrained = easy.learner.initialise(3);
    const cloneWith = async (levels?: readonly Tensors[]) => {
      const options = initialiseSchema.parse({
        ...{ from: 'schedule', rounds: 2, criticIterations: 1 },
      })!;
      const request = { seed: 3, options, ...(levels ? { levels } : {}) };
      const cloned = await initialiseFromSolver(easy.learner, easy.solver, untrained, request);
      const { mean, variance, minimum, maximum } = cloned.state.tensors.observations as Moments;
      const [m, v, low, high] = [mean, variance, minimum, maximum].map(
        (tensor) => tensor.dataSync()[column]!,
      );
      disposeTree(cloned.state.tensors);
      return { m, v, low, high, samples: cloned.report.samples };
    };
    const levels = [easy.environment.parameters(), hard.environment.parameters()];
    const before = tf.memory().numTensors;
    const [alone, both] = [await cloneWith(), await cloneWith(levels)];
    expect(tf.memory().numTensors).toBe(before);
    expect(alone.samples).toBe(3 * 64 * 5);
    expect(both.samples).toBe(5 * 64 * 5);
    expect(alone.high! - alone.low!).toBeCloseTo(0, 6);
    expect(both.high! - both.low!).toBeGreaterThan(0.5);
    expect(both.v).toBeGreaterThan(0.01);
    expect(both.v).toBeLessThan((both.high! - both.low!) ** 2 / 4);
    disposeTree([untrained.tensors, levels]);
    [easy, hard].forEach(({ learner, solver }) => {
      learner.dispose();
      solver.dispose?.();
    });
  });

  it('clones masked and several choices', async () => {
    const config = configOf(64, 20);
    const env = { id: 'market-making', steps: 20, actions: { kind: 'grid', levels: 5, tick: 0.4 } };
    const { learner } = open(env, 'random', config);
    // Bids deep where the inventory is long, asks deep where it is short.
    const solver: ClassicalPolicy = {
      name: 'lean',
      kind: 'classical',
      act: ({ state }) =>
        tf.tidy(() => {
          const long = tf.greater(state['inventory']!, 0);
          const short = tf.less(state['inventory']!, 0);
          const level = (side: tf.Tensor) => tf.cast(tf.mul(tf.cast(side, 'int32'), 3), 'int32');
          return tf.stack([level(long), level(short)], 1);
        }),
    };
    const untrained = learner.initialise(1);
    const options = initialiseSchema.parse({
      from: 'lean',
      tolerance: 0.01,
      rounds: 60,
      learningRate: 0.01,
      minibatch: 128,
      criticIterations: 1,
    })!;
    const request = { seed: 1, options };
    const { state, report } = await initialiseFromSolver(learner, solver, untrained, request);
    expect(report.error).toBeLessThanOrEqual(0.01);

    const again = await initialiseFromSolver(learner, solver, untrained, request);
    expect(bitsOf(leavesOf(again.state.tensors))).toBe(bitsOf(leavesOf(state.tensors)));
    disposeTree([untrained.tensors, state.tensors, again.state.tensors]);
    learner.dispose();
  });
});

it('cloning takes smaller steps from round to round where a last step size is given', async () => {
  const { learner, solver } = open({ id: 'execution' }, 'almgren-chriss', configOf(32, 5));
  const untrained = learner.initialise(0);
  const weightsAfter = async (rounds: number, finalLearningRate: number | null) => {
    const options = initialiseSchema.parse({
      ...{ from: 'almgren-chriss', tolerance: 1e-9, criticIterations: 1 },
      ...{ rounds, learningRate: 0.01, finalLearningRate },
    })!;
    const { state } = await initialiseFromSolver(learner, solver, untrained, { seed: 0, options });
    const weights = leavesOf(state.tensors.policy).flatMap((leaf) => [...leaf.dataSync()]);
    disposeTree(state.tensors);
    return weights;
  };
  const one = await weightsAfter(1, 1e-12);
  const far = (weights: number[]) =>
    Math.max(...weights.map((weight, index) => Math.abs(weight - one[index]!)));
  expect(far(await weightsAfter(2, 1e-12))).toBeLessThan(1e-6);
  expect(far(await weightsAfter(2, null))).toBeGreaterThan(1e-3);
  disposeTree(untrained.tensors);
  learner.dispose();
  solver.dispose?.();
});

describe('a policy that corrects a solver', () => {
  it('begins at the solver, and its training moves the correction alone', async () => {
    const config = configOf(64, 5);
    const { environment, solver } = open({ id: 'execution' }, 'almgren-chriss', config);
    const learner = createLearner(environment, config, { residual: solver });
    const state = learner.initialise(0);
    const act = (tensors: typeof state.tensors) =>
      trainedPolicy(environment, learner.policy, tensors, {
        name: 'corrected',
        observationClip: 10,
        residual: solver,
      });
    const options = { episodes: 32, seed: 0, phase: 'test' } as const;
    const costOf = async (policy: Parameters<typeof simulate>[1]) => {
      const { return: total, returnNoise } = await simulate(environment, policy, options);
      return mean(total!.map((value, episode) => returnNoise![episode]! - value));
    };
    const optimum = await costOf(solver);
    // The last layer begins with a gain of 0.01.
    expect((await costOf(act(state.tensors))) / optimum).toBeCloseTo(1, 3);
    const { state: next, diagnostics } = learner.iterate(state, 0);
    expect(diagnostics).not.toHaveProperty('clippedFraction');
    expect((await costOf(act(next.tensors))) / optimum).toBeLessThan(1.02);
    disposeTree([state.tensors, next.tensors, diagnostics]);
    learner.dispose();
    solver.dispose?.();
  });
});
