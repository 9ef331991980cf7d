import * as tf from '@tensorflow/tfjs';

import { estimateAdvantages } from '../algorithms/advantages';
import { createNetwork } from '../algorithms/policies/network';
import { createPolicy, type Policy } from '../algorithms/policies/policy';
import { rollout, startPosition } from '../algorithms/rollout';
import { policySchema, trpoSchema } from '../algorithms/schema';
import { fisherVectorProduct } from '../algorithms/trpo/fisher';
import { flatten } from '../algorithms/trpo/flat';
import { trpoUpdate } from '../algorithms/trpo/update';
import { fitByAdam, initialAdam } from '../algorithms/value/adam-fit';
import { initialMoments } from '../algorithms/normaliser';
import type { CompiledArguments } from '../engine/compile/compile';
import { iterate } from '../engine/loops';
import {
  type Key,
  makeKey,
  normals,
  permuteRows,
  phases,
  randomInteger,
  uniforms,
} from '../engine/random';
import { disposeTree, type Tensors, type TensorTree, tidyTree } from '../engine/tensors';
import type { Environment } from '../envs/environment';
import { environmentKinds, makeEnvironment } from '../envs/registry';
import { box } from '../envs/space';
import { benchmarkMarket, seed } from './market';
import type { ParityCase } from './parity';

/** Types the arguments of a case by what its inputs are. */
const parityCase = <Given extends CompiledArguments>(one: {
  name: string;
  tolerance: number;
  mostRows?: number;
  make(rows: number): Given;
  compute(given: Given): TensorTree;
}): ParityCase => one as unknown as ParityCase;

const unbounded = (name: string, count: number) =>
  Array.from({ length: count }, (_, index) => ({
    name: `${name}${index}`,
    unit: '',
    low: -Infinity,
    high: Infinity,
    centre: 0,
    scale: 1,
    description: name,
  }));

const keyOf = (rows: number): Key => makeKey({ seed, phase: phases.check, rows });

function policyOf(hidden: readonly number[]): Policy {
  return createPolicy(
    box(unbounded('observation', 4)),
    box(unbounded('action', 2)),
    policySchema.parse({ hidden }),
  );
}

/** Orthogonal weights, the same on every device. */
const initialise = (policy: Policy): Tensors =>
  tidyTree(() => {
    const key = keyOf(1);
    return policy.initialise((layer, rows, columns) => {
      const row = tf.range(0, rows, 1, 'int32') as tf.Tensor1D;
      return normals({ ...key, row }, layer, columns).dataSync() as Float32Array;
    });
  });

/** A batch with something to learn: the advantage falls with the distance of the action from a target. */
const makeBatch = (rows: number) =>
  tidyTree(() => {
    const key = keyOf(rows);
    const observation = normals(key, 20, 4);
    const action = normals(key, 21, 2);
    const target = tf.mul(0.3, tf.slice(observation, [0, 0], [rows, 2]));
    const missed = tf.sum(tf.squaredDifference(action, target), 1);
    return {
      observation: observation as tf.Tensor,
      action: action as tf.Tensor,
      advantage: tf.sub(2, missed) as tf.Tensor,
    };
  });

const fisher = (hidden: readonly number[], name: string, mostRows = Infinity): ParityCase => {
  const policy = policyOf(hidden);
  return parityCase({
    name,
    tolerance: 2e-5,
    mostRows,
    make: (rows) => {
      const weights = initialise(policy);
      const { observation, action, advantage } = makeBatch(rows);
      disposeTree([action, advantage]);
      return { rows: { observation }, parameters: { weights, vector: flatten(weights) } };
    },
    // Two after one forward pass, as in conjugate gradients.
    compute: ({ rows, parameters: { weights, vector } }) => {
      const multiply = fisherVectorProduct(
        policy,
        weights,
        [{ observation: rows.observation as tf.Tensor2D }],
        // Damping would hide errors behind a multiple of the vector.
        0,
      );
      return iterate(
        ({ at }: { at: tf.Tensor }) => ({ at: multiply(at as tf.Tensor1D) as tf.Tensor }),
        { at: vector as tf.Tensor },
        2,
        ({ at }) => tf.greater(tf.sum(tf.square(at)), 0),
      ).at;
    },
  });
};

const update = (): ParityCase => {
  const policy = policyOf([64, 64]);
  const options = trpoSchema.parse({ conjugateGradientIterations: 10, residualTolerance: 0 });
  return parityCase({
    name: 'TRPO update, 64 × 64',
    tolerance: 2e-3,
    make: (rows) => ({ rows: makeBatch(rows), parameters: initialise(policy) }),
    compute: ({ rows, parameters }) => {
      const batch = rows as unknown as Parameters<typeof trpoUpdate>[2];
      const { parameters: moved, diagnostics } = trpoUpdate(
        policy,
        parameters,
        batch,
        options,
        null as never,
      );
      const { kl, surrogateImprovement, lineSearchSteps, gradientNorm } = diagnostics;
      return [moved, kl, surrogateImprovement, lineSearchSteps, gradientNorm] as TensorTree;
    },
  });
};

const play = (
  name: string,
  environment: Environment,
  steps: number,
  mostRows = Infinity,
): ParityCase => {
  const policy = createPolicy(
    environment.observationSpace,
    environment.actionSpace,
    policySchema.parse({ hidden: [64, 64] }),
  );
  return parityCase({
    name,
    tolerance: 1e-4,
    mostRows,
    make: (rows) => {
      const { words, row, step } = keyOf(rows);
      const parameters = environment.parameters();
      const position = startPosition(environment, parameters, { words, row, step, use: 1 });
      return {
        rows: { position: position as TensorTree, row: row as tf.Tensor },
        parameters: {
          environment: parameters,
          policy: initialise(policy),
          moments: initialMoments(environment.observationSpace.fields.length) as Tensors,
          words: words as tf.Tensor,
          step,
        },
      };
    },
    compute: ({ rows, parameters }) =>
      rollout(
        environment,
        parameters.environment,
        {
          policy,
          parameters: parameters.policy,
          moments: parameters.moments as never,
          observationClip: 10,
        },
        rows.position as never,
        {
          words: parameters.words as tf.Tensor1D,
          row: rows.row as tf.Tensor1D,
          step: parameters.step,
          use: 0,
        },
        steps,
      ) as unknown as TensorTree,
  });
};

const minibatches = (): ParityCase => {
  const network = createNetwork({
    inputs: 4,
    hidden: [64, 64],
    outputs: 1,
    activation: 'tanh',
    outputGain: 1,
  });
  return parityCase({
    name: 'Adam on minibatches',
    tolerance: 1e-4,
    make: (rows) => {
      const { words } = keyOf(1);
      const { observation, action, advantage } = makeBatch(rows);
      disposeTree(action);
      const parameters = tidyTree(() =>
        network.initialise(
          (layer, count, columns) =>
            normals(
              { ...keyOf(1), row: tf.range(0, count, 1, 'int32') as tf.Tensor1D },
              30 + layer,
              columns,
            ).dataSync() as Float32Array,
        ),
      );
      return {
        rows: { observation, target: advantage },
        parameters: { parameters, state: initialAdam(parameters), words: words as tf.Tensor },
      };
    },
    compute: ({ rows, parameters: { parameters, state, words } }) =>
      fitByAdam(
        network,
        parameters as Tensors,
        state as never,
        { observation: rows.observation as tf.Tensor2D, target: rows.target as tf.Tensor1D },
        { learningRate: 1e-3, epochs: 2, minibatch: 96 },
        {
          words: words as tf.Tensor1D,
          row: tf.zeros([1], 'int32') as tf.Tensor1D,
          step: tf.scalar(3, 'int32'),
          use: 0,
        },
      ) as unknown as TensorTree,
  });
};

const advantages = (steps: number): ParityCase =>
  parityCase({
    name: 'advantages',
    tolerance: 1e-5,
    make: (rows) =>
      tidyTree(() => {
        const key = keyOf(rows);
        const numbers = (draw: number): tf.Tensor => tf.transpose(normals(key, draw, steps));
        const ends = (draw: number): tf.Tensor =>
          tf.less(tf.transpose(uniforms(key, draw, steps)), 0.1);
        return {
          series: {
            reward: numbers(40),
            value: numbers(41),
            nextValue: numbers(42),
            terminated: ends(43),
            truncated: ends(44),
          },
        };
      }),
    compute: ({ series }) => estimateAdvantages(series as never, 0.99, 0.95),
  });

const draws = (): ParityCase =>
  parityCase({
    name: 'random numbers',
    tolerance: 0,
    make: (rows) => {
      const { words, row } = keyOf(rows);
      return { rows: { row: row as tf.Tensor }, parameters: { words: words as tf.Tensor } };
    },
    compute: ({ rows: { row }, parameters: { words } }) => {
      const key: Key = {
        words: words as tf.Tensor1D,
        row: row as tf.Tensor1D,
        step: tf.scalar(5, 'int32'),
        use: 2,
      };
      return [
        normals(key, 0, 7),
        uniforms(key, 1, 5),
        randomInteger(key, 2, 1000),
        permuteRows(key, 3, 40_000),
      ];
    },
  });

/** Environments of many operations a step. */
const slowOnCpu = new Set(['trade-sequencing', 'limit-order-book']);

/** The programs that training consists of, networks of other widths, and every environment. */
export const parityCases = (): ParityCase[] => [
  draws(),
  advantages(9),
  fisher([64, 64], 'Fisher-vector product, 64 × 64'),
  fisher([128, 128], 'Fisher-vector product, 128 × 128'),
  fisher([256, 256, 256], 'Fisher-vector product, 256 × 256 × 256', 300),
  update(),
  // Episodes of four steps: they end and begin anew.
  play('rollout of the market of the figures', benchmarkMarket(4), 6),
  ...environmentKinds.map(({ id }) =>
    play(`rollout of ${id}`, makeEnvironment({ id }), 4, slowOnCpu.has(id) ? 300 : Infinity),
  ),
  minibatches(),
];
