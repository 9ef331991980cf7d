import * as tf from '@tensorflow/tfjs';

import { disposeTree, type Tensors } from '../../engine/tensors';
import { firstDifference, keyOf, outcomeOf, randomAction, takeSample, type Trial } from './trial';

/** The same inputs give the same results, and stay what they were. */
export function checkPurity(trial: Trial): void {
  const { definition, report } = trial;
  const parameters = definition.parameters();
  const key = keyOf(trial, 0);
  const resets = [definition.reset(parameters, key), definition.reset(parameters, key)] as const;
  const reset = firstDifference(...resets, 0);
  if (reset) report('determinism', `reset gives two results for one key: ${reset}`);

  const start = takeSample(trial, parameters, 0);
  const before = { parameters: valuesOf(parameters), state: valuesOf(start.state) };
  definition.transition(parameters, start.state, start.action, start.key);
  const untouched = [
    reportChanges(trial, 'parameters', parameters, before.parameters),
    reportChanges(trial, 'state', start.state, before.state),
  ];
  if (untouched.includes(false)) return;

  const sample = takeSample(trial, parameters);
  const difference = firstDifference(outcomeOf(trial, sample), outcomeOf(trial, sample), 0);
  if (difference) report('determinism', `transition gives two results for one key: ${difference}`);
}

/** The record's tensors as they are now, and copies of their values. */
const valuesOf = (tensors: Tensors) =>
  Object.entries(tensors).map(([name, tensor]) => ({
    name,
    tensor,
    values: Array.from(tensor.dataSync()),
  }));

/** @returns whether the record is what it was */
function reportChanges(
  { report }: Trial,
  role: string,
  after: Tensors,
  before: ReturnType<typeof valuesOf>,
): boolean {
  const faults = before.flatMap(({ name, tensor, values }) => {
    if (after[name] !== tensor) return [`replaces ${role}.${name} in the record it was given`];
    if (tensor.isDisposed) return [`disposes of ${role}.${name}, which it was given`];
    const same = tensor.dataSync().every((value, index) => Object.is(value, values[index]));
    return same ? [] : [`overwrites the values of ${role}.${name}, which it was given`];
  });
  faults.forEach((fault) => report('purity', `transition ${fault}`));
  return faults.length === 0;
}

const reads = ['dataSync', 'data', 'arraySync', 'array', 'bytes', 'buffer', 'bufferSync'] as const;

/** No function looks at a value on the host: choices are `tf.where`, or the engine's loops. */
export function checkHostReads(trial: Trial): void {
  const { definition, report } = trial;
  const parameters = definition.parameters();
  const { state, action, key } = takeSample(trial, parameters);
  const calls: Readonly<Record<string, () => unknown>> = {
    reset: () => definition.reset(parameters, key),
    transition: () => definition.transition(parameters, state, action, key),
    observe: () => definition.observe(parameters, state),
    actionMask: () => definition.actionMask?.(parameters, state),
    measure: () => definition.measure?.(parameters, state),
  };
  for (const [name, call] of Object.entries(calls)) {
    const read = firstHostRead(call);
    if (read) report('host-read', `${name} reads a value on the host (${read}); use tf.where`);
  }
}

/** The engine's `iterate` and `branch` may look at a condition: their frame is the one that reads. */
const engineLoop = /[\\/]engine[\\/]loops\.[jt]s/;

function firstHostRead(call: () => unknown): string | null {
  let found: string | null = null;
  const prototype = tf.Tensor.prototype as unknown as Record<
    string,
    (...given: unknown[]) => unknown
  >;
  const originals = reads.map((name) => [name, prototype[name]!] as const);
  for (const [name, original] of originals) {
    prototype[name] = function watched(this: tf.Tensor, ...given: unknown[]) {
      const caller = new Error().stack?.split('\n')[2] ?? '';
      if (!engineLoop.test(caller)) found ??= name;
      return original.apply(this, given);
    };
  }
  try {
    call();
  } finally {
    for (const [name, original] of originals) prototype[name] = original;
  }
  return found;
}

/** A step leaves no tensors behind beside its result. Call it outside any tidy. */
export function checkLeaks(trial: Trial): void {
  const { environment, report } = trial;
  const parameters = environment.parameters();
  const key = keyOf(trial, 0);
  const walk = (): void => {
    const first = environment.reset(parameters, key);
    const action = tf.tidy(() => randomAction(trial, parameters, first.state, key));
    const next = environment.step(parameters, first.state, action, key);
    disposeTree([first.state, next.state, action]);
    disposeTree([
      first.observation,
      next.observation,
      next.reward,
      next.terminated,
      next.truncated,
    ]);
    disposeTree([next.finalObservation, next.metrics]);
    const optional = [first.actionMask, next.actionMask, next.noise];
    disposeTree(optional.filter((tensor) => tensor !== undefined));
  };
  walk(); // What a backend or a process makes once and keeps is no leak.
  const before = tf.memory().numTensors;
  walk();
  const leaked = tf.memory().numTensors - before;
  disposeTree([parameters, key.words, key.row, key.step]);
  if (leaked > 0) report('leak', `one reset and one step leave ${leaked} tensors behind`);
}
