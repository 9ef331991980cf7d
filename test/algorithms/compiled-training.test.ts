import * as tf from '@tensorflow/tfjs';

import { policySchema, trainingSchema, trpoSchema, valueSchema } from '../../algorithms/schema';
import { createLearner, readDiagnostics, type TrainingState } from '../../algorithms/training';
import { findCompiler, setThreads } from '../../engine/compile/run/native';
import { startDevice } from '../../engine/device';
import { disposeTree, leavesOf } from '../../engine/tensors';
import { makeEnvironment } from '../../envs/registry';

const found = findCompiler();
const withCompiler = 'compiler' in found ? describe : describe.skip;
if ('reason' in found) console.warn(`compiled training is not tested: ${found.reason}`);

const environments = {
  'market making, Gaussian, Adam': {
    env: { id: 'market-making', steps: 6, inventory: { initial: [-2, 2], maximum: 5 } },
    fit: { kind: 'adam', epochs: 2, minibatch: 20 },
  },
  'cart-pole, categorical, truncated, trust region': {
    env: { id: 'cartpole', steps: 7 },
    fit: { kind: 'trust-region' },
  },
  'execution, random coefficients and caps, part of the rows': {
    env: {
      id: 'execution',
      periods: 5,
      quantity: 10,
      capacity: { low: 2, high: 4 },
      temporaryImpact: { low: 1, high: 2, per: 'period' },
    },
    fit: { kind: 'adam', epochs: 1, minibatch: 32 },
    fisherFraction: 0.5,
  },
} as const;

const learnerOf = ({
  env,
  fit,
  ...rest
}: {
  readonly env: object;
  readonly fit: object;
  readonly fisherFraction?: number;
}) =>
  createLearner(makeEnvironment(env as never), {
    policy: policySchema.parse({ hidden: [8, 8] }),
    value: valueSchema.parse({ hidden: [8], fit }),
    trpo: trpoSchema.parse(rest),
    training: trainingSchema.parse({ environments: 12, steps: 10 }),
  });

interface Outcome {
  readonly arrays: readonly (readonly number[])[];
  readonly figures: Record<string, number>;
  readonly live: readonly number[];
}

async function train(
  problem: Parameters<typeof learnerOf>[0],
  iterations: number,
): Promise<Outcome> {
  const learner = learnerOf(problem);
  let state: TrainingState = learner.initialise(0);
  await learner.prepare(state);
  let figures: Record<string, number> = {};
  const live: number[] = [];
  for (let iteration = 0; iteration < iterations; iteration += 1) {
    const next = learner.iterate(state, 0);
    figures = await readDiagnostics(next.diagnostics);
    disposeTree([state.tensors, next.diagnostics]);
    state = next.state;
    live.push(tf.memory().numTensors);
  }
  const arrays = leavesOf(state.tensors).map((tensor) => Array.from(tensor.dataSync()));
  disposeTree(state.tensors);
  learner.dispose();
  return { arrays, figures, live };
}

withCompiler('an iteration as compiled programs', () => {
  afterEach(() => setThreads(null));

  describe.each(Object.entries(environments))('%s', (_, problem) => {
    it('does what device cpu does, to rounding', async () => {
      await startDevice('cpu');
      const expected = await train(problem, 1);
      await startDevice('native');
      const actual = await train(problem, 1);
      expect(Object.keys(actual.figures)).toEqual(Object.keys(expected.figures));
      for (const [name, value] of Object.entries(expected.figures)) {
        if (name === 'conjugateGradientResidual') continue;
        const tolerance = 2e-3 * Math.max(1e-3, Math.abs(value));
        if (Number.isNaN(value)) expect(actual.figures[name]).toBeNaN();
        else expect(Math.abs(actual.figures[name]! - value)).toBeLessThanOrEqual(tolerance);
      }
      actual.arrays.forEach((numbers, place) => {
        const other = expected.arrays[place]!;
        expect(numbers.length).toBe(other.length);
        numbers.forEach((number, index) => {
          const value = other[index]!;
          if (!Number.isFinite(value)) expect(number).toBe(value);
          else
            expect(Math.abs(number - value)).toBeLessThanOrEqual(
              1e-3 * Math.max(1, Math.abs(value)),
            );
        });
      });
    });

    it('gives the same bits again, and with any number of threads; no tensor is left', async () => {
      await startDevice('native');
      const outcomes: Outcome[] = [];
      for (const threads of [1, 1, 2, 5]) {
        setThreads(threads);
        outcomes.push(await train(problem, 3));
      }
      for (const outcome of outcomes) {
        expect(outcome.arrays).toEqual(outcomes[0]!.arrays);
        expect(new Set(outcome.live).size).toBe(1);
      }
    });
  });
});
