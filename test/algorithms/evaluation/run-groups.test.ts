import fc from 'fast-check';

import { interquartileMean } from '../../../algorithms/evaluation/interquartile-mean';
import { aggregateCurves } from '../../../algorithms/evaluation/learning-curve';
import { probabilityOfImprovement } from '../../../algorithms/evaluation/probability-of-improvement';
import { compareGroups, summariseGroups } from '../../../algorithms/evaluation/run-groups';
import { stratifiedBootstrap } from '../../../algorithms/evaluation/stratified-bootstrap';

const scores = fc.array(fc.integer({ min: -20, max: 20 }), { minLength: 1, maxLength: 12 });

describe('the interquartile mean', () => {
  // scipy 1.17.1: scipy.stats.trim_mean(values[:n], 0.25), which rliable calls.
  const values = [3.1, 2.2, 5.9, 4.4, 1.0, 7.5, 2.2, 6.1, 0.3, 9.9];
  it.each([
    [1, 3.1],
    [2, 2.65],
    [3, 3.7333333333333334],
    [4, 3.75],
    [5, 3.2333333333333334],
    [7, 3.56],
    [8, 3.9],
    [10, 3.9833333333333334],
  ])('of the first %d values is that of scipy', (count, expected) => {
    expect(interquartileMean(values.slice(0, count))).toBeCloseTo(expected, 12);
  });

  it('is not moved by one wild value among four or more', () => {
    expect(interquartileMean([1, 2, 3, 4])).toBe(interquartileMean([1, 2, 3, 1e9]));
  });
});

describe('the probability of improvement', () => {
  it('counts a tie half, as scipy.stats.mannwhitneyu over n·m', () => {
    expect(probabilityOfImprovement([1, 2, 2, 5, 7], [2, 3, 0])).toBeCloseTo(10 / 15, 12);
    expect(probabilityOfImprovement([2, 3], [0, 1])).toBe(1);
    expect(probabilityOfImprovement([4, 4], [4, 4])).toBe(0.5);
  });

  it('and the one of the other way round make one', () => {
    fc.assert(
      fc.property(scores, scores, (left, right) => {
        const both = probabilityOfImprovement(left, right) + probabilityOfImprovement(right, left);
        expect(both).toBeCloseTo(1, 12);
      }),
      { numRuns: 100 },
    );
  });
});

/** Every resample of n values with replacement: nⁿ of them, equally likely. */
function resamplesOf(values: readonly number[]): number[][] {
  return values.reduce<number[][]>(
    (heads) => heads.flatMap((head) => values.map((value) => [...head, value])),
    [[]],
  );
}

describe('the stratified bootstrap', () => {
  const [ours, theirs] = [
    [1, 2.5, 4.1, 9],
    [0.2, 3.3, 3.9, 5.7],
  ] as const;

  it('has the interval of all resamples of both strata, counted one by one', () => {
    const [first, second] = [resamplesOf(ours), resamplesOf(theirs)].map((all) =>
      all.map(interquartileMean),
    ) as [number[], number[]];
    const exact = first.flatMap((own) => second.map((other) => own - other));
    const shareBelow = (bound: number) =>
      exact.filter((value) => value < bound - 1e-9).length / exact.length;
    const shareUpTo = (bound: number) =>
      exact.filter((value) => value <= bound + 1e-9).length / exact.length;
    const { value, ci95 } = stratifiedBootstrap(
      [ours, theirs],
      ([left, right]) => interquartileMean(left!) - interquartileMean(right!),
      { resamples: 20_000 },
    );
    expect(value).toBeCloseTo(3.3 - 3.6, 12);
    // The rank of each end among all 65,536, within what 20,000 draws leave open.
    expect(shareBelow(ci95![0])).toBeLessThan(0.029);
    expect(shareUpTo(ci95![0])).toBeGreaterThan(0.021);
    expect(shareBelow(ci95![1])).toBeLessThan(0.979);
    expect(shareUpTo(ci95![1])).toBeGreaterThan(0.971);
  });

  it('never mixes strata', () => {
    const seen = new Set<string>();
    stratifiedBootstrap(
      [
        [1, 2, 3],
        [10, 20],
      ],
      ([low, high]) => {
        seen.add(`${low!.every((value) => value < 10)} ${high!.every((value) => value >= 10)}`);
        seen.add(`${low!.length} ${high!.length}`);
        return 0;
      },
    );
    expect([...seen]).toEqual(['true true', '3 2']);
  });

  it('is the same each time, another with another seed, and none of one run', () => {
    const mean = ([values]: readonly Float64Array[]) => values![0]! + values![1]! / 7;
    const run = (seed?: number) =>
      stratifiedBootstrap([ours], mean, { resamples: 30, ...(seed ? { seed } : {}) });
    expect(run()).toEqual(run());
    expect(run(5).ci95).not.toEqual(run().ci95);
    expect(stratifiedBootstrap([[3], [1, 2]], () => 4)).toEqual({ value: 4, ci95: null });
  });

  it('puts the estimate into its interval', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: -20, max: 20 }), { minLength: 3, maxLength: 10 }),
        (values) => {
          const { value, ci95 } = stratifiedBootstrap(
            [values],
            ([drawn]) => interquartileMean(drawn!),
            { resamples: 400 },
          );
          expect(ci95![0]).toBeLessThanOrEqual(value + 1e-9);
          expect(ci95![1]).toBeGreaterThanOrEqual(value - 1e-9);
        },
      ),
      { numRuns: 50 },
    );
  });
});

describe('groups', () => {
  const groups = [
    { label: 'low', scores: [1, 2, 3, 4] },
    { label: 'high', scores: [11, 12, 13, 30] },
    { label: 'middle', scores: [5] },
  ];

  it('are summarised one by one', () => {
    const [low, high, middle] = summariseGroups(groups);
    expect(low).toMatchObject({ label: 'low', runs: 4, mean: 2.5, median: 2.5, least: 1, most: 4 });
    expect(high).toMatchObject({ mean: 16.5, median: 12.5, interquartileMean: { value: 12.5 } });
    expect(middle!.interquartileMean).toEqual({ value: 5, ci95: null });
    const [least, most] = low!.interquartileMean.ci95!;
    expect(least).toBeGreaterThanOrEqual(1);
    expect(most).toBeLessThanOrEqual(4);
    expect(most - least).toBeGreaterThan(1);
  });

  it('are compared in pairs, the better one first', () => {
    const pairs = compareGroups(groups);
    expect(pairs.map(({ group, against }) => `${group} ${against}`)).toEqual([
      'high middle',
      'high low',
      'middle low',
    ]);
    expect(pairs[1]).toMatchObject({
      probabilityOfImprovement: { value: 1, ci95: [1, 1] },
      difference: { value: 10 },
    });
    expect(pairs[0]!.difference).toEqual({ value: 7.5, ci95: null });
  });
});

describe('learning curves of several runs', () => {
  const run = (...values: number[]) =>
    values.map((value, index) => ({ iteration: 2 * (index + 1), steps: 100 * (index + 1), value }));

  it('are interquartile means with bands, as far as all runs go', () => {
    const curve = aggregateCurves([run(1, 2, 3), run(5, 6), run(3, 4, 9), run(4, 10)]);
    expect(curve.map(({ iteration, value }) => [iteration, value.value])).toEqual([
      [2, 3.5],
      [4, 5],
    ]);
    expect(curve[1]).toMatchObject({ steps: 200, least: 2, most: 10 });
    const [low, high] = curve[1]!.value.ci95!;
    expect(low).toBeGreaterThanOrEqual(2);
    expect(low).toBeLessThan(5);
    expect(high).toBeGreaterThan(5);
  });

  it('take the mean of the steps, which cloning may have moved', () => {
    const late = run(1).map((point) => ({ ...point, steps: 300 }));
    expect(aggregateCurves([run(1), late])[0]!.steps).toBe(200);
  });

  it('are thinned evenly, first and last point kept', () => {
    const long = run(...Array.from({ length: 1001 }, (_, index) => index));
    const curve = aggregateCurves([long]);
    expect(curve).toHaveLength(200);
    expect([curve[0]!.iteration, curve.at(-1)!.iteration]).toEqual([2, 2002]);
  });
});
