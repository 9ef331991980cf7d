import fc from 'fast-check';

import {
  estimateMean,
  expectedShortfall,
  quantile,
  studentQuantile975,
  summarise,
} from '../../../algorithms/evaluation/statistics';

describe('summaries', () => {
  it('agree with figures worked out by hand', () => {
    // 1 … 100: mean 50.5, sample variance 100·101/12.
    const values = Array.from({ length: 100 }, (_, index) => 100 - index);
    const summary = summarise(values);
    expect(summary.mean).toBeCloseTo(50.5, 12);
    expect(summary.std).toBeCloseTo(Math.sqrt((100 * 101) / 12), 12);
    expect(summary.stderr).toBeCloseTo(summary.std / 10, 12);
    // numpy.quantile(range(1, 101), [.01, .05, .25, .5, .75, .95, .99])
    expect(Object.keys(summary.quantiles)).toEqual([
      '0.01',
      '0.05',
      '0.25',
      '0.5',
      '0.75',
      '0.95',
      '0.99',
    ]);
    [1.99, 5.95, 25.75, 50.5, 75.25, 95.05, 99.01].forEach((expected, index) =>
      expect(Object.values(summary.quantiles)[index]).toBeCloseTo(expected, 12),
    );
    expect(summary.expectedShortfall).toBeCloseTo(3, 12);
    expect(summarise(values, 'high').expectedShortfall).toBeCloseTo(98, 12);
  });

  it('keep their precision far from zero', () => {
    const { std } = estimateMean([1e9 + 1, 1e9 + 2, 1e9 + 3]);
    expect(std).toBeCloseTo(1, 12);
  });

  it('need two values', () => {
    expect(() => estimateMean([1])).toThrow('at least 2');
  });

  it('count the last episode of a shortfall in part', () => {
    // 5 % of 30 episodes are one and a half.
    const sorted = Array.from({ length: 30 }, (_, index) => index);
    expect(expectedShortfall(sorted, 0.05, 'low')).toBeCloseTo((0 + 0.5 * 1) / 1.5, 12);
    expect(expectedShortfall(sorted, 0.05, 'high')).toBeCloseTo((29 + 0.5 * 28) / 1.5, 12);
  });

  it('order shortfall, quantiles and mean', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 2 }),
        (values) => {
          const { expectedShortfall: shortfall, quantiles, mean } = summarise(values);
          const sorted = Float64Array.from(values).sort();
          expect(shortfall).toBeGreaterThanOrEqual(sorted[0]! - 1e-6);
          expect(shortfall).toBeLessThanOrEqual(mean + 1e-6);
          expect(quantiles['0.05']!).toBeLessThanOrEqual(quantiles['0.95']!);
          expect(quantile(sorted, 1)).toBe(sorted.at(-1));
        },
      ),
    );
  });

  it.each([
    // Published table of Student's t, two-sided 95 %.
    [1, 12.706],
    [2, 4.303],
    [3, 3.182],
    [4, 2.776],
    [5, 2.571],
    [9, 2.262],
    [30, 2.042],
    [100, 1.984],
    [1e6, 1.96],
  ])('use Student’s t with %i degrees of freedom', (freedom, expected) => {
    expect(Math.abs(studentQuantile975(freedom) / expected - 1)).toBeLessThan(3e-3);
  });
});
