import * as tf from '@tensorflow/tfjs';

import { defineEnvironment } from '../../envs/environment';
import { makeFromKind } from '../../envs/registry';
import { type VectorEnvironment, vectorise } from '../../envs/vector';
import { drift, steered } from '../fixtures/drift';

beforeAll(() => tf.setBackend('cpu'));

const numEnvs = 4;
const make = (seed = 0): VectorEnvironment => vectorise(makeFromKind(drift), { numEnvs, seed });
const still = tf.zeros([numEnvs, 1]).arraySync() as number[][];
const valuesOf = (tensor: tf.Tensor): number[] => Array.from(tensor.dataSync());

describe('the vectorised front', () => {
  it('names its spaces', () => {
    const environment = make();
    expect(environment.singleObservationSpace.fields.map(({ name }) => name)).toEqual([
      'position',
      'age',
    ]);
    expect(environment.observationSpace).toMatchObject({ shape: [4, 2], dtype: 'float32' });
    expect(environment.actionSpace).toMatchObject({ shape: [4, 1], dtype: 'float32' });
    environment.close();
  });

  it('starts the next episode in the step in which one ends', () => {
    const environment = make();
    environment.reset();
    environment.step(still);
    const second = environment.step(still);
    expect(valuesOf(second.info._finalObservation!)).toEqual([0, 0, 0, 0]);
    expect(valuesOf(second.info.finalInfo!.finalPosition!)).toEqual([0, 0, 0, 0]);
    const { observation, reward, terminated, truncated, info } = environment.step(still);
    expect(valuesOf(terminated)).toEqual([1, 1, 1, 1]);
    expect(valuesOf(truncated)).toEqual([0, 0, 0, 0]);
    expect(valuesOf(info._finalObservation!)).toEqual([1, 1, 1, 1]);
    expect(valuesOf(info._finalInfo!)).toEqual([1, 1, 1, 1]);
    expect(valuesOf(info.finalInfo!.finalPosition!)).toEqual(valuesOf(reward));
    expect(valuesOf(tf.slice(info.finalObservation!, [0, 0], [4, 1]))).toEqual(valuesOf(reward));
    expect(valuesOf(tf.slice(info.finalObservation!, [0, 1], [4, 1]))).toEqual([3, 3, 3, 3]);
    expect(valuesOf(tf.slice(observation, [0, 1], [4, 1]))).toEqual([0, 0, 0, 0]);
    environment.close();
  });

  it('repeats a seeded sequence, seed 0 too, and goes on without a seed', () => {
    const environment = make(7);
    const start = (options?: { seed: number }) => valuesOf(environment.reset(options).observation);
    const seven = start();
    const later = start();
    const zero = start({ seed: 0 });
    expect(environment.presentSeed()).toBe(0);
    expect(later).not.toEqual(seven);
    expect(zero).not.toEqual(seven);
    expect(start()).not.toEqual(zero);
    expect(start({ seed: 7 })).toEqual(seven);
    expect(start()).toEqual(later);
    expect(start({ seed: 0 })).toEqual(zero);
    environment.close();
  });

  it('gives different episodes to rows and to successive episodes of a row', () => {
    const environment = make();
    const first = valuesOf(environment.reset().observation).filter((_, index) => index % 2 === 0);
    for (let step = 0; step < 2; step += 1) environment.step(still);
    const second = valuesOf(environment.step(still).observation).filter(
      (_, index) => index % 2 === 0,
    );
    expect(new Set([...first, ...second]).size).toBe(2 * numEnvs);
    environment.close();
  });

  it('draws a seed where none is given, and tells it', () => {
    const environment = vectorise(makeFromKind(drift), { numEnvs });
    const unseeded = valuesOf(environment.reset().observation);
    const again = valuesOf(environment.reset({ seed: environment.presentSeed() }).observation);
    expect(again).toEqual(unseeded);
    environment.close();
  });

  it('frees what parameters() makes on its way', () => {
    const before = tf.memory().numTensors;
    const { definition } = makeFromKind(drift);
    const environment = defineEnvironment({
      ...definition,
      parameters: () => ({ ...definition.parameters(), sum: tf.add(tf.scalar(1), tf.scalar(2)) }),
    });
    vectorise(environment, { numEnvs, seed: 0 }).close();
    expect(tf.memory().numTensors).toBe(before);
  });

  it('owns what it returns: valid until the next call, in a tidy or not, and nothing leaks', () => {
    const before = tf.memory().numTensors;
    const environment = make();
    let observation!: tf.Tensor;
    tf.tidy(() => {
      observation = environment.reset().observation;
    });
    expect(observation.isDisposed).toBe(false);
    let later!: tf.Tensor;
    tf.tidy(() => {
      later = environment.step(tf.zeros([numEnvs, 1])).observation;
    });
    expect(observation.isDisposed).toBe(true);
    expect(valuesOf(later)).toHaveLength(8);
    const during = tf.memory().numTensors;
    for (let count = 0; count < 10; count += 1) environment.step(still);
    expect(tf.memory().numTensors).toBe(during);
    environment.close();
    environment.close();
    expect(tf.memory().numTensors).toBe(before);
  });

  it("takes arrays and tensors, and leaves the caller's tensor alone", () => {
    const environment = make();
    const push = tf.fill([numEnvs, 1], 0.5);
    const run = (action: Parameters<VectorEnvironment['step']>[0]) => {
      environment.reset({ seed: 1 });
      return valuesOf(environment.step(action).reward);
    };
    const expected = run(push);
    expect(run([[0.5], [0.5], [0.5], [0.5]])).toEqual(expected);
    expect(run(Array.from({ length: numEnvs }, () => Float32Array.of(0.5)))).toEqual(expected);
    expect(push.isDisposed).toBe(false);
    push.dispose();
    environment.close();
  });

  it('refuses wrong actions, and goes on from where it was', () => {
    const environment = make();
    environment.reset();
    const wrong: [Parameters<VectorEnvironment['step']>[0], RegExp][] = [
      [[0, 0, 0, 0], /expected float32 \[4, 1\].*got \[4\]/],
      [tf.zeros([4]), /got float32 \[4\]/],
      [tf.zeros([4, 1], 'int32'), /got int32 \[4, 1\]/],
      [[[0], [0], [0, 1], []], /different lengths/],
      [[[0], [NaN], [0], [0]], /move of row 1 is NaN/],
    ];
    const before = tf.memory().numTensors;
    for (const [action, message] of wrong) expect(() => environment.step(action)).toThrow(message);
    expect(tf.memory().numTensors).toBe(before);
    const reward = valuesOf(environment.step(still).reward);
    environment.reset({ seed: 0 });
    expect(valuesOf(environment.step(still).reward)).toEqual(reward);
    environment.close();
    for (const [action] of wrong) if (action instanceof tf.Tensor) action.dispose();
  });

  it('refuses to step before reset, after close, and with impossible options', () => {
    const environment = make();
    expect(() => environment.step(still)).toThrow(/drift: call reset\(\) before step\(\)/);
    expect(() => environment.reset({ seed: -1 })).toThrow(/seed: .*not -1/);
    environment.close();
    expect(() => environment.reset()).toThrow(/closed/);
    expect(() => environment.step(still)).toThrow(/closed/);
    expect(() => vectorise(makeFromKind(drift), { numEnvs: 0 })).toThrow(/numEnvs/);
    expect(() => vectorise(makeFromKind(drift), { numEnvs: 1, seed: 1.5 })).toThrow(/seed/);
  });

  it('passes masks on, and samples allowed actions only', () => {
    const environment = vectorise(defineEnvironment(steered()), { numEnvs: 64, seed: 0 });
    expect(environment.actionSpace).toMatchObject({ shape: [64], dtype: 'int32' });
    let mask = environment.reset().info.actionMask!;
    const chosen = new Set<number>();
    for (let step = 0; step < 20; step += 1) {
      const actions = environment.sampleActions();
      const allowed = mask.arraySync() as unknown as number[][];
      valuesOf(actions).forEach((action, row) => {
        chosen.add(action);
        expect(allowed[row]![action]).toBe(1);
      });
      mask = environment.step(actions).info.actionMask!;
      actions.dispose();
    }
    expect(chosen).toEqual(new Set([0, 1, 2]));
    expect(() => environment.step(Array<number>(64).fill(3))).toThrow(/row 0 holds 3; .* 0 to 2/);
    environment.close();
  });
});
