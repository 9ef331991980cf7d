import * as tf from '@tensorflow/tfjs';

import { compile, compilesHere } from '../../engine/compile/compile';
import { InputError } from '../../engine/input-error';
import { branch, scan } from '../../engine/loops';
import { disposeKey, forUse, type Key, makeKey, phases, uses } from '../../engine/random';
import { detach, disposeTree, type Tensors, tidyTree } from '../../engine/tensors';
import type { Environment } from '../../envs/environment';
import { compileReset, compileSteps } from '../compile-steps';
import type { EpisodeMetrics } from './aggregates';

/** What evaluation asks of a policy, trained or classical. */
export interface EvaluatedPolicy {
  readonly name: string;
  readonly kind: 'trained' | 'classical';
  /** Whether it draws its actions at random. Default false. */
  readonly stochastic?: boolean;
  /** Whether it reads tensors on the host, so that its episodes run eagerly. Default false. */
  readonly onHost?: boolean;
  /** One action a row, in the environment's units; whatever is random in it comes from the key. */
  act(input: {
    readonly parameters: Tensors;
    readonly state: Tensors;
    /** [B, O] */
    readonly observation: tf.Tensor2D;
    readonly actionMask?: tf.Tensor2D;
    readonly key: Key;
  }): tf.Tensor;
}

export interface SimulateOptions {
  readonly episodes: number;
  readonly seed: number;
  /** Which streams of noise: training's are never used here. */
  readonly phase: 'validation' | 'test';
  /** The most episodes that run side by side; the results do not depend on it. Default 8192. */
  readonly batch?: number;
}

/** Each row's first episode so far; a type, not an interface, so that it is a tree of tensors. */
type Progress = {
  readonly state: Tensors;
  /** [B, O] */
  readonly observation: tf.Tensor2D;
  /** [B] float32: 1 while the row's episode goes on, then 0. */
  readonly running: tf.Tensor1D;
  /** [B] sum of rewards. */
  readonly total: tf.Tensor1D;
  /** [B] the part of it that is known to be zero-mean chance. */
  readonly noise: tf.Tensor1D;
  /** [B] float32, exact up to 2^24 steps. */
  readonly length: tf.Tensor1D;
  /** The environment's own metrics, each [B]; zero until the episode has ended. */
  readonly metrics: Tensors;
};

/**
 * Plays the episodes 0 … n − 1 of a stream with one policy.
 *
 * The random numbers are keyed by (seed, phase, episode, step within the episode), so that every policy
 * meets the same noise, whatever the batch.
 * @returns each [episodes]: `return` (the undiscounted sum of rewards), `returnNoise` (the part of it that
 * the environment knows to be zero-mean chance), `length` (steps) and the environment's own metrics
 * @throws InputError if the environment has no end of its own
 */
export async function simulate(
  environment: Environment,
  policy: EvaluatedPolicy,
  options: SimulateOptions,
): Promise<EpisodeMetrics> {
  const { episodes, batch = 8192 } = options;
  const names = ['return', 'returnNoise', 'length', ...Object.keys(environment.metrics)];
  const columns = names.map(() => new Float64Array(episodes));
  const rows = Math.ceil(episodes / Math.ceil(episodes / batch));
  const parameters = environment.parameters();
  const compiles = compilesHere() && !policy.onHost;
  if (compiles) actOnce(environment, policy, parameters);
  // Steps between two looks at which rows still run; a step after a row's last counts for nothing.
  const stepsAtOnce = compiles ? Math.min(16, environment.horizon ?? 16) : 1;
  const played = policy.onHost
    ? compileSteps(environment)
    : { ...environment, reset: compileReset(environment) };
  const advanceRows = compileAdvance(played, policy, stepsAtOnce);
  try {
    for (let first = 0; first < episodes; first += rows) {
      const figures = playBatch(played, advanceRows, parameters, {
        ...options,
        first,
        rows,
        stepsAtOnce,
      });
      const data = await figures.data();
      figures.dispose();
      const wanted = Math.min(rows, episodes - first);
      columns.forEach((column, index) =>
        column.set(data.subarray(index * rows, index * rows + wanted), first),
      );
    }
  } finally {
    disposeTree(parameters);
  }
  return Object.fromEntries(names.map((name, index) => [name, columns[index]!]));
}

/** Runs one batch until every row's first episode has ended: [3 + metrics, B]. */
function playBatch(
  environment: Environment,
  advanceRows: ReturnType<typeof compileAdvance>,
  parameters: Tensors,
  options: SimulateOptions & {
    readonly first: number;
    readonly rows: number;
    readonly stepsAtOnce: number;
  },
): tf.Tensor2D {
  const { seed, phase, first, rows, stepsAtOnce } = options;
  const { horizon } = environment;
  if (horizon === null) {
    throw new InputError(
      `environment '${environment.id}' has no end: evaluation needs episodes of limited length; set a time limit`,
    );
  }
  const row = Int32Array.from({ length: rows }, (_, index) => first + index);
  const key = makeKey({ seed, phase: phases[phase], row });
  let progress = tidyTree<Progress>(() => {
    const { state, observation } = environment.reset(parameters, key);
    return detach<Progress>({
      state,
      observation,
      running: tf.ones([rows]),
      total: tf.zeros([rows]),
      noise: tf.zeros([rows]),
      length: tf.zeros([rows]),
      metrics: Object.fromEntries(
        Object.keys(environment.metrics).map((name) => [name, tf.zeros([rows])]),
      ),
    });
  });
  const { words, row: rowKey } = key;
  for (let step = 0, running = true; running && step < horizon; step += stepsAtOnce) {
    const previous = progress;
    progress = tidyTree(() =>
      detach(
        advanceRows({
          rows: { progress: previous, row: rowKey },
          parameters: { environment: parameters, words, step: tf.scalar(step, 'int32') },
        }),
      ),
    );
    disposeTree(previous);
    running = tf.tidy(() => tf.any(tf.cast(progress.running, 'bool')).dataSync()[0] !== 0);
  }
  const { total, noise, length, metrics } = progress;
  const figures = tf.stack([total, noise, length, ...Object.values(metrics)]) as tf.Tensor2D;
  disposeTree(progress);
  disposeKey(key);
  return figures;
}

/** Lets the policy make what it makes at its first call and keeps, such as a table, before it is recorded. */
export function actOnce(
  environment: Environment,
  policy: EvaluatedPolicy,
  parameters: Tensors,
): void {
  tf.tidy(() => {
    const key = makeKey({ seed: 0, phase: phases.check, rows: 1 });
    const input = { ...environment.reset(parameters, key), parameters };
    policy.act({ ...input, key: forUse(key, uses.action) });
  });
}

interface AdvanceInput {
  readonly rows: { readonly progress: Progress; readonly row: tf.Tensor1D };
  readonly parameters: {
    readonly environment: Tensors;
    readonly words: tf.Tensor1D;
    /** [] the first step's counter */
    readonly step: tf.Tensor;
  };
}

/** A few steps of every row as one program. The policy's own tensors stay the same as long as it plays. */
function compileAdvance(environment: Environment, policy: EvaluatedPolicy, steps: number) {
  const advanceRows = ({ rows, parameters }: AdvanceInput): Progress => {
    const { environment: environmentParameters, words, step } = parameters;
    return scan(
      (from: Progress, index) => {
        const key = { words, row: rows.row, step: tf.add(step, index), use: uses.dynamics };
        return {
          carry: advance(environment, policy, environmentParameters, from, key),
          output: {},
        };
      },
      rows.progress,
      steps,
    ).carry;
  };
  if (policy.onHost) return advanceRows;
  return compile(advanceRows, {
    name: `evaluation of ${policy.name}`,
    fallback: 'eager',
    captures: 'bind',
  });
}

/** One step of every row; only what belongs to a row's first episode is counted. */
function advance(
  environment: Environment,
  policy: EvaluatedPolicy,
  parameters: Tensors,
  from: Progress,
  key: Key,
): Progress {
  const { state, observation, running } = from;
  const actionMask = environment.actionMask?.(parameters, state);
  const action = policy.act({
    parameters,
    state,
    observation,
    ...(actionMask ? { actionMask } : {}),
    key: forUse(key, uses.action),
  });
  const next = environment.step(parameters, state, action, key);
  const done = environment.truncates
    ? tf.logicalOr(next.terminated, next.truncated)
    : next.terminated;
  const counts = tf.cast(running, 'bool');
  const metrics = branch<Tensors>(
    tf.any(done),
    () =>
      Object.fromEntries(
        Object.entries(from.metrics).map(([name, known]) => [
          name,
          tf.where(tf.logicalAnd(counts, done), next.metrics[name]!, known),
        ]),
      ),
    () => from.metrics,
  );
  return {
    state: next.state,
    observation: next.observation,
    running: tf.where(done, tf.zerosLike(running), running),
    total: tf.where(counts, tf.add(from.total, next.reward), from.total),
    noise: next.noise ? tf.where(counts, tf.add(from.noise, next.noise), from.noise) : from.noise,
    length: tf.add(from.length, running),
    metrics,
  };
}
