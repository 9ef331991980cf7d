import * as tf from '@tensorflow/tfjs';

import type { Tensors } from '../../engine/tensors';
import { optionsOf } from '../space';
import { isFinite, isTensorRecord, keyOf, randomAction, transit, type Trial } from './trial';

/** Shapes and types of everything that the author's functions return. */
export function checkContract(trial: Trial): void {
  const { definition, report, rows } = trial;
  const parameters = definition.parameters();
  checkParameters(trial, parameters);
  const key = keyOf(trial, 0);
  const state = definition.reset(parameters, key);
  checkState(trial, 'reset', state);
  const width = definition.observationSpace.fields.length;
  const observation = definition.observe(parameters, state);
  expectTensor(trial, 'observation', observation, [rows, width], 'float32');
  checkMask(trial, parameters, state);

  const action = randomAction(trial, parameters, state, key);
  const change = transit(trial, { parameters, state, action, key });
  checkState(trial, 'transition', change.state);
  expectSameLayout(trial, state, change.state);
  expectTensor(trial, 'reward', change.reward, [rows], 'float32');
  expectTensor(trial, 'terminated', change.terminated, [rows], 'bool');
  if (change.truncated) expectTensor(trial, 'truncated', change.truncated, [rows], 'bool');
  if (change.noise) expectTensor(trial, 'noise', change.noise, [rows], 'float32');
  if (definition.truncates !== (change.truncated !== undefined)) {
    report(
      'truncation',
      definition.truncates
        ? 'truncates is true, but transition returns no truncated'
        : 'transition returns truncated, but truncates is false',
    );
  }
  checkMetrics(trial, definition.measure?.(parameters, change.state) ?? {});
}

function checkParameters({ definition, report }: Trial, parameters: Tensors): void {
  for (const [name, value] of Object.entries(parameters)) {
    if (!(value instanceof tf.Tensor)) {
      report(
        'parameters',
        `parameters().${name} is a ${typeof value}; make it a tensor, tf.scalar(…)`,
      );
    } else if (value.dtype !== 'float32') {
      report('parameters', `parameters().${name} is ${value.dtype}; expected float32`);
    }
  }
  const again = definition.parameters();
  const shared = Object.keys(parameters).find((name) => parameters[name] === again[name]);
  if (shared !== undefined) {
    report('parameters', `parameters().${shared} is the same tensor on each call; make a new one`);
  }
}

function checkState({ report, rows }: Trial, source: string, state: unknown): void {
  if (!isTensorRecord(state)) {
    report('state', `${source} must return a state of named tensors, and nothing else in it`);
    return;
  }
  for (const [name, { shape }] of Object.entries(state)) {
    if (shape[0] !== rows) {
      const got = `[${shape.join(', ')}]`;
      report(
        'state',
        `state.${name} after ${source} is ${got}; expected the batch, ${rows}, in front`,
      );
    }
  }
}

function expectSameLayout({ report }: Trial, first: Tensors, next: Tensors): void {
  const layout = (state: Tensors, name: string): string => {
    const tensor = state[name];
    return tensor ? `${tensor.dtype} [${tensor.shape.join(', ')}]` : 'missing';
  };
  for (const name of new Set([...Object.keys(first), ...Object.keys(next)])) {
    const [before, after] = [layout(first, name), layout(next, name)];
    if (before === after) continue;
    report('state', `state.${name} is ${before} after reset but ${after} after transition`);
  }
}

function expectTensor(
  { report }: Trial,
  name: string,
  value: tf.Tensor,
  shape: readonly number[],
  dtype: string,
): void {
  const expected = `expected ${dtype} [${shape.join(', ')}]`;
  if (!(value instanceof tf.Tensor)) {
    report(name, `${name} is not a tensor; ${expected}`);
  } else if (value.dtype !== dtype || value.shape.join() !== shape.join()) {
    report(name, `${name} is ${value.dtype} [${value.shape.join(', ')}]; ${expected}`);
  }
}

/** @returns nothing; reports a mask that has the wrong shape or forbids every choice of a head */
export function checkMask(trial: Trial, parameters: Tensors, state: Tensors): void {
  const { definition, report, rows } = trial;
  if (!definition.actionMask) return;
  const options = optionsOf(definition.actionSpace);
  if (options.length === 0) {
    report('mask', 'actionMask has no meaning for a box of real actions; remove it');
    return;
  }
  const width = options.reduce((sum, count) => sum + count, 0);
  const mask = definition.actionMask(parameters, state);
  expectTensor(trial, 'mask', mask, [rows, width], 'bool');
  if (mask.shape.join() !== [rows, width].join()) return;
  const empty = tf
    .split(mask, [...options], 1)
    .findIndex((head) => tf.any(tf.logicalNot(tf.any(head, 1))).dataSync()[0]);
  if (empty >= 0) report('mask', `actionMask forbids every choice of head ${empty} in some row`);
}

function checkMetrics(trial: Trial, measured: Tensors): void {
  const { definition, report, rows } = trial;
  const declared = Object.keys(definition.metrics);
  const missing = declared.filter((name) => !(name in measured));
  const undeclared = Object.keys(measured).filter((name) => !declared.includes(name));
  if (missing.length > 0) report('metrics', `measure returns no ${missing.join(', ')}`);
  if (undeclared.length > 0) report('metrics', `metrics do not declare ${undeclared.join(', ')}`);
  for (const [name, value] of Object.entries(measured)) {
    expectTensor(trial, `metrics.${name}`, value, [rows], 'float32');
    if (value instanceof tf.Tensor && !isFinite(value)) {
      report('metrics', `metrics.${name} is not finite after one step`);
    }
  }
}
