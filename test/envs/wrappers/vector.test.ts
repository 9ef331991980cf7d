import * as tf from '@tensorflow/tfjs';

import { makeFromKind } from '../../../envs/registry';
import { type VectorStep, vectorise } from '../../../envs/vector';
import { normaliseObservation } from '../../../envs/wrappers/normalise-observation';
import { normaliseReward } from '../../../envs/wrappers/normalise-reward';
import { recordEpisodeStatistics } from '../../../envs/wrappers/record-episode-statistics';
import {
  disposeMoments,
  initialMoments,
  mergeMoments,
} from '../../../envs/wrappers/running-moments';
import { drift } from '../../fixtures/drift';

beforeAll(() => tf.setBackend('cpu'));

const numEnvs = 3;
const make = (config: object = {}) => vectorise(makeFromKind(drift, config), { numEnvs, seed: 0 });
const valuesOf = (tensor: tf.Tensor): number[] => Array.from(tensor.dataSync());
const push = [[0.1], [-0.2], [0.3]];

/** Gymnasium's RunningMeanStd in double precision: the moments of all values, after one of weight 1e-4. */
class Reference {
  private count = 1e-4;
  private sum = 0;
  private squares = 1e-4;
  add(values: readonly number[]): void {
    for (const value of values) {
      this.count += 1;
      this.sum += value;
      this.squares += value * value;
    }
  }
  get mean(): number {
    return this.sum / this.count;
  }
  get deviation(): number {
    return Math.sqrt(this.squares / this.count - this.mean ** 2 + 1e-8);
  }
}

describe('recordEpisodeStatistics', () => {
  it('tells return and length of the episodes that ended, and starts anew', () => {
    const environment = recordEpisodeStatistics(make());
    expect(environment.reset().info.episode).toBeUndefined();
    let sums = [0, 0, 0];
    for (let step = 1; step <= 7; step += 1) {
      const { reward, info } = environment.step(push);
      sums = valuesOf(reward).map((value, row) => sums[row]! + value);
      const ended = step % 3 === 0;
      expect(valuesOf(info._episode!)).toEqual(Array(3).fill(Number(ended)));
      expect(valuesOf(info.episode!.l)).toEqual(Array(3).fill(ended ? 3 : 0));
      valuesOf(info.episode!.r).forEach((value, row) =>
        expect(value).toBeCloseTo(ended ? sums[row]! : 0, 5),
      );
      if (ended) sums = [0, 0, 0];
    }
    environment.reset();
    environment.step(push);
    environment.step(push);
    expect(valuesOf(environment.step(push).info.episode!.l)).toEqual([3, 3, 3]);
    environment.close();
  });

  it('refuses to record twice', () => {
    const environment = recordEpisodeStatistics(recordEpisodeStatistics(make()));
    environment.reset();
    expect(() => environment.step(push)).toThrow(/recorded already/);
    environment.close();
  });
});

describe('normaliseObservation', () => {
  it('equals the moments of everything seen', () => {
    const plain = make();
    const environment = normaliseObservation(make());
    const reference = new Reference();
    const column = (tensor: tf.Tensor) => valuesOf(tensor).filter((_, index) => index % 2 === 0);
    const compare = (raw: tf.Tensor, normalised: tf.Tensor) =>
      column(normalised).forEach((value, row) => {
        const expected = (column(raw)[row]! - reference.mean) / reference.deviation;
        expect(value).toBeCloseTo(expected, 4);
      });
    reference.add(column(plain.reset().observation));
    environment.reset();
    for (let step = 0; step < 8; step += 1) {
      const raw = plain.step(push);
      const normalised = environment.step(push);
      reference.add(column(raw.observation));
      compare(raw.observation, normalised.observation);
      compare(raw.info.finalObservation!, normalised.info.finalObservation!);
    }
    plain.close();
    environment.close();
  });

  it('keeps its statistics where they are frozen, and takes them up again', () => {
    const environment = normaliseObservation(make());
    environment.reset();
    environment.updateObservationMoments(false);
    const mean = valuesOf(environment.observationMoments().mean);
    environment.step(push);
    expect(valuesOf(environment.observationMoments().mean)).toEqual(mean);
    environment.updateObservationMoments(true);
    environment.step(push);
    expect(valuesOf(environment.observationMoments().mean)).not.toEqual(mean);
    expect(environment.observationMoments().count).toBeCloseTo(6.0001, 8);
    environment.close();
  });
});

describe('normaliseReward', () => {
  it('divides by the deviation of the discounted sum of each episode', () => {
    const plain = make();
    const environment = normaliseReward(make(), { discount: 0.9 });
    const reference = new Reference();
    plain.reset();
    environment.reset();
    let sums = [0, 0, 0];
    for (let step = 1; step <= 8; step += 1) {
      const raw = valuesOf(plain.step(push).reward);
      sums = raw.map((reward, row) => 0.9 * sums[row]! + reward);
      reference.add(sums);
      valuesOf(environment.step(push).reward).forEach((value, row) =>
        expect(value).toBeCloseTo(raw[row]! / reference.deviation, 4),
      );
      if (step % 3 === 0) sums = [0, 0, 0];
    }
    environment.updateReturnMoments(false);
    const variance = valuesOf(environment.returnMoments().variance);
    environment.step(push);
    expect(valuesOf(environment.returnMoments().variance)).toEqual(variance);
    plain.close();
    environment.close();
  });
});

it('the statistics are stable far from zero: a small spread about a large mean', () => {
  let moments = initialMoments(1);
  const rows = tf.tensor2d([4095, 4097], [2, 1]);
  for (let count = 0; count < 3000; count += 1) moments = mergeMoments(moments, rows);
  expect(moments.mean.dataSync()[0]).toBeCloseTo(4096, 2);
  // The initial value 0, of weight 1e-4, adds 1e-4/6000·4096² = 0.28 to the variance of 1.
  expect(moments.variance.dataSync()[0]).toBeCloseTo(1.2796, 2);
  rows.dispose();
  disposeMoments(moments);
});

it('stacked wrappers leak nothing and stay valid inside a tidy', () => {
  const before = tf.memory().numTensors;
  const environment = normaliseReward(normaliseObservation(recordEpisodeStatistics(make())));
  environment.reset();
  environment.step(push);
  const during = tf.memory().numTensors;
  for (let step = 0; step < 9; step += 1) {
    let result!: VectorStep;
    tf.tidy(() => {
      result = environment.step(push);
    });
    expect(valuesOf(result.reward)).toHaveLength(3);
    expect(result.info.episode!.r.isDisposed).toBe(false);
  }
  environment.updateObservationMoments(false);
  expect(tf.memory().numTensors).toBe(during);
  environment.reset();
  environment.close();
  expect(tf.memory().numTensors).toBe(before);
});
