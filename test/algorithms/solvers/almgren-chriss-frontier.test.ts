import fc from 'fast-check';

import { solveAlmgrenChriss } from '../../../algorithms/solvers/almgren-chriss';
import { solveContinuousExecution } from '../../../algorithms/solvers/almgren-chriss/continuous';
import {
  minimiseValueAtRisk,
  traceFrontier,
} from '../../../algorithms/solvers/almgren-chriss/frontier';
import { almgrenChrissSolver } from '../../../algorithms/solvers/almgren-chriss/solver';
import { normalQuantile } from '../../../algorithms/solvers/normal-quantile';
import { evenNumber } from './even-number';

const paper = {
  quantity: 1e6,
  periods: 5,
  horizon: 5,
  volatility: 0.95,
  temporaryImpact: 2.5e-6,
  permanentImpact: 2.5e-7,
  spreadCost: 0.0625,
};

test('the normal quantile has its published values', () => {
  const values = [
    [0.5, 0],
    [0.95, 1.6448536269514722],
    [0.975, 1.959963984540054],
    [0.99, 2.3263478740408408],
    [0.999, 3.090232306167813],
    [1e-9, -5.997807015007687],
  ] as const;
  for (const [p, z] of values) expect(normalQuantile(p)).toBeCloseTo(z, 12);
  expect(normalQuantile(1e-300)).toBeCloseTo(-37.0471, 4);
});

describe('the efficient frontier', () => {
  it('begins at the least cost, falls and is convex', () => {
    const points = traceFrontier(paper, 60);
    expect(points).toHaveLength(60);
    expect(points[0]!.riskAversion).toBe(0);
    expect(points[0]!.expectedCost).toBeCloseTo(662_500, 6);
    expect(points[0]!.deviation).toBeCloseTo(1_040_672.86, 1);
    let slope = -Infinity;
    for (let i = 1; i < points.length; i += 1) {
      const [from, to] = [points[i]!, points[i - 1]!];
      expect(from.deviation).toBeLessThan(to.deviation);
      expect(from.expectedCost).toBeGreaterThan(to.expectedCost);
      const next = -(to.expectedCost - from.expectedCost) / (to.deviation - from.deviation);
      if (i > 1) expect(next).toBeGreaterThan(slope);
      slope = next;
    }
  });

  it('ends where more haste would cost many times more, in many periods as well', () => {
    const points = traceFrontier({ ...paper, periods: 2000 }, 30);
    const [first, last] = [points[0]!, points.at(-1)!];
    expect(last.deviation / first.deviation).toBeCloseTo(Math.sqrt(3 / 80), 2);
    expect(last.expectedCost / first.expectedCost).toBeGreaterThan(10);
    expect(last.expectedCost / first.expectedCost).toBeLessThan(20);
  });

  it('has no schedule below it', () => {
    fc.assert(
      fc.property(
        fc.array(evenNumber(0, 1), { minLength: 5, maxLength: 5 }),
        evenNumber(-9, -4),
        (weights, exponent) => {
          fc.pre(weights.some((w) => w > 0.01));
          const lambda = 10 ** exponent;
          const best = solveAlmgrenChriss({ ...paper, riskAversion: lambda });
          const total = weights.reduce((sum, w) => sum + w, 0);
          const trades = weights.map((w) => (1e6 * w) / total);
          let held = 1e6;
          let variance = 0;
          let cost = 0.5 * 2.5e-7 * 1e12 + 0.0625 * 1e6;
          for (const n of trades) {
            held -= n;
            variance += 0.95 ** 2 * held ** 2;
            cost += (2.5e-6 - 0.5 * 2.5e-7) * n * n;
          }
          expect(cost + lambda * variance).toBeGreaterThanOrEqual(best.utility * (1 - 1e-12));
        },
      ),
    );
  });

  it('needs risk and two periods', () => {
    expect(() => traceFrontier({ ...paper, volatility: 0 }, 5)).toThrow(/volatility: 0/);
    expect(() => traceFrontier({ ...paper, periods: 1 }, 5)).toThrow(/periods: 1/);
  });
});

describe('the least value-at-risk', () => {
  it('is that of a search over λ', () => {
    fc.assert(
      fc.property(evenNumber(0.6, 0.999), evenNumber(0.2, 3), (confidence, volatility) => {
        const problem = { ...paper, volatility };
        const z = normalQuantile(confidence);
        const found = minimiseValueAtRisk(problem, confidence, z);
        const at = (logLambda: number): number => {
          const riskAversion = Math.exp(logLambda);
          const { expectedCost, variance } = solveAlmgrenChriss({ ...problem, riskAversion });
          return expectedCost + z * Math.sqrt(variance);
        };
        let [low, high] = [Math.log(1e-12), Math.log(1e2)];
        for (let round = 0; round < 120; round += 1) {
          const [first, second] = [low + (high - low) / 3, high - (high - low) / 3];
          if (at(first) < at(second)) high = second;
          else low = first;
        }
        expect(found.value / at((low + high) / 2)).toBeCloseTo(1, 8);
        if (found.riskAversion !== null) {
          expect(found.riskAversion / (z / (2 * found.deviation))).toBeCloseTo(1, 6);
        }
      }),
      { numRuns: 40 },
    );
  });

  it('sells all at once where risk outweighs everything', () => {
    const found = minimiseValueAtRisk({ ...paper, volatility: 100 }, 0.99, normalQuantile(0.99));
    expect(found).toMatchObject({ riskAversion: null, deviation: 0 });
    expect(found.expectedCost).toBeCloseTo(0.5 * 2.5e5 + 62_500 + 2.375e6, 3);
  });
});

test('solve gives the keys of the issue, and more on demand', () => {
  const { schema, solve } = almgrenChrissSolver;
  const plain = solve(schema.parse({ ...paper, riskAversion: 1e-6 }));
  expect(Object.keys(plain).sort()).toEqual(
    ['expectedCost', 'holdings', 'kappa', 'trades', 'utility', 'variance'].sort(),
  );
  expect(plain.utility).toBeCloseTo(1_275_355.56, 1);
  const more = solve(schema.parse({ ...paper, riskAversion: 0, frontier: 3, valueAtRisk: 0.95 }));
  expect(more.frontier).toHaveLength(3);
  expect(more.valueAtRisk!.confidence).toBe(0.95);
});

test('100,000 periods stay finite and sum up, urgent or not', () => {
  for (const riskAversion of [0, 1e-9, 1e-3, 10]) {
    const { trades, holdings } = solveAlmgrenChriss({
      ...paper,
      temporaryImpact: 1e-5,
      periods: 100_000,
      riskAversion,
    });
    expect(trades.every((n) => Number.isFinite(n) && n >= 0)).toBe(true);
    expect(trades.reduce((sum, n) => sum + n, 0) / 1e6).toBeCloseTo(1, 9);
    expect(holdings.every((x, k) => k === 0 || x <= holdings[k - 1]!)).toBe(true);
  }
});

describe('continuous time', () => {
  const base = {
    quantity: 1,
    horizon: 1,
    temporaryImpact: 1e-3,
    permanentImpact: 1e-3,
    runningPenalty: 1e-2,
    terminalPenalty: 0.1,
  };

  it('gives the value of the reference', () => {
    expect(solveContinuousExecution(base).rate(0)).toBeCloseTo(3.17293, 5);
  });

  it('solves its equation: kq″ = φq, with the conditions at both ends', () => {
    const positive = (min: number, max: number) => evenNumber(min, max);
    fc.assert(
      fc.property(
        positive(0.1, 3),
        positive(1e-3, 0.1),
        positive(0, 0.2),
        positive(0, 1),
        (horizon, k, b, running) => {
          const problem = {
            quantity: 2,
            horizon,
            temporaryImpact: k,
            permanentImpact: b,
            runningPenalty: running,
            terminalPenalty: 0.15,
          };
          const { holding, rate } = solveContinuousExecution(problem);
          expect(holding(0)).toBeCloseTo(2, 10);
          // At the end the marginal cost of trading is what the penalty saves.
          const atEnd = (0.15 - b / 2) * holding(horizon);
          expect(k * rate(horizon)).toBeCloseTo(atEnd, 9);
          const h = horizon * 1e-4;
          for (const t of [0.2, 0.5, 0.8].map((part) => part * horizon)) {
            const slope = (holding(t + h) - holding(t - h)) / (2 * h);
            expect(Math.abs(slope + rate(t))).toBeLessThan(1e-5 * (1 + Math.abs(rate(0))));
            const bend = (rate(t + h) - rate(t - h)) / (2 * h);
            expect(Math.abs(-k * bend - running * holding(t))).toBeLessThan(1e-5 * (1 + running));
          }
        },
      ),
    );
  });

  it('costs what its path costs', () => {
    const { holding, rate, cost } = solveContinuousExecution(base);
    const steps = 200_000;
    let sum = 0;
    for (let i = 0; i < steps; i += 1) {
      const t = (i + 0.5) / steps;
      // Temporary impact, permanent impact on what is still to be sold, the running penalty.
      const [q, v] = [holding(t), rate(t)];
      sum += (1e-3 * v * v + 1e-3 * v * q + 1e-2 * q * q) / steps;
    }
    // The rest is sold at the price that the order left behind, less the penalty: αq².
    const rest = holding(1);
    const total = sum + 0.1 * rest ** 2;
    expect(total).toBeCloseTo(cost, 8);
  });

  it('is the limit without a running penalty, and of a large one', () => {
    const limit = solveContinuousExecution({ ...base, runningPenalty: 0 });
    const near = solveContinuousExecution({ ...base, runningPenalty: 1e-12 });
    for (const t of [0, 0.3, 1]) expect(near.holding(t)).toBeCloseTo(limit.holding(t), 8);
    const urgent = solveContinuousExecution({ ...base, runningPenalty: 1e12 });
    expect(urgent.holding(0)).toBe(1);
    expect(urgent.holding(0.5)).toBe(0);
    expect(Number.isFinite(urgent.cost)).toBe(true);
  });

  it('refuses a penalty that makes waiting pay', () => {
    expect(() => solveContinuousExecution({ ...base, terminalPenalty: 1e-4 })).toThrow(
      /terminalPenalty: 0.0001; expected at least half the permanentImpact, 0.0005/,
    );
  });
});

test('one period has one schedule, whatever the risk aversion', () => {
  for (const riskAversion of [-1e9, -1e-6, 0, 1]) {
    const { trades, holdings, variance } = solveAlmgrenChriss({
      ...paper,
      horizon: 1,
      periods: 1,
      riskAversion,
    });
    expect([[...trades], [...holdings], variance]).toEqual([[1e6], [1e6, 0], 0]);
  }
});
