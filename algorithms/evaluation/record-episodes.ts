import * as tf from '@tensorflow/tfjs';

import { compile, compilesHere } from '../../engine/compile/compile';
import { InputError } from '../../engine/input-error';
import { scan } from '../../engine/loops';
import { disposeKey, forUse, type Key, makeKey, phases, uses } from '../../engine/random';
import { detach, disposeTree, type Tensors, tidyTree, whereTree } from '../../engine/tensors';
import type { Environment } from '../../envs/environment';
import { actOnce, type EvaluatedPolicy, type SimulateOptions } from './simulate';

/** Numbers by moment, episode and component. */
export interface Track {
  readonly moments: number;
  readonly episodes: number;
  readonly width: number;
  /** [moments, episodes, width] */
  readonly values: Float32Array;
}

/** What is kept of the episodes; every leaf [B] or [B, k]. */
export interface Recorder {
  /** Of the first state. */
  start?(parameters: Tensors, state: Tensors): Tensors;
  /** Of each state, the first and the last among them. */
  moment?(parameters: Tensors, state: Tensors): Tensors;
  /** Of each step, before it happens. */
  move?(parameters: Tensors, state: Tensors, action: tf.Tensor): Tensors;
}

/** The episodes 0 … n − 1 of a stream, step by step: the first of those that an evaluation plays. */
export interface Recording {
  readonly policy: string;
  readonly episodes: number;
  /** Of the longest episode. */
  readonly steps: number;
  /** [episodes] steps; from its end on an episode's last state stays, its actions mean nothing and its rewards are 0. */
  readonly lengths: Float64Array;
  /** Each of one moment. */
  readonly start: Readonly<Record<string, Track>>;
  /** Each of steps + 1 moments. */
  readonly moments: Readonly<Record<string, Track>>;
  /** Each of `steps` moments. */
  readonly moves: Readonly<Record<string, Track>>;
  /** [steps, episodes, A] in the action's units. */
  readonly action: Track;
  /** [steps, episodes] */
  readonly reward: Track;
}

/** A type, not an interface, so that it is a tree of tensors. */
type Progress = {
  readonly state: Tensors;
  /** [B] float32: 1 while the episode goes on, then 0. */
  readonly running: tf.Tensor1D;
};

type Kept = {
  readonly moment: Tensors;
  readonly move: Tensors;
  readonly action: tf.Tensor;
  readonly reward: tf.Tensor;
  /** [B] 1 where the step counts. */
  readonly counts: tf.Tensor;
};

interface AdvanceInput {
  readonly rows: { readonly progress: Progress; readonly row: tf.Tensor1D };
  readonly parameters: {
    readonly environment: Tensors;
    readonly words: tf.Tensor1D;
    /** [] the first step's counter */
    readonly step: tf.Tensor;
  };
}

/** Tracks under way: by name, pieces of several moments. */
interface Pieces {
  width: number;
  readonly values: Float32Array[];
}

/**
 * Plays the episodes 0 … n − 1 with one policy, on the random numbers of `simulate`, and keeps what the
 * recorder asks for at every step.
 * @throws InputError if the environment has no end of its own
 */
export function recordEpisodes(
  environment: Environment,
  policy: EvaluatedPolicy,
  recorder: Recorder,
  { episodes, seed, phase }: Omit<SimulateOptions, 'batch'>,
): Recording {
  const { horizon, definition, id } = environment;
  if (horizon === null) {
    throw new InputError(`environment '${id}' has no end: what is recorded needs one`);
  }
  const parameters = environment.parameters();
  const row = Int32Array.from({ length: episodes }, (_, index) => index);
  const key = makeKey({ seed, phase: phases[phase], row });
  const compiles = compilesHere() && !policy.onHost;
  if (compiles) actOnce(environment, policy, parameters);
  const stepsAtOnce = compiles ? Math.min(16, horizon) : 1;
  const advanceRows = compileAdvance(environment, policy, recorder, stepsAtOnce);

  const first = tidyTree(() => {
    const state = definition.reset(parameters, forUse(key, uses.reset));
    return detach({
      progress: { state, running: tf.ones([episodes]) } as Progress,
      start: recorder.start?.(parameters, state) ?? {},
      moment: recorder.moment?.(parameters, state) ?? {},
    });
  });
  const kept = new Map<string, Pieces>();
  keep(kept, 'start', first.start, episodes);
  keep(kept, 'moment', first.moment, episodes);
  disposeTree([first.start, first.moment]);

  const lengths = new Float64Array(episodes);
  let progress = first.progress;
  for (let step = 0, goesOn = true; goesOn && step < horizon; step += stepsAtOnce) {
    const previous = progress;
    const next = tidyTree(() =>
      detach(
        advanceRows({
          rows: { progress: previous, row: key.row },
          parameters: { environment: parameters, words: key.words, step: tf.scalar(step, 'int32') },
        }),
      ),
    );
    progress = next.progress;
    const { moment, move, action, reward, counts } = next.kept;
    keep(kept, 'moment', moment, episodes);
    keep(kept, 'move', move, episodes);
    keep(kept, 'of', { action, reward }, episodes);
    counts.dataSync().forEach((count, index) => (lengths[index % episodes]! += count));
    disposeTree([previous, next.kept]);
    goesOn = progress.running.dataSync().some((running) => running !== 0);
  }
  disposeTree([progress, parameters]);
  disposeKey(key);

  const steps = lengths.reduce((most, length) => Math.max(most, length), 0);
  const tracksOf = (group: string, moments: number): Record<string, Track> =>
    Object.fromEntries(
      [...kept]
        .filter(([name]) => name.startsWith(`${group}/`))
        .map(([name, pieces]) => [
          name.slice(group.length + 1),
          joinPieces(pieces, moments, episodes),
        ]),
    );
  const { action, reward } = tracksOf('of', steps);
  return {
    policy: policy.name,
    episodes,
    steps,
    lengths,
    start: tracksOf('start', 1),
    moments: tracksOf('moment', steps + 1),
    moves: tracksOf('move', steps),
    action: action!,
    reward: reward!,
  };
}

export const valueAt = (
  { episodes, width, values }: Track,
  moment: number,
  episode: number,
  component = 0,
): number => values[(moment * episodes + episode) * width + component]!;

function compileAdvance(
  environment: Environment,
  policy: EvaluatedPolicy,
  recorder: Recorder,
  steps: number,
) {
  const advanceRows = ({ rows, parameters }: AdvanceInput) => {
    const { environment: environmentParameters, words, step } = parameters;
    const { carry, outputs } = scan(
      (from: Progress, index) => {
        const key: Key = { words, row: rows.row, step: tf.add(step, index), use: uses.dynamics };
        return advance(environment, policy, recorder, environmentParameters, from, key);
      },
      rows.progress,
      steps,
    );
    return { progress: carry, kept: outputs };
  };
  if (policy.onHost) return advanceRows;
  return compile(advanceRows, {
    name: `recording of ${policy.name}`,
    fallback: 'eager',
    captures: 'bind',
  });
}

/** One step of every row; a row whose episode is over stays as it is. */
function advance(
  { definition }: Environment,
  policy: EvaluatedPolicy,
  recorder: Recorder,
  parameters: Tensors,
  { state, running }: Progress,
  key: Key,
): { carry: Progress; output: Kept } {
  const actionMask = definition.actionMask?.(parameters, state);
  const action = policy.act({
    parameters,
    state,
    observation: definition.observe(parameters, state),
    ...(actionMask ? { actionMask } : {}),
    key: forUse(key, uses.action),
  });
  const change = definition.transition(parameters, state, action, forUse(key, uses.dynamics));
  const done = change.truncated
    ? tf.logicalOr(change.terminated, change.truncated)
    : change.terminated;
  const counts = tf.cast(running, 'bool');
  const next = whereTree<Tensors>(counts, change.state, state);
  return {
    carry: { state: next, running: tf.where(done, tf.zerosLike(running), running) },
    output: {
      moment: recorder.moment?.(parameters, next) ?? {},
      move: recorder.move?.(parameters, state, action) ?? {},
      action: tf.cast(action, 'float32'),
      reward: tf.where(counts, change.reward, tf.zerosLike(change.reward)),
      counts: running,
    },
  };
}

function keep(kept: Map<string, Pieces>, group: string, tensors: Tensors, episodes: number): void {
  for (const [name, tensor] of Object.entries(tensors)) {
    const values = Float32Array.from(tensor.dataSync());
    const path = `${group}/${name}`;
    const pieces = kept.get(path) ?? { width: widthOf(tensor, group, episodes), values: [] };
    pieces.values.push(values);
    kept.set(path, pieces);
  }
}

/** Of [B], [B, k], or with time in front. */
function widthOf(tensor: tf.Tensor, group: string, episodes: number): number {
  const isSeries = group === 'move' || group === 'of';
  return tensor.size / (episodes * (isSeries ? tensor.shape[0]! : 1));
}

function joinPieces({ width, values }: Pieces, moments: number, episodes: number): Track {
  const joined = new Float32Array(moments * episodes * width);
  let filled = 0;
  for (const piece of values) {
    const part = piece.subarray(0, joined.length - filled);
    joined.set(part, filled);
    filled += part.length;
  }
  return { moments, episodes, width, values: joined };
}
