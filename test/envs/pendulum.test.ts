import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';

import { makeKey, phases, uses } from '../../engine/random';
import { kind } from '../../envs/pendulum';
import gymnasium from '../fixtures/gymnasium.json';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const definition = kind.create(kind.schema.parse({}));

/** One step from each of the given states (angle, angular velocity). */
function stepFrom(states: readonly number[][], torques: readonly number[], steps = 0) {
  return tf.tidy(() => {
    const parameters = definition.parameters();
    const change = definition.transition(
      parameters,
      {
        step: tf.fill([states.length], steps, 'int32'),
        angle: tf.tensor1d(states.map(([angle]) => angle!)),
        angularVelocity: tf.tensor1d(states.map(([, velocity]) => velocity!)),
      },
      tf.tensor2d([...torques], [torques.length, 1]),
      makeKey({ seed: 0, phase: phases.check, rows: states.length }),
    );
    return {
      angle: change.state.angle!.arraySync() as number[],
      angularVelocity: change.state.angularVelocity!.arraySync() as number[],
      observation: definition.observe(parameters, change.state).arraySync(),
      reward: change.reward.arraySync(),
      terminated: change.terminated.arraySync().map(Boolean),
      truncated: change.truncated!.arraySync().map(Boolean),
    };
  });
}

test('takes the transitions of Gymnasium’s Pendulum-v1', () => {
  const transitions = gymnasium.pendulum;
  const result = stepFrom(
    transitions.map(({ state }) => state),
    transitions.map(({ action }) => action[0]!),
  );
  transitions.forEach((expected, row) => {
    const [angle, angularVelocity] = expected.next;
    expect(Math.abs(result.angle[row]! - angle!)).toBeLessThan(5e-6);
    expect(Math.abs(result.angularVelocity[row]! - angularVelocity!)).toBeLessThan(5e-6);
    expected.observation.forEach((value, index) => {
      expect(Math.abs(result.observation[row]![index]! - value)).toBeLessThan(1e-5);
    });
    expect(Math.abs(result.reward[row]! - expected.reward)).toBeLessThan(2e-5);
    expect(result.terminated[row]).toBe(false);
  });
});

test('follows the scalar equations from any state, beyond the bounds of torque and turn', () => {
  const number = (size: number) => fc.double({ min: -size, max: size, noNaN: true });
  fc.assert(
    fc.property(
      fc.array(fc.tuple(number(20), number(8), number(4)), { minLength: 1, maxLength: 20 }),
      (rows) => {
        const result = stepFrom(
          rows.map(([angle, velocity]) => [angle, velocity]),
          rows.map(([, , torque]) => torque),
        );
        rows.forEach(([angle, velocity, torque], row) => {
          const u = Math.max(-2, Math.min(2, torque));
          const fromUpright = Math.atan2(Math.sin(angle), Math.cos(angle));
          const cost = fromUpright ** 2 + 0.1 * velocity ** 2 + 0.001 * u ** 2;
          // A rod about its end: I = m l²/3; torque of its weight m g (l/2) sin θ.
          const acceleration = (10 / 2) * Math.sin(angle) * 3 + u * 3;
          const next = Math.max(-8, Math.min(8, velocity + 0.05 * acceleration));
          expect(Math.abs(result.reward[row]! + cost)).toBeLessThan(5e-5);
          expect(Math.abs(result.angularVelocity[row]! - next)).toBeLessThan(5e-6);
          expect(Math.abs(result.angle[row]! - (angle + 0.05 * next))).toBeLessThan(5e-6);
        });
      },
    ),
    { numRuns: 50 },
  );
});

test('is truncated after 200 steps and never terminated', () => {
  expect(stepFrom([[0, 0]], [0], 198)).toMatchObject({ truncated: [false], terminated: [false] });
  expect(stepFrom([[0, 0]], [0], 199)).toMatchObject({ truncated: [true], terminated: [false] });
});

test('starts at any angle in [−π, π) with a speed in [−1, 1)', () => {
  tf.tidy(() => {
    const key = makeKey({ seed: 1, phase: phases.check, use: uses.reset, rows: 4000 });
    const state = definition.reset(definition.parameters(), key);
    const check = (values: tf.Tensor, bound: number) => {
      const { mean, variance } = tf.moments(values);
      expect(Math.abs(mean.arraySync() as number)).toBeLessThan(bound * 0.04);
      expect((variance.arraySync() as number) / (bound ** 2 / 3)).toBeCloseTo(1, 1);
      expect(tf.max(tf.abs(values)).arraySync()).toBeLessThanOrEqual(Math.fround(bound));
    };
    check(state.angle!, Math.PI);
    check(state.angularVelocity!, 1);
  });
});
