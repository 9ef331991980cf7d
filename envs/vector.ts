import * as tf from '@tensorflow/tfjs';

import { compile } from '../engine/compile/compile';
import { InputError } from '../engine/input-error';
import { disposeKey, type Key, makeKey, phases, uses } from '../engine/random';
import {
  cloneTree,
  disposeTree,
  keepTree,
  tidyTree,
  type Tensors,
  type TensorTree,
} from '../engine/tensors';
import { type ActionInput, toActionTensor } from './action-input';
import type { Environment, StepResult } from './environment';
import { type EnvironmentConfig, makeEnvironment } from './registry';
import { sampleAction } from './sample-action';
import { type BatchedSpace, batchSpace, type Box, type Space } from './space';

/** What `reset` and `step` tell beside the observation. A mask says in which rows an entry is filled. */
export interface VectorInfo {
  /** Discrete actions: the choices allowed in the next step, [B, Σ n] bool. */
  readonly actionMask?: tf.Tensor2D;
  /** [B, O] the last observation of the episodes that ended; the present observation in other rows. */
  readonly finalObservation?: tf.Tensor2D;
  /** [B] bool */
  readonly _finalObservation?: tf.Tensor1D;
  /** The metrics of the episodes that ended, each [B]; zero in other rows. */
  readonly finalInfo?: Tensors;
  /** [B] bool */
  readonly _finalInfo?: tf.Tensor1D;
  /** Added by `recordEpisodeStatistics`: return and length of the episodes that ended; zero in other rows. */
  readonly episode?: { readonly r: tf.Tensor1D; readonly l: tf.Tensor1D };
  /** [B] bool */
  readonly _episode?: tf.Tensor1D;
}

export interface VectorReset {
  /** [B, O] float32 */
  readonly observation: tf.Tensor2D;
  readonly info: VectorInfo;
}

export interface VectorStep extends VectorReset {
  /** [B] float32 */
  readonly reward: tf.Tensor1D;
  /** [B] bool */
  readonly terminated: tf.Tensor1D;
  /** [B] bool */
  readonly truncated: tf.Tensor1D;
}

/**
 * B = numEnvs environments side by side, with the names and the semantics of Gymnasium's vector
 * environments in SAME_STEP autoreset mode: in the step in which an episode ends, its row of
 * `observation` is already the next episode's first, and `info.finalObservation` its own last.
 *
 * The environment owns the tensors it returns: they are valid until the next `reset`, `step` or
 * `close`, whatever `tf.tidy` surrounds them, and need no disposal. `tf.clone` what must last longer.
 */
export interface VectorEnvironment {
  readonly id: string;
  readonly numEnvs: number;
  readonly singleObservationSpace: Box;
  readonly singleActionSpace: Space;
  readonly observationSpace: BatchedSpace<Box>;
  readonly actionSpace: BatchedSpace;
  /** The seed of the present sequence: what makes an unseeded run repeatable. */
  presentSeed(): number;
  /**
   * Starts an episode in every row. A seed (0 is one) restarts the random sequence; without one the
   * sequence goes on where it is, so that the new episodes differ from those before.
   */
  reset(options?: { readonly seed?: number }): VectorReset;
  /**
   * @param action tensor or arrays, in the action space's units: box [B, A], discrete [B],
   *   multi-discrete [B, heads]; an action tensor stays the caller's
   */
  step(action: ActionInput): VectorStep;
  /** Random allowed actions for the present states; the caller disposes of the tensor. */
  sampleActions(): tf.Tensor;
  /** Frees every tensor; nothing but another `close` may be called afterwards. */
  close(): void;
}

export interface VectorOptions {
  /** B, how many environments run side by side. */
  readonly numEnvs: number;
  /** Default: drawn at random; `presentSeed()` tells which. */
  readonly seed?: number;
}

/**
 * `make('market-making', { numEnvs: 1024, seed: 0, volatility: 2 })`: a registered environment behind
 * the vectorised front; what is not an option of the front is a parameter of the environment.
 */
export function make(
  id: string,
  options: VectorOptions & Record<string, unknown>,
): VectorEnvironment {
  const { numEnvs, seed, ...config } = options;
  const environment = makeEnvironment({ ...config, id } satisfies EnvironmentConfig);
  return vectorise(environment, seed === undefined ? { numEnvs } : { numEnvs, seed });
}

/** Puts the vectorised front before an environment of one's own. */
export function vectorise(environment: Environment, options: VectorOptions): VectorEnvironment {
  const { numEnvs } = options;
  if (!Number.isSafeInteger(numEnvs) || numEnvs < 1) {
    throw new InputError(`numEnvs: must be a whole number of at least 1, not ${numEnvs}`);
  }
  const { id, observationSpace, actionSpace } = environment;
  let seed = checkSeed(options.seed ?? Math.floor(Math.random() * 2 ** 32));
  let key = seededKey(seed, numEnvs);
  const parameters = keepTree(environment.parameters());
  const stepRows = compile(
    ({ rows, parameters: { environment: own, words, step } }: StepInput) =>
      environment.step(own, rows.state, rows.actions, {
        words,
        row: rows.row,
        step,
        use: uses.dynamics,
      }) as StepResult<Tensors> & Record<string, TensorTree>,
    { name: `step of ${id}`, fallback: 'eager' },
  );
  let stepCount = 0;
  let closed = false;
  /** What the last call returned, and the state it led to. */
  let present: { readonly state: Tensors; readonly returned: VectorReset } | undefined;

  const requireOpen = (): void => {
    if (closed) throw new InputError(`${id}: this environment is closed; make a new one`);
  };
  const requireState = () => {
    requireOpen();
    if (!present) throw new InputError(`${id}: call reset() before step() or sampleActions()`);
    return present;
  };
  /** Runs `work` with the key of step `stepCount` and replaces what the call before returned. */
  const advance = <Returned extends VectorReset>(
    work: (stepKey: Key) => { state: Tensors; returned: Returned },
  ): Returned => {
    const next = own(() => work({ ...key, step: tf.scalar(stepCount, 'int32') }));
    stepCount += 1;
    if (present) free(present);
    present = next;
    return next.returned;
  };

  return {
    id,
    numEnvs,
    singleObservationSpace: observationSpace,
    singleActionSpace: actionSpace,
    observationSpace: batchSpace(observationSpace, numEnvs),
    actionSpace: batchSpace(actionSpace, numEnvs),
    presentSeed: () => seed,
    reset: (resetOptions = {}) => {
      requireOpen();
      if (resetOptions.seed !== undefined) {
        seed = checkSeed(resetOptions.seed);
        disposeKey(key);
        key = seededKey(seed, numEnvs);
        stepCount = 0;
      }
      return advance((stepKey) => {
        const { state, observation, actionMask } = environment.reset(parameters, stepKey);
        return { state, returned: { observation, info: actionMask ? { actionMask } : {} } };
      });
    },
    step: (action) => {
      const { state } = requireState();
      return advance((stepKey) => {
        const actions = toActionTensor(action, actionSpace, numEnvs);
        const { words, row, step } = stepKey;
        const result = stepRows({
          rows: { state, actions, row },
          parameters: { environment: parameters, words, step },
        });
        const { observation, reward, terminated, truncated, finalObservation } = result;
        const done = tf.logicalOr(terminated, truncated) as tf.Tensor1D;
        const info: VectorInfo = {
          finalObservation,
          _finalObservation: done,
          finalInfo: result.metrics,
          _finalInfo: done,
          ...(result.actionMask ? { actionMask: result.actionMask } : {}),
        };
        return {
          state: result.state,
          returned: { observation, reward, terminated, truncated, info },
        };
      });
    },
    sampleActions: () => {
      const { info } = requireState().returned;
      return tf.tidy(() => {
        const step = tf.scalar(stepCount, 'int32');
        return sampleAction(actionSpace, { ...key, step, use: uses.action }, 0, info.actionMask);
      });
    },
    close: () => {
      if (closed) return;
      closed = true;
      disposeKey(key);
      disposeTree(parameters);
      if (present) free(present);
      present = undefined;
    },
  };
}

interface StepInput {
  readonly rows: {
    readonly state: Tensors;
    readonly actions: tf.Tensor;
    readonly row: tf.Tensor1D;
  };
  readonly parameters: {
    readonly environment: Tensors;
    readonly words: tf.Tensor1D;
    readonly step: tf.Tensor;
  };
}

/** The work's result in tensors of its own, which outlast every surrounding tidy. */
const own = <Result extends object>(work: () => Result): Result =>
  tidyTree(() => keepTree(cloneTree(work() as unknown as TensorTree))) as unknown as Result;

const free = (result: object): void => disposeTree(result as TensorTree);

function checkSeed(seed: number): number {
  if (Number.isSafeInteger(seed) && seed >= 0) return seed;
  throw new InputError(`seed: must be a whole number of at least 0, not ${seed}`);
}

/** The row is the environment's index, the step counts resets and steps since the seed. */
function seededKey(seed: number, rows: number): Key {
  const key = makeKey({ seed, phase: phases.training, rows, step: 0 });
  [key.words, key.row, key.step].forEach((tensor) => tf.keep(tensor));
  return key;
}
