import {
  aggregatesFor,
  certaintyEquivalent,
  meanVariance,
  sharpe,
} from '../../../algorithms/evaluation/aggregates';
import { bootstrap } from '../../../algorithms/evaluation/bootstrap';

/** Normal numbers by Box and Muller over a linear congruential generator. */
function normals(count: number, mean: number, deviation: number, seed = 1): Float64Array {
  let state = seed;
  const uniform = () => {
    state = (state * 16807) % 2147483647;
    return state / 2147483647;
  };
  return Float64Array.from(
    { length: count },
    () =>
      mean + deviation * Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform()),
  );
}

const profit = normals(20_000, 3, 2);
const metrics = { profit };

describe('aggregates', () => {
  const valueOf = (aggregate: ReturnType<typeof sharpe>, values: Float64Array) =>
    bootstrap([aggregate.of({ profit: values })], values.length, 2)[0]!.value;

  it('agree with their definitions', () => {
    const values = Float64Array.from([1, 2, 4]);
    const variance = 7 / 3;
    expect(valueOf(meanVariance('profit', 0.5), values)).toBeCloseTo(7 / 3 + 0.5 * variance, 12);
    expect(valueOf(sharpe('profit'), values)).toBeCloseTo(7 / 3 / Math.sqrt(variance), 12);
    const mean = (Math.exp(-1) + Math.exp(-2) + Math.exp(-4)) / 3;
    expect(valueOf(certaintyEquivalent('profit', 1), values)).toBeCloseTo(-Math.log(mean), 12);
    expect(valueOf(certaintyEquivalent('profit', 0), values)).toBeCloseTo(7 / 3, 12);
  });

  it('have the closed form of normal profits', () => {
    // CE = μ − γσ²/2
    expect(valueOf(certaintyEquivalent('profit', 0.1), profit)).toBeCloseTo(3 - 0.05 * 4, 1);
  });

  it('neither overflow nor cancel', () => {
    const large = Float64Array.from([-1e6, -1e6 + 1]);
    expect(valueOf(certaintyEquivalent('profit', 1), large)).toBeCloseTo(
      -1e6 - Math.log((1 + Math.exp(-1)) / 2),
      6,
    );
    const far = Float64Array.from([1e9, 1e9 + 2]);
    expect(valueOf(meanVariance('profit', 1), far)).toBeCloseTo(1e9 + 1 + 2, 5);
  });

  it('are those that the metrics allow', () => {
    const names = (...parts: Parameters<typeof aggregatesFor>) =>
      aggregatesFor(...parts).map(({ name }) => name);
    expect(names({ shortfall: 1 }, { riskAversion: 1e-6 })).toEqual(['utility']);
    expect(names({ profit: 1 }, { riskAversion: 0.1 })).toEqual(['certaintyEquivalent', 'sharpe']);
    expect(names({ profit: 1 }, {})).toEqual(['sharpe']);
    expect(names({}, { riskAversion: 1 })).toEqual([]);
  });
});

describe('bootstrap', () => {
  const mean = { columns: [profit], value: ([first]: readonly number[]) => first! };

  it('is as wide as theory has it for a mean', () => {
    const [interval] = bootstrap([mean], profit.length);
    const [low, high] = interval!.ci95;
    const standardError = 2 / Math.sqrt(profit.length);
    expect(Math.abs((high - low) / (2 * 1.96 * standardError) - 1)).toBeLessThan(0.1);
    expect(Math.abs((low + high) / 2 - interval!.value)).toBeLessThan(0.1 * standardError * 2);
  });

  it('is as wide as theory has it for a ratio', () => {
    // Var of the Sharpe ratio of normal profits: (1 + s²/2)/n.
    const [interval] = bootstrap([sharpe('profit').of(metrics)], profit.length);
    const [low, high] = interval!.ci95;
    const standardError = Math.sqrt((1 + 1.5 ** 2 / 2) / profit.length);
    expect(Math.abs((high - low) / (2 * 1.96 * standardError) - 1)).toBeLessThan(0.1);
  });

  it('gives the same interval again, whatever else is asked for', () => {
    const [alone] = bootstrap([mean], profit.length, 50);
    const [, beside] = bootstrap([sharpe('profit').of(metrics), mean], profit.length, 50);
    expect(beside).toEqual(alone);
  });

  it('differs with the seed', () => {
    expect(bootstrap([mean], profit.length, 50, 1)).not.toEqual(
      bootstrap([mean], profit.length, 50, 2),
    );
  });
});
