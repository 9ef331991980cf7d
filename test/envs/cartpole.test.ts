import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';

import { makeKey, phases, uses } from '../../engine/random';
import { kind } from '../../envs/cartpole';
import { defineEnvironment } from '../../envs/environment';
import gymnasium from '../fixtures/gymnasium.json';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const definition = kind.create(kind.schema.parse({}));
const environment = defineEnvironment(definition);

/** One step from each of the given states (position, velocity, angle, angular velocity). */
function stepFrom(states: readonly number[][], actions: readonly number[], steps = 0) {
  return tf.tidy(() => {
    const column = (index: number) => tf.tensor1d(states.map((state) => state[index]!));
    const parameters = definition.parameters();
    const key = makeKey({ seed: 0, phase: phases.check, rows: states.length });
    const change = definition.transition(
      parameters,
      {
        step: tf.fill([states.length], steps, 'int32'),
        position: column(0),
        velocity: column(1),
        angle: column(2),
        angularVelocity: column(3),
      },
      tf.tensor1d([...actions], 'int32'),
      key,
    );
    return {
      observation: definition.observe(parameters, change.state).arraySync(),
      reward: change.reward.arraySync(),
      terminated: change.terminated.arraySync().map(Boolean),
      truncated: change.truncated!.arraySync().map(Boolean),
    };
  });
}

test('takes the transitions of Gymnasium’s CartPole-v1', () => {
  const transitions = gymnasium.cartpole;
  const result = stepFrom(
    transitions.map(({ state }) => state),
    transitions.map(({ action }) => action),
  );
  transitions.forEach((expected, row) => {
    expected.next.forEach((value, index) => {
      expect(Math.abs(result.observation[row]![index]! - value)).toBeLessThan(1e-6);
    });
    expect(result.reward[row]).toBe(expected.reward);
    expect(result.terminated[row]).toBe(expected.terminated);
  });
  expect(transitions.filter(({ terminated }) => terminated)).toHaveLength(24);
});

/** The equations of motion for one cart, from Florian (2007), solved as a linear system. */
function acceleration(angle: number, angularVelocity: number, force: number) {
  const [cart, pole, half, gravity] = [1, 0.1, 0.5, 9.8];
  // (M + m) ẍ + m l θ̈ cos θ = F + m l θ̇² sin θ;  ẍ cos θ + 4/3 l θ̈ = g sin θ
  const a = cart + pole;
  const b = pole * half * Math.cos(angle);
  const c = Math.cos(angle);
  const d = (4 / 3) * half;
  const right = force + pole * half * angularVelocity ** 2 * Math.sin(angle);
  const lower = gravity * Math.sin(angle);
  const determinant = a * d - b * c;
  return {
    cart: (right * d - b * lower) / determinant,
    pole: (a * lower - c * right) / determinant,
  };
}

test('follows the equations of motion from any state', () => {
  const number = (size: number) => fc.double({ min: -size, max: size, noNaN: true });
  fc.assert(
    fc.property(
      fc.array(
        fc.tuple(number(2.4), number(3), number(0.3), number(3), fc.integer({ min: 0, max: 1 })),
        {
          minLength: 1,
          maxLength: 20,
        },
      ),
      (rows) => {
        const result = stepFrom(
          rows.map(([...row]) => row.slice(0, 4)),
          rows.map((row) => row[4]),
        );
        rows.forEach(([position, velocity, angle, angularVelocity, action], row) => {
          const { cart, pole } = acceleration(angle, angularVelocity, action === 1 ? 10 : -10);
          const expected = [
            position + 0.02 * velocity,
            velocity + 0.02 * cart,
            angle + 0.02 * angularVelocity,
            angularVelocity + 0.02 * pole,
          ];
          expected.forEach((value, index) => {
            expect(Math.abs(result.observation[row]![index]! - value)).toBeLessThan(2e-6);
          });
          const failed = Math.abs(expected[0]!) > 2.4 || Math.abs(expected[2]!) > Math.PI / 15;
          const margin = Math.min(
            Math.abs(Math.abs(expected[0]!) - 2.4),
            Math.abs(Math.abs(expected[2]!) - Math.PI / 15),
          );
          if (margin > 1e-6) expect(result.terminated[row]).toBe(failed);
        });
      },
    ),
    { numRuns: 50 },
  );
});

test('is truncated after 500 steps, unless it failed', () => {
  const upright = [0, 0, 0, 0];
  const fallen = [0, 0, 0.21, 1];
  const before = stepFrom([upright, fallen], [0, 0], 498);
  expect(before.truncated).toEqual([false, false]);
  const last = stepFrom([upright, fallen], [0, 0], 499);
  expect(last.truncated).toEqual([true, false]);
  expect(last.terminated).toEqual([false, true]);
});

test('starts uniformly within ±0.05 and leaks nothing', () => {
  const key = makeKey({ seed: 0, phase: phases.check, use: uses.reset, rows: 4000 });
  const parameters = environment.parameters();
  const before = tf.memory().numTensors;
  const { state, observation } = environment.reset(parameters, key);
  const [mean, variance, least, most] = tf.tidy(() => {
    const { mean, variance } = tf.moments(observation, 0);
    return [mean, variance, tf.min(observation, 0), tf.max(observation, 0)].map(
      (tensor) => tensor!.arraySync() as number[],
    );
  });
  for (let index = 0; index < 4; index += 1) {
    expect(Math.abs(mean![index]!)).toBeLessThan(0.0025);
    expect(variance![index]!).toBeCloseTo(0.05 ** 2 / 3, 4);
    expect(least![index]).toBeGreaterThanOrEqual(-0.05);
    expect(most![index]).toBeLessThan(0.05);
  }
  tf.dispose([state, observation]);
  expect(tf.memory().numTensors).toBe(before);
});
