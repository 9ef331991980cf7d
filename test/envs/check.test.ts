import * as tf from '@tensorflow/tfjs';

import { iterate } from '../../engine/loops';
import { assertEnvironment, checkEnvironment } from '../../envs/check';
import type { Change, EnvironmentDefinition } from '../../envs/environment';
import type { Tensors } from '../../engine/tensors';
import { drift, driftDefinition, steered } from '../fixtures/drift';

beforeAll(() => tf.setBackend('cpu'));

const sound = driftDefinition({ horizon: 3, noise: 0.5 });

/** The sound environment with one thing broken in its transition. */
const changed = (
  change: (next: Change<Tensors>, state: Tensors, action: tf.Tensor) => Partial<Change<Tensors>>,
): Partial<EnvironmentDefinition> => ({
  transition: (parameters, state, action, key) => {
    const next = sound.transition(parameters, state, action, key);
    return { ...next, ...change(next, state, action) };
  },
});

const withPosition = (
  move: (
    position: tf.Tensor,
    next: Change<Tensors>,
    state: Tensors,
    action: tf.Tensor,
  ) => tf.Tensor,
): Partial<EnvironmentDefinition> =>
  changed((next, state, action) => ({
    state: { ...next.state, position: move(next.state.position!, next, state, action) },
  }));

let calls = 0;

/** What is broken → which check finds it, and what its message says. */
const broken: readonly [string, Partial<EnvironmentDefinition>, string, RegExp][] = [
  [
    'a parameter is a number',
    { parameters: () => ({ noise: 0.5 as unknown as tf.Tensor }) },
    'parameters',
    /noise is a number; make it a tensor/,
  ],
  [
    'the observation has a column too few',
    { observe: (_parameters, state) => tf.expandDims(state.position!, 1) },
    'observation',
    /float32 \[6, 1\]; expected float32 \[6, 2\]/,
  ],
  [
    'the observation is integer',
    { observe: (parameters, state) => tf.cast(sound.observe(parameters, state), 'int32') },
    'observation',
    /is int32/,
  ],
  [
    'the reward is a scalar',
    changed(({ reward }) => ({ reward: tf.mean(reward) as unknown as tf.Tensor1D })),
    'reward',
    /\[\]; expected float32 \[6\]/,
  ],
  [
    'terminated is a number',
    changed(({ terminated }) => ({ terminated: tf.cast(terminated, 'float32') })),
    'terminated',
    /is float32 \[6\]; expected bool/,
  ],
  [
    'a state tensor has no batch',
    { reset: (parameters, key) => ({ ...sound.reset(parameters, key), clock: tf.scalar(0) }) },
    'state',
    /state\.clock after reset is \[\]/,
  ],
  [
    'a state tensor changes its type',
    changed(({ state }) => ({ state: { ...state, age: tf.cast(state.age!, 'float32') } })),
    'state',
    /int32 \[6\] after reset but float32 \[6\]/,
  ],
  [
    'truncation is not declared',
    changed(({ terminated }) => ({ truncated: terminated })),
    'truncation',
    /truncates is false/,
  ],
  ['truncation is declared only', { truncates: true }, 'truncation', /returns no truncated/],
  ['a metric is undeclared', { metrics: {} }, 'metrics', /do not declare finalPosition/],
  ['a metric is missing', { measure: () => ({}) }, 'metrics', /returns no finalPosition/],
  [
    'noise comes from the host',
    withPosition((position) => tf.add(position, (calls += 1))),
    'determinism',
    /two results for one key: state\.position/,
  ],
  [
    'the first state comes from the host',
    {
      reset: (_, key) => ({
        position: tf.fill([key.row.size], (calls += 1) % 7),
        age: tf.zeros([key.row.size], 'int32'),
      }),
    },
    'determinism',
    /reset gives two results/,
  ],
  [
    'the state is disposed of',
    {
      transition: (parameters, state, action, key) => {
        const next = sound.transition(parameters, state, action, key);
        tf.dispose(state.age!);
        return next;
      },
    },
    'purity',
    /disposes of state\.age/,
  ],
  [
    'the state record is written to',
    {
      transition: (parameters, state, action, key) => {
        const next = sound.transition(parameters, state, action, key);
        (state as Record<string, tf.Tensor>).age = tf.clone(state.age!);
        return next;
      },
    },
    'purity',
    /replaces state\.age/,
  ],
  [
    'the values of a parameter are overwritten',
    {
      transition: (parameters, state, action, key) => {
        const next = sound.transition(parameters, state, action, key);
        parameters.noise!.dataSync()[0]! += 1;
        return next;
      },
    },
    'purity',
    /overwrites the values of parameters\.noise/,
  ],
  [
    'a value decides on the host',
    changed(({ reward }) => (reward.dataSync()[0]! > 0 ? {} : { reward: tf.neg(reward) })),
    'host-read',
    /transition reads a value on the host \(dataSync\)/,
  ],
  [
    'a row depends on the batch',
    withPosition((position) => tf.sub(position, tf.mean(position))),
    'rows',
    /transition differs between a batch of 1 and one of 6/,
  ],
  [
    'the first state depends on the batch',
    {
      reset: (parameters, key) => {
        const state = sound.reset(parameters, key);
        return { ...state, position: tf.div(state.position!, key.row.size) };
      },
    },
    'rows',
    /reset differs/,
  ],
  [
    'parameters per row are not accepted',
    {
      transition: (parameters, state, action, key) => {
        if (parameters.noise!.rank > 0) throw new Error('noise must be a scalar');
        return sound.transition(parameters, state, action, key);
      },
    },
    'parameters',
    /per row, \[B\], are not accepted/,
  ],
  [
    'parameters are mixed over rows',
    {
      transition: (parameters, state, action, key) =>
        sound.transition({ noise: tf.mean(parameters.noise!) }, state, action, key),
    },
    'parameters',
    /act on other rows/,
  ],
  [
    'NaN spreads over the batch',
    changed(({ reward }, _state, action) => ({
      reward: tf.add(reward, tf.mul(0, tf.sum(action))) as tf.Tensor1D,
    })),
    'nan',
    /changes other rows: reward/,
  ],
  [
    'actions are not clipped',
    withPosition((_position, _next, state, action) =>
      tf.add(state.position!, tf.squeeze(action, [1])),
    ),
    'action-bounds',
    /beyond its low differs/,
  ],
  [
    'a tensor is kept',
    changed(({ reward }) => ({ reward: tf.keep(tf.clone(reward)) && reward })),
    'leak',
    /leave 1 tensors behind/,
  ],
  [
    'an observation leaves its bounds',
    withPosition((position) => tf.add(position, 99.5)),
    'observation',
    /'position' is .* outside its bounds \[-100, 100\]/,
  ],
  [
    'a reward is infinite',
    changed(({ reward }) => ({ reward: tf.div(reward, tf.zerosLike(reward)) })),
    'reward',
    /not finite in step 1/,
  ],
  [
    'the episode does not end at its horizon',
    changed(({ terminated }) => ({ terminated: tf.zerosLike(terminated) })),
    'horizon',
    /6 of 6 episodes had not ended after the horizon, 3 steps/,
  ],
  [
    'reset returns a finished state',
    {
      reset: (parameters, key) => {
        const state = sound.reset(parameters, key);
        return { ...state, age: tf.add(state.age!, tf.scalar(2, 'int32')) };
      },
    },
    'reset',
    /returns a finished state/,
  ],
  [
    'a box has a mask',
    { actionMask: () => tf.ones([6, 3], 'bool') },
    'mask',
    /no meaning for a box/,
  ],
];

describe('checkEnvironment', () => {
  it('finds nothing in sound environments, and leaves no tensors', () => {
    checkEnvironment(drift);
    const before = tf.memory().numTensors;
    expect(checkEnvironment(drift)).toEqual([]);
    expect(checkEnvironment(drift, { config: { horizon: 1 } })).toEqual([]);
    expect(checkEnvironment(steered())).toEqual([]);
    expect(tf.memory().numTensors).toBe(before);
  });

  it.each(broken)('%s', (name, change, check, message) => {
    const findings = checkEnvironment({ ...sound, ...change });
    const [found] = findings.filter((finding) => finding.check === check);
    expect({ name, findings, found }).toMatchObject({
      found: { message: expect.stringMatching(message) },
    });
  });

  it.each([
    ['forbids everything', tf.zeros, /forbids every choice of head 0/],
    ['has the wrong type', (shape: [number, number]) => tf.ones(shape), /mask is float32/],
  ])('a mask that %s', (_name, fill, message) => {
    const actionMask = () => (fill as typeof tf.zeros)([6, 3], 'bool') as tf.Tensor2D;
    const findings = checkEnvironment({ ...steered(), actionMask });
    expect(findings.map((finding) => finding.message).join()).toMatch(message);
  });

  it('lets the loops of the engine look at their condition', () => {
    const looped = withPosition(
      (position) =>
        iterate(
          (carry) => ({ x: tf.div(carry.x, 2) }),
          { x: position },
          20,
          ({ x }) => tf.any(tf.greater(tf.abs(x), 50)),
        ).x,
    );
    expect(checkEnvironment({ ...sound, ...looped })).toEqual([]);
  });

  it('throws with the name of the environment and every finding', () => {
    expect(() => assertEnvironment({ ...sound, metrics: {}, truncates: true })).toThrow(
      /^drift: truncation: .*; metrics: .*finalPosition/,
    );
    expect(() => assertEnvironment(sound)).not.toThrow();
  });
});
