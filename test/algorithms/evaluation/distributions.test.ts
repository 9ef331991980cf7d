import fc from 'fast-check';

import {
  distributionsOf,
  pairedDistributionsOf,
} from '../../../algorithms/evaluation/distributions';

const played = (name: string, values: readonly number[]) => ({
  name,
  kind: 'classical' as const,
  metrics: {
    return: Float64Array.from(values),
    length: new Float64Array(values.length).fill(5),
  },
});

describe('distributionsOf', () => {
  it('counts whole numbers one by one', () => {
    const [distribution, ...others] = distributionsOf(
      [played('one', [0, 0, 3, -1]), played('other', [3, 3, 3, 2])],
      {},
    );
    // The length is the same everywhere: nothing to see.
    expect(others).toEqual([]);
    expect(distribution).toEqual({
      metric: 'return',
      unit: 'units of the reward',
      edges: [-1.5, -0.5, 0.5, 1.5, 2.5, 3.5],
      policies: [
        { label: 'one', counts: [1, 2, 0, 0, 1], mean: 0.5 },
        { label: 'other', counts: [0, 0, 0, 1, 3], mean: 2.75 },
      ],
    });
  });

  it('counts every episode once, in the bin where it lies', () => {
    const numbers = fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), {
      minLength: 2,
      maxLength: 80,
    });
    fc.assert(
      fc.property(numbers, numbers, (own, more) => {
        const other = own.map((_, index) => more[index % more.length]!);
        const distributions = distributionsOf([played('a', own), played('b', other)], {});
        for (const { edges, policies } of distributions) {
          expect(policies).toHaveLength(2);
          const last = edges.length - 2;
          for (const [index, values] of [own, other].entries()) {
            const { counts } = policies[index]!;
            expect(counts.reduce((sum, count) => sum + count, 0)).toBe(values.length);
            // Cumulated up to an inner edge: a second count; edges are rounded to seven digits.
            const middle = Math.floor(edges.length / 2);
            if (middle === 0 || middle > last) continue;
            const slack = 1e-5 * (edges.at(-1)! - edges[0]! + Math.abs(edges[middle]!));
            const before = counts.slice(0, middle).reduce((sum, count) => sum + count, 0);
            const below = (edge: number) => values.filter((value) => value < edge).length;
            expect(before).toBeGreaterThanOrEqual(below(edges[middle]! - slack));
            expect(before).toBeLessThanOrEqual(below(edges[middle]! + slack));
          }
        }
      }),
      { numRuns: 60 },
    );
  });

  it('puts what is far off into the outer bins', () => {
    const values = Array.from({ length: 5000 }, (_, index) => index / 5000 + 0.1);
    values[17] = 1e9;
    const [{ edges, policies }] = distributionsOf([played('a', values)], {}) as [
      ReturnType<typeof distributionsOf>[number],
    ];
    expect(edges.at(-1)).toBeLessThan(1.2);
    expect(policies[0]!.counts.reduce((sum, count) => sum + count, 0)).toBe(5000);
  });

  it('takes bins of so many whole numbers each where there are many', () => {
    const values = Array.from({ length: 200 }, (_, index) => index);
    const [{ edges, policies }] = distributionsOf([played('a', values)], {}) as [
      ReturnType<typeof distributionsOf>[number],
    ];
    expect(edges[1]! - edges[0]!).toBe(4);
    expect(policies[0]!.counts.slice(1, -1).every((count) => count === 4)).toBe(true);
  });
});

describe('pairedDistributionsOf', () => {
  it('is of the differences, episode by episode', () => {
    const [first, ...others] = pairedDistributionsOf(
      played('own', [3, 5, 1]),
      [played('base', [1, 5, 1])],
      { return: { unit: 'ticks', description: '' } },
    );
    expect(others).toEqual([]);
    expect(first).toMatchObject({
      policy: 'own',
      unit: 'ticks',
      edges: [-0.5, 0.5, 1.5, 2.5],
      policies: [{ label: 'own − base', counts: [2, 0, 1] }],
    });
  });
});
