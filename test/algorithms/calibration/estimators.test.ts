import type { Estimate } from '../../../algorithms/calibration/estimate';
import { estimateSeriesMean } from '../../../algorithms/calibration/estimate';
import { estimateFillCurve, measureFillCurve } from '../../../algorithms/calibration/fill-curve';
import { estimateSpread, findMedianSpread } from '../../../algorithms/calibration/spread';
import { estimateVolatility } from '../../../algorithms/calibration/volatility';
import {
  type DailyVolume,
  estimateVolumeCurve,
} from '../../../algorithms/calibration/volume-curve';
import { createRandom, type Random } from './simulate';

/** Over many samples, errors that are right make scores of mean 0 and deviation 1. */
function expectStandardScores(
  truth: number,
  estimate: (random: Random) => Estimate | undefined,
  repetitions = 200,
): void {
  const scores = Array.from({ length: repetitions }, (_, seed) => {
    const { value, error } = estimate(createRandom(1000 + 7919 * seed))!;
    return (value - truth) / error!;
  });
  const mean = scores.reduce((sum, score) => sum + score, 0) / repetitions;
  const squares = scores.reduce((sum, score) => sum + (score - mean) ** 2, 0);
  expect(Math.abs(mean)).toBeLessThan(0.3);
  expect(Math.sqrt(squares / (repetitions - 1))).toBeGreaterThan(0.8);
  expect(Math.sqrt(squares / (repetitions - 1))).toBeLessThan(1.2);
}

function poissonNumber(mean: number, random: Random): number {
  let count = -1;
  for (let left = 1; left > 0; left -= random.exponential(mean)) count += 1;
  return count;
}

function brownian(count: number, deviation: (index: number) => number, random: Random): number[] {
  const mids = [100];
  for (let index = 0; index < count; index += 1) {
    mids.push(mids[index]! + deviation(index) * random.normal());
  }
  return mids;
}

describe('volatility', () => {
  it('is the root of the realised variance', () => {
    // Moves 1, −2 and, on the second day, 3, of two seconds each: (1 + 4 + 9)/6 per second.
    const estimate = estimateVolatility(
      [
        [5, 6, 4],
        [NaN, 7, 10],
      ],
      2,
      60,
    )!;
    expect(estimate.value).toBeCloseTo(Math.sqrt((14 / 6) * 60), 12);
    expect(estimate.moves).toBe(3);
    expect(estimateVolatility([[5, 6]], 2, 60)).toBeNull();
  });

  it('knows its error', () => {
    expectStandardScores(0.3 / Math.sqrt(10), (random) =>
      estimateVolatility([brownian(800, () => 0.3, random)], 10, 1)!,
    );
  });

  it('knows its error where activity comes in waves', () => {
    // log σ² follows an AR(1) of stationary variance .6²: E σ² = e^{.18}.
    expectStandardScores(Math.sqrt(Math.exp(0.18)), (random) => {
      let state = 0.6 * random.normal();
      const deviation = () => {
        state = 0.5 * state + 0.52 * random.normal();
        return Math.exp(state / 2);
      };
      return estimateVolatility([brownian(1500, deviation, random)], 1, 1)!;
    });
  });

  it('shows a bouncing mid by its signature and autocorrelation', () => {
    const random = createRandom(3);
    const mids = brownian(20_000, () => 0.1, random).map((mid) => mid + 0.2 * random.normal());
    const { signature, autocorrelation } = estimateVolatility([mids], 1, 1)!;
    // Var(ΔS)/Δ = σ² + 2·noise²/Δ; correlation −noise²/(σ² + 2·noise²).
    for (const { sampling, value, error } of signature) {
      const expected = Math.sqrt(0.01 + 0.08 / sampling);
      expect(Math.abs(value - expected)).toBeLessThan(3 * error!);
    }
    expect(signature.map(({ sampling }) => sampling)).toEqual([1, 2, 5, 10, 30]);
    expect(Math.abs(autocorrelation.value + 0.04 / 0.09)).toBeLessThan(3 * autocorrelation.error!);
  });
});

describe('the mean of a series', () => {
  it('knows its error where neighbours depend on each other', () => {
    expectStandardScores(5, (random) => {
      let state = 0;
      const series = Array.from({ length: 3000 }, () => {
        state = 0.5 * state + random.normal();
        return 5 + state;
      });
      return estimateSeriesMean(series);
    });
  });

  it('is exact where nothing varies, and has no error of two terms', () => {
    expect(estimateSeriesMean([2, 2, 2])).toEqual({ value: 2, error: 0 });
    expect(estimateSeriesMean([1, 3])).toEqual({ value: 2, error: null });
  });
});

describe('fill curve', () => {
  const [rate, decay] = [2, 40];
  /** Orders of both sides over so long; on a grid, whose offset from the mid is anywhere. */
  function reachesOf(random: Random, watched: number, tick: number): number[] {
    return Array.from({ length: poissonNumber(2 * rate * watched, random) }, () => {
      const depth = random.exponential(decay);
      if (tick === 0) return depth;
      const offset = random.uniform() * tick;
      return offset + Math.floor((depth - offset) / tick) * tick;
    });
  }
  const fit = (random: Random, tick: number, minimum: number) =>
    estimateFillCurve({ reaches: reachesOf(random, 60, tick), watched: 60, minimum, tick })!;

  it.each([
    [0, 0],
    [0, 0.02],
    [0.01, 0],
    [0.01, 0.015],
    [0.05, 0.01],
  ])('knows its errors at tick %p from depth %p', (tick, minimum) => {
    expectStandardScores(decay, (random) => fit(random, tick, minimum).fillDecay);
    expectStandardScores(rate, (random) => fit(random, tick, minimum).arrivalRate);
  });

  it('is the limit of finer and finer grids', () => {
    const reaches = reachesOf(createRandom(1), 100, 0);
    const of = (tick: number) => estimateFillCurve({ reaches, watched: 100, minimum: 0.01, tick })!;
    const [fine, continuous] = [of(1e-7), of(0)];
    expect(fine.orders).toBe(continuous.orders);
    for (const key of ['fillDecay', 'arrivalRate'] as const) {
      expect(fine[key].value / continuous[key].value).toBeCloseTo(1, 4);
      expect(fine[key].error! / continuous[key].error!).toBeCloseTo(1, 4);
    }
  });

  it('is held against what was measured', () => {
    for (const tick of [0, 0.01]) {
      const data = {
        reaches: reachesOf(createRandom(5), 2000, tick),
        watched: 2000,
        minimum: 0.01,
        tick,
      };
      const curve = measureFillCurve(data, estimateFillCurve(data)!);
      expect(curve.length).toBeGreaterThan(8);
      for (const { depth, measured } of curve) {
        const truth = rate * Math.exp(-decay * depth);
        expect(Math.abs(measured.value - truth)).toBeLessThan(4 * measured.error!);
      }
    }
  });

  it('has nothing to say where no order goes beyond the first price', () => {
    const data = { watched: 1, minimum: 0, tick: 0.01 };
    expect(estimateFillCurve({ ...data, reaches: [0.005, 0.005, 0.005] })).toBeNull();
    expect(estimateFillCurve({ ...data, reaches: [0.025] })).toBeNull();
    expect(estimateFillCurve({ ...data, reaches: [-0.02, -0.01] })).toBeNull();
  });
});

describe('spread', () => {
  it('has a mean, a median and a distribution over time', () => {
    const occupancy = new Map([
      [0.02, 10],
      [0.01, 30],
    ]);
    expect(estimateSpread([0.01, 0.02, 0.01, 0.01], occupancy)).toMatchObject({
      value: 0.0125,
      distribution: [
        { spread: 0.01, share: 0.75 },
        { spread: 0.02, share: 0.25 },
      ],
    });
    expect(findMedianSpread(occupancy)).toBe(0.01);
    expect(estimateSpread([], occupancy)).toBeNull();
  });
});

describe('volume curve', () => {
  const shares = [0.5, 0.2, 0.3];
  const session = [10, 310] as const;
  /** Trades of 1 to 5 shares, arriving independently, the day's mean scaled by a factor. */
  function day(random: Random, factor: number, tilt = 0): DailyVolume {
    const volume = { first: 10, shares: new Float64Array(300), squares: new Float64Array(300) };
    shares.forEach((share, bucket) => {
      const mean = 150 * factor * (share + (bucket === 0 ? tilt : bucket === 1 ? -tilt : 0));
      for (let left = poissonNumber(mean, random); left > 0; left -= 1) {
        const second = Math.floor(100 * (bucket + random.uniform()));
        const size = 1 + Math.floor(5 * random.uniform());
        volume.shares[second]! += size;
        volume.squares[second]! += size * size;
      }
    });
    return volume;
  }

  it('splits the session into equal parts', () => {
    const curve = estimateVolumeCurve([day(createRandom(2), 5)], 3, session)!;
    expect(curve.buckets.map(({ from, to }) => [from, to])).toEqual([
      [10, 110],
      [110, 210],
      [210, 310],
    ]);
    const total = curve.buckets.reduce((sum, { share }) => sum + share.value, 0);
    expect(total).toBeCloseTo(1, 12);
    expect(curve.errorsFrom).toBe('trades');
    expect(estimateVolumeCurve([], 3, session)).toBeNull();
  });

  it.each([0, 1, 2])('knows the error of bucket %i from the trades of two days', (bucket) => {
    expectStandardScores(shares[bucket]!, (random) => {
      const days = [day(random, 0.7), day(random, 1.3)];
      return estimateVolumeCurve(days, 3, session)!.buckets[bucket]!.share;
    });
  });

  it('knows the error from the variation between many days', () => {
    expectStandardScores(0.5, (random) => {
      const days = Array.from({ length: 15 }, () =>
        day(random, 0.8 + 0.4 * random.uniform(), 0.03 * random.normal()),
      );
      const curve = estimateVolumeCurve(days, 3, session)!;
      expect(curve.errorsFrom).toBe('days');
      return curve.buckets[0]!.share;
    });
  });
});
