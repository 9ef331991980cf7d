import * as tf from '@tensorflow/tfjs';

import { makeKey, phases } from '../../../engine/random';
import { checkEnvironment } from '../../../envs/check';
import { defineEnvironment, type Environment } from '../../../envs/environment';
import { makeFromKind } from '../../../envs/registry';
import { clipAction } from '../../../envs/wrappers/clip-action';
import { clipReward } from '../../../envs/wrappers/clip-reward';
import { limitTime } from '../../../envs/wrappers/limit-time';
import { drift, steered } from '../../fixtures/drift';

beforeAll(() => tf.setBackend('cpu'));

const environment = makeFromKind(drift);
const keyAt = (step: number) => makeKey({ seed: 3, phase: phases.training, rows: 2, step });

/** The flags and rewards of row 0 over some steps with a constant action. */
function walk(subject: Environment, steps: number, push = 0) {
  return tf.tidy(() => {
    const parameters = subject.parameters();
    let { state } = subject.reset(parameters, keyAt(0));
    return Array.from({ length: steps }, (_, index) => {
      const next = subject.step(parameters, state, tf.fill([2, 1], push), keyAt(index + 1));
      state = next.state;
      return {
        reward: next.reward.dataSync()[0]!,
        terminated: next.terminated.dataSync()[0] === 1,
        truncated: next.truncated.dataSync()[0] === 1,
        final: next.metrics.finalPosition!.dataSync()[0]!,
      };
    });
  });
}

describe('limitTime', () => {
  it('truncates after the limit, again and again', () => {
    const steps = walk(limitTime(environment, 2), 5);
    expect(steps.map(({ truncated }) => truncated)).toEqual([false, true, false, true, false]);
    expect(steps.some(({ terminated }) => terminated)).toBe(false);
    expect(steps[1]!.final).toBe(steps[1]!.reward);
  });

  it('is both terminated and truncated where the limit meets the end, as in Gymnasium', () => {
    const [, , third] = walk(limitTime(environment, 3), 3);
    expect(third).toMatchObject({ terminated: true, truncated: true });
  });

  it('leaves a longer limit without effect on the episode', () => {
    expect(walk(limitTime(environment, 10), 7)).toEqual(walk(environment, 7));
  });

  it('keeps the contract, masks too', () => {
    expect(checkEnvironment(limitTime(environment, 2))).toEqual([]);
    expect(checkEnvironment(limitTime(defineEnvironment(steered()), 2))).toEqual([]);
    expect(limitTime(environment, 2).horizon).toBe(2);
    expect(limitTime(environment, 9).horizon).toBe(3);
  });

  it('refuses a second limit and an impossible one', () => {
    expect(() => limitTime(environment, 0)).toThrow(/maximumSteps/);
    const twice = limitTime(limitTime(environment, 2), 3);
    expect(() => walk(twice, 1)).toThrow(/drift already has a time limit/);
  });
});

describe('clipAction', () => {
  it('gives what the bound gives, and takes any real action', () => {
    const clipped = clipAction(environment);
    expect(walk(clipped, 3, 50)).toEqual(walk(environment, 3, 1));
    expect(walk(clipped, 3, -0.3)).toEqual(walk(environment, 3, -0.3));
    expect(clipped.actionSpace).toMatchObject({
      fields: [{ low: -Infinity, high: Infinity, centre: 0, scale: 1 }],
    });
    expect(checkEnvironment(clipped)).toEqual([]);
  });

  it('refuses discrete actions', () => {
    expect(() => clipAction(defineEnvironment(steered()))).toThrow(/steered has discrete actions/);
  });
});

describe('clipReward', () => {
  it('clips rewards and nothing else', () => {
    const plain = walk(environment, 6, 1);
    const clipped = walk(clipReward(environment, { minimum: 0, maximum: 1 }), 6, 1);
    expect(plain.some(({ reward }) => reward > 1)).toBe(true);
    expect(clipped).toEqual(
      plain.map((step) => ({ ...step, reward: Math.min(1, Math.max(0, step.reward)) })),
    );
    expect(checkEnvironment(clipReward(environment, { maximum: 1 }))).toEqual([]);
    expect(() => clipReward(environment, { minimum: 2, maximum: 1 })).toThrow(/minimum 2/);
  });
});
