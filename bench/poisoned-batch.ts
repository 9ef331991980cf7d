/**
 * What one poisoned batch does to a market maker: TRPO against an unconstrained policy-gradient step.
 *
 * TRPO trains for a while on the task of configs/market-making.yaml. Then a tenth of one batch's
 * advantages are multiplied by −1000, and two learners go on from there: TRPO, and plain gradient
 * ascent with a step size that keeps it well inside TRPO's trust region on sound batches (it learns
 * about as fast there: the dashed line). Both see the same observations, actions and poisoned
 * advantages at that iteration.
 *
 *   npm run -s build && node dist/bench/poisoned-batch.js
 *
 * Writes docs/poisoned-batch.svg and docs/poisoned-batch.json; about a minute and a half on one core.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import * as tf from '@tensorflow/tfjs';

import { policyGradientUpdate } from '../algorithms/policy-gradient';
import { policySchema, trainingSchema, trpoSchema, valueSchema } from '../algorithms/schema';
import { createLearner, readDiagnostics, type TrainingState } from '../algorithms/training';
import type { UpdatePolicy } from '../algorithms/training-programs';
import { type PolicyBatch, trpoUpdate } from '../algorithms/trpo/update';
import { startDevice } from '../engine/device';
import { cloneTree, disposeTree } from '../engine/tensors';
import { makeEnvironment } from '../envs/registry';
import { drawLines } from '../outputs/draw-lines';

const seed = 0;
const iterationsBefore = 30;
const iterationsAfter = 20;
const poison = { factor: -1000, every: 10 };
const stepSize = 0.1;
const trustRegion = 0.01;

const environment = makeEnvironment({
  id: 'market-making',
  horizon: 1,
  steps: 100,
  mid: { kind: 'brownian', initial: 100, volatility: 2 },
  arrivals: { kind: 'poisson', rate: 10 },
  fills: { kind: 'exponential', decay: 1 },
  inventory: { initial: [-4, 4], maximum: 100, scale: 4 },
  depth: { minimum: 0 },
  reward: { kind: 'inventory-penalty', running: 0.5, terminal: 0.001 },
});
const config = {
  policy: policySchema.parse({ hidden: [32, 32] }),
  value: valueSchema.parse({ hidden: [32, 32] }),
  trpo: trpoSchema.parse({ trustRegion }),
  training: trainingSchema.parse({ environments: 256, steps: 100 }),
};

/** Every tenth advantage −1000 times what it was, as from a reward of wrong sign and unit. */
function spoil(batch: PolicyBatch): PolicyBatch {
  const rows = batch.advantage.size;
  const factors = Float32Array.from({ length: rows }, (_, row) =>
    row % poison.every === 0 ? poison.factor : 1,
  );
  return { ...batch, advantage: tf.mul(batch.advantage, tf.tensor1d(factors)) as tf.Tensor1D };
}

const policyGradient: UpdatePolicy = (policy, parameters, batch, { chunk }) => {
  const update = policyGradientUpdate(policy, parameters, batch, { stepSize, chunk });
  // It takes every step there is: the learner refuses only what is not finite.
  const always = { accepted: tf.scalar(1), finite: tf.scalar(1) };
  return { ...update, diagnostics: { ...update.diagnostics, ...always } };
};

const onSpoiltBatch =
  (update: UpdatePolicy): UpdatePolicy =>
  (policy, parameters, batch, options, key) =>
    update(policy, parameters, spoil(batch), options, key);

interface Step {
  readonly iteration: number;
  /** Mean return of the episodes that ended in the iteration; its rollout precedes the update. */
  readonly return: number;
  /** KL of the iteration's update, nats. */
  readonly kl: number;
}

/** Iterations from a state, each with the update of its index; the states are disposed of on the way. */
async function train(
  start: TrainingState,
  iterations: number,
  updateAt: (index: number) => UpdatePolicy,
): Promise<{ steps: Step[]; state: TrainingState }> {
  const steps: Step[] = [];
  let state = start;
  for (let index = 0; index < iterations; index += 1) {
    const learner = createLearner(environment, config, { updatePolicy: updateAt(index) });
    const { state: next, diagnostics } = learner.iterate(state, seed);
    const numbers = await readDiagnostics(diagnostics);
    steps.push({ iteration: state.iteration, return: numbers['return']!, kl: numbers['kl']! });
    disposeTree([diagnostics, state.tensors]);
    learner.dispose();
    state = next;
  }
  return { steps, state };
}

async function main(): Promise<void> {
  const device = await startDevice('wasm');
  const learner = createLearner(environment, config);
  const before = await train(learner.initialise(seed), iterationsBefore, () => trpoUpdate);
  const continueWith = async (update: UpdatePolicy, isPoisoned: boolean): Promise<Step[]> => {
    const { iteration, tensors } = before.state;
    const start = { iteration, tensors: cloneTree(tensors) };
    const first = isPoisoned ? onSpoiltBatch(update) : update;
    const { steps, state } = await train(start, iterationsAfter, (i) => (i === 0 ? first : update));
    disposeTree(state.tensors);
    return steps;
  };
  const after = {
    trpo: await continueWith(trpoUpdate, true),
    policyGradient: await continueWith(policyGradient, true),
    policyGradientNotPoisoned: await continueWith(policyGradient, false),
  };
  disposeTree(before.state.tensors);
  learner.dispose();

  const report = {
    device: device.name,
    seed,
    trustRegion,
    stepSize,
    poison: { iteration: iterationsBefore, ...poison },
    klOnPoisonedBatch: { trpo: after.trpo[0]!.kl, policyGradient: after.policyGradient[0]!.kl },
    klOnSoundBatch: { policyGradient: after.policyGradientNotPoisoned[0]!.kl },
    before: before.steps,
    after,
  };
  const docs = join(process.cwd(), 'docs');
  writeFileSync(join(docs, 'poisoned-batch.json'), `${JSON.stringify(report, null, 2)}\n`);
  writeFileSync(join(docs, 'poisoned-batch.svg'), draw(before.steps, after));
  const { klOnPoisonedBatch, klOnSoundBatch } = report;
  console.log(JSON.stringify({ klOnPoisonedBatch, klOnSoundBatch }, null, 2));
}

function draw(before: Step[], after: Record<string, Step[]>): string {
  const points = (steps: readonly Step[] | undefined) =>
    steps!.map(({ iteration, return: y }) => ({ x: iteration, y }));
  return drawLines({
    title: 'One poisoned batch: mean return before and after',
    xLabel: 'iteration (25,600 steps each)',
    yLabel: 'mean return of the iteration’s episodes',
    marker: { x: iterationsBefore, label: 'poisoned batch' },
    lines: [
      { label: 'TRPO before', colour: '#555555', points: points([...before, after['trpo']![0]!]) },
      { label: 'TRPO, poisoned', colour: '#0b6bb3', points: points(after['trpo']) },
      {
        label: 'policy gradient, poisoned',
        colour: '#c0392b',
        points: points(after['policyGradient']),
      },
      {
        label: 'policy gradient, not poisoned',
        colour: '#9a9a9a',
        isDashed: true,
        points: points(after['policyGradientNotPoisoned']),
      },
    ],
  });
}

void main();
