import * as tf from '@tensorflow/tfjs';

import { disposeTree, type Tensors } from '../../engine/tensors';
import { checkMask } from './contract';
import { isFinite, keyOf, randomAction, type Trial } from './trial';

/** Slack for float32 rounding of a value at its bound. */
const slack = 1e-5;

/** The steps that are walked when an episode has no end of its own. */
const unboundedWalk = 100;

/**
 * Walks random episodes: observations stay in their bounds, rewards are finite, masks leave a
 * choice, and every row ends by the horizon but not before it began. Call it outside any tidy.
 */
export function checkEpisode(trial: Trial): void {
  const { definition, environment, report, rows, steps } = trial;
  const { horizon } = definition;
  const length = horizon === null || horizon > steps ? Math.min(unboundedWalk, steps) : horizon;
  const parameters = environment.parameters();
  const seen = new Set<string>();
  const reportOnce = (check: string, message: string): void => {
    if (!seen.has(check)) report(check, message);
    seen.add(check);
  };
  const ended = new Set<number>();
  let state = tf.tidy(() => {
    const first = environment.reset(parameters, keyOf(trial, 0));
    checkObservation({ ...trial, report: reportOnce }, first.observation, 'reset');
    return first.state;
  });
  for (let step = 1; step <= length; step += 1) {
    const before = state;
    state = tf.tidy(() => {
      const key = keyOf(trial, step);
      const watched: Trial = { ...trial, report: reportOnce };
      checkMask(watched, parameters, before);
      const action = randomAction(trial, parameters, before, key);
      const next = environment.step(parameters, before, action, key);
      checkObservation(watched, next.observation, `step ${step}`);
      checkObservation(watched, next.finalObservation, `step ${step}`);
      if (!isFinite(next.reward)) reportOnce('reward', `reward is not finite in step ${step}`);
      if (!isFinite(next.metrics)) reportOnce('metrics', `a metric is not finite in step ${step}`);
      const done = tf.logicalOr(next.terminated, next.truncated).dataSync();
      done.forEach((flag, row) => flag && ended.add(row));
      if (step === 1 && horizon !== 1 && ended.size === rows) {
        reportOnce('reset', 'every episode ends in its first step: reset returns a finished state');
      }
      return Object.fromEntries(
        Object.entries(next.state).map(([name, leaf]) => [name, tf.clone(leaf)]),
      ) as Record<string, tf.Tensor>;
    }) as Tensors;
    disposeTree(before);
  }
  disposeTree([state, parameters]);
  if (length === horizon && ended.size < rows) {
    report(
      'horizon',
      `${rows - ended.size} of ${rows} episodes had not ended after the horizon, ${horizon} steps`,
    );
  }
}

function checkObservation(trial: Trial, observation: tf.Tensor2D, when: string): void {
  const { fields } = trial.definition.observationSpace;
  const values = observation.dataSync();
  for (let index = 0; index < values.length; index += 1) {
    const value = values[index]!;
    const { name, low, high } = fields[index % fields.length]!;
    const margin = slack * Math.max(1, Math.abs(value));
    if (value >= low - margin && value <= high + margin) continue;
    trial.report(
      'observation',
      `observation '${name}' is ${value} at ${when}, outside its bounds [${low}, ${high}]`,
    );
    return;
  }
}
