import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import fc from 'fast-check';

import { solveTour, tourSolver, type TourSolution } from '../../../algorithms/solvers/tour';
import { createArborescenceFinder } from '../../../algorithms/solvers/tour/arborescence';
import { ascend } from '../../../algorithms/solvers/tour/ascent';
import { costOfAssignment, solveAssignment } from '../../../algorithms/solvers/tour/assignment';
import { buildMatrix, costOfTour, type Costs } from '../../../algorithms/solvers/tour/matrix';
import { searchTour } from '../../../algorithms/solvers/tour/search-tour';
import {
  costOfOrder,
  costsOfTrades,
  crossImpactMatrix,
  type TradeList,
} from '../../../algorithms/solvers/tour/trades';
import { parseTsplib } from '../../../algorithms/solvers/tour/tsplib';
import { InputError } from '../../../engine/input-error';
import { captureOutput } from '../../scripts/capture-output';

const instances = join(__dirname, '../../../../shared/data/atsp');

/** Whole numbers below a limit, always the same ones. */
function createNumbers(seed: number): (below: number) => number {
  let state = BigInt(seed);
  return (below) => {
    state = (state * 6364136223846793005n + 1442695040888963407n) % 2n ** 64n;
    return Number((state >> 33n) % BigInt(below));
  };
}

const randomCosts = (n: number, seed: number, most = 1000): number[][] => {
  const pick = createNumbers(seed);
  return Array.from({ length: n }, () => Array.from({ length: n }, () => 1 + pick(most)));
};

/** Points of a plane whose distances are whole numbers, more of them where the way goes up. */
function roadCosts(n: number, seed: number): number[][] {
  const pick = createNumbers(seed);
  const points = Array.from({ length: n }, () => [pick(1000), pick(1000)] as const);
  return points.map(([x, y]) =>
    points.map(([u, v]) => Math.round(Math.hypot(x - u, y - v)) + Math.max(0, v - y)),
  );
}

function* permutations(items: readonly number[]): Generator<number[]> {
  if (items.length === 0) yield [];
  for (const item of items) {
    for (const rest of permutations(items.filter((other) => other !== item))) yield [item, ...rest];
  }
}

function costAlong(costs: Costs, order: readonly number[], open: boolean): number {
  let sum = 0;
  order.forEach((from, k) => {
    const to = order[k + 1] ?? (open ? undefined : order[0]!);
    if (to !== undefined && to !== from) sum += costs[from]![to] ?? Infinity;
  });
  return sum;
}

const leastByBruteForce = (costs: Costs, open: boolean): number =>
  Math.min(
    ...Array.from(permutations(costs.map((_, i) => i)), (order) => costAlong(costs, order, open)),
  );

function expectOrder(order: readonly number[], n: number): void {
  expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: n }, (_, i) => i));
}

const smallCosts = (cost: fc.Arbitrary<number | null>) =>
  fc
    .integer({ min: 1, max: 6 })
    .chain((n) =>
      fc.array(fc.array(cost, { minLength: n, maxLength: n }), { minLength: n, maxLength: n }),
    );

/** Limits under which 22 and more nodes take no time. */
const quick = { iterations: 2000, branches: 2000, seconds: 60, seed: 1 };

describe('small tours', () => {
  test('equal brute force, negative costs and open paths included', () => {
    fc.assert(
      fc.property(smallCosts(fc.integer({ min: -50, max: 50 })), fc.boolean(), (costs, open) => {
        const { order, cost, lowerBound, gap, proved } = solveTour({ costs, open });
        expectOrder(order, costs.length);
        expect(cost).toBe(leastByBruteForce(costs, open));
        expect(cost).toBe(costAlong(costs, order, open));
        expect({ lowerBound, gap, proved }).toEqual({ lowerBound: cost, gap: 0, proved: true });
        if (!open) expect(order[0]).toBe(0);
      }),
      { numRuns: 60 },
    );
  });

  test('avoid forbidden ways, or say that it cannot be done', () => {
    const cost = fc.option(fc.integer({ min: -9, max: 9 }), { freq: 2 });
    fc.assert(
      fc.property(smallCosts(cost), fc.boolean(), (costs, open) => {
        const least = leastByBruteForce(costs, open);
        if (least === Infinity) {
          expect(() => solveTour({ costs, open })).toThrow(/^costs: every order uses a way/);
        } else expect(solveTour({ costs, open }).cost).toBe(least);
      }),
      { numRuns: 100 },
    );
  });

  test('of one, two and three places', () => {
    expect(solveTour({ costs: [[7]], open: false })).toMatchObject({ order: [0], cost: 0 });
    expect(solveTour({ costs: [[7]], open: true })).toMatchObject({ order: [0], cost: 0 });
    const pair = [
      [0, 3],
      [-1, 0],
    ];
    expect(solveTour({ costs: pair, open: false })).toMatchObject({ order: [0, 1], cost: 2 });
    expect(solveTour({ costs: pair, open: true })).toMatchObject({ order: [1, 0], cost: -1 });
    const triple = [
      [null, 1, 9],
      [9, null, 1],
      [1, 9, null],
    ];
    expect(solveTour({ costs: triple, open: false })).toMatchObject({ order: [0, 1, 2], cost: 3 });
  });

  test('dynamic programming and branch and bound agree', () => {
    for (const seed of [1, 2, 3]) {
      const costs = randomCosts(14, seed, 40);
      // Ways that cost nothing and lead nowhere else make a chain of the last node's way out.
      const longer = solveTour({ costs: withChain(costs, 9), open: false }, quick);
      expect(longer.proved).toBe(true);
      expect(longer.cost).toBe(solveTour({ costs, open: false }).cost);
    }
  });

  test('a path of 20 places, the most of dynamic programming', () => {
    const costs = randomCosts(20, 3);
    const { cost, order, proved } = solveTour({ costs, open: true });
    expectOrder(order, 20);
    expect(cost).toBe(costAlong(costs, order, true));
    expect(proved).toBe(true);
    // A path is a round trip through a node to and from which ways are free: 22 nodes with one more.
    const free = withChain([...costs.map((row) => [...row, 0]), new Array<number>(21).fill(0)], 1);
    const { cost: closed, ...rest } = solveTour(
      { costs: free, open: false },
      { ...quick, branches: 100_000 },
    );
    expect(rest.proved).toBe(true);
    expect(closed).toBe(cost);
  });
});

/** The same tours with `count` more nodes: what left the last node now leaves a chain after it. */
function withChain(costs: number[][], count: number): (number | null)[][] {
  const n = costs.length;
  const size = n + count;
  return Array.from({ length: size }, (_, i) =>
    Array.from({ length: size }, (_, j) => {
      if (i >= n - 1 && i < size - 1) return j === i + 1 ? 0 : null;
      const from = i === size - 1 ? n - 1 : i;
      return j < n ? costs[from]![j]! : null;
    }),
  );
}

describe('facts of the sequencing problem', () => {
  test('M more on each way: n − 1 times M on a path, n times on a tour', () => {
    for (const n of [7, 30]) {
      const costs = randomCosts(n, 5);
      const more = costs.map((row) => row.map((cost) => cost - 400));
      const solve = (matrix: Costs, open: boolean) =>
        solveTour({ costs: matrix, open }, { ...quick, branches: 100_000 });
      for (const open of [true, false]) {
        const [before, after] = [solve(costs, open), solve(more, open)];
        expect([before.proved, after.proved]).toEqual([true, true]);
        expect(after.cost - before.cost).toBe(-400 * (open ? n - 1 : n));
      }
    }
  });

  const list: TradeList = {
    trades: [
      [-2000, 0.9, 4e4, 2, 0.25],
      [-1500, 1.1, 3e4, 1, 0.5],
      [1200, 0.7, 5e4, 3, 0.125],
      [-800, 1.6, 2e4, 0.5, 1],
    ].map(([quantity, volatility, dailyVolume, resilience, duration]) => ({
      quantity: quantity!,
      volatility: volatility!,
      dailyVolume: dailyVolume!,
      resilience: resilience!,
      duration: duration!,
      spread: 0.02,
    })),
    correlation: [
      [1, 0.6, 0.5, 0.3],
      [0.6, 1, 0.4, -0.2],
      [0.5, 0.4, 1, 0.1],
      [0.3, -0.2, 0.1, 1],
    ],
    crossImpact: 0.5,
    impact: 0.8,
  };

  test('the costs of 2b by hand', () => {
    const costs = costsOfTrades(list);
    // d_01 = q_0 q_1 · βYρ_10 σ_1/ADV_0 · e^{−θ_1 τ_1}
    const byHand = ((-2000 * -1500 * 0.5 * 0.8 * 0.6 * 1.1) / 4e4) * Math.exp(-0.5);
    expect(costs[0]![1]).toBeCloseTo(byHand, 10);
    expect(costs[0]![2]).toBeLessThan(0);
    expect(costs[1]![1]).toBeNull();
    const { ownCost } = costOfOrder(list, [0, 1, 2, 3]);
    const own = list.trades.map(
      ({ quantity: q, volatility, dailyVolume }) =>
        (0.5 * q * q * 0.8 * volatility) / dailyVolume + 0.01 * Math.abs(q),
    );
    expect(ownCost).toBeCloseTo(own[0]! + own[1]! + own[2]! + own[3]!, 9);
  });

  test('a path costs what each trade pays for the one just before', () => {
    const costs = costsOfTrades(list);
    for (const order of permutations([0, 1, 2, 3])) {
      const { oneStepCost, fullCost, ownCost } = costOfOrder(list, order);
      expect(oneStepCost - ownCost).toBeCloseTo(costAlong(costs, order, true), 9);
      expect(fullCost).not.toBeCloseTo(oneStepCost, 3);
    }
    const { order, cost, ...rest } = tourSolver.solve(
      tourSolver.schema.parse(list),
    ) as TourSolution & ReturnType<typeof costOfOrder>;
    expect(cost).toBeCloseTo(leastByBruteForce(costs, true), 9);
    expect(rest).toMatchObject(costOfOrder(list, order));
    expect(rest.oneStepCost).toBeCloseTo(rest.ownCost + cost, 9);
  });

  test('impact decays over the time since the earlier trade ended', () => {
    const [first, , third] = list.trades;
    const order = [0, 1, 2, 3];
    const without = {
      ...list,
      trades: list.trades.map((t, i) => ({ ...t, quantity: i % 2 ? 0 : t.quantity })),
    };
    const { fullCost, ownCost } = costOfOrder(without, order);
    const lambda = (0.5 * 0.8 * 0.5 * third!.volatility) / first!.dailyVolume;
    const elapsed = 0.5 + 0.125;
    expect(fullCost - ownCost).toBeCloseTo(
      first!.quantity * third!.quantity * lambda * Math.exp(-3 * elapsed),
      9,
    );
  });

  test('permanent symmetric impact: ½ qᵀΛq in every order', () => {
    const permanent = {
      ...list,
      trades: list.trades.map((trade) => ({
        ...trade,
        dailyVolume: 4e4 / trade.volatility,
        resilience: 0,
        spread: 0,
      })),
    };
    const lambda = crossImpactMatrix(permanent);
    let half = 0;
    permanent.trades.forEach(({ quantity: a }, j) =>
      permanent.trades.forEach(({ quantity: b }, k) => {
        half += 0.5 * a * b * lambda[j * 4 + k]!;
      }),
    );
    const full = Array.from(permutations([0, 1, 2, 3]), (o) => costOfOrder(permanent, o));
    for (const { fullCost } of full) expect(fullCost).toBeCloseTo(half, 9);
    expect(new Set(full.map(({ oneStepCost }) => oneStepCost.toFixed(3))).size).toBeGreaterThan(4);
  });
});

describe('beyond dynamic programming', () => {
  test.each([0, 30])(
    'no insertion of a segment improves the tour, after %i branches',
    (branches) => {
      const n = 45;
      // Costs of two levels, for which bounds are poor.
      const pick = createNumbers(9);
      const costs = randomCosts(n, 8).map((row) => row.map((c) => c / 7 + 300 * pick(2)));
      const { order, cost } = solveTour(
        { costs, open: false },
        { iterations: 0, branches, seconds: 60, seed: 1 },
      );
      let best = Infinity;
      for (let i = 0; i < n; i++) {
        const turned = [...order.slice(i), ...order.slice(0, i)];
        for (let length = 1; length < n - 1; length++) {
          const [segment, rest] = [turned.slice(0, length), turned.slice(length)];
          for (let k = 1; k < rest.length; k++) {
            best = Math.min(
              best,
              costAlong(costs, [...rest.slice(0, k), ...segment, ...rest.slice(k)], false),
            );
          }
        }
      }
      expect(best).toBeGreaterThanOrEqual(cost - 1e-9);
    },
  );

  test('the assignment has prices that prove it', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 2, max: 30 }), (seed, n) => {
        const { costs } = buildMatrix(
          randomCosts(n, Math.abs(seed)).map((row) => row.map((c) => c - 500)),
          false,
        );
        const { successor, rowPrice, columnPrice } = solveAssignment(n, costs);
        expectOrder([...successor], n);
        let dual = 0;
        for (let i = 0; i < n; i++) {
          dual += rowPrice[i]! + columnPrice[i]!;
          for (let j = 0; j < n; j++) {
            expect(costs[i * n + j]! - rowPrice[i]! - columnPrice[j]!).toBeGreaterThanOrEqual(
              -1e-9,
            );
          }
        }
        expect(dual).toBeCloseTo(costOfAssignment(n, costs, successor), 6);
      }),
      { numRuns: 20 },
    );
  });

  /** Every choice of a predecessor for each of the nodes. */
  function* predecessors(n: number): Generator<number[]> {
    for (let code = 0; code < n ** n; code++) {
      const chosen = Array.from({ length: n }, (_, j) => Math.floor(code / n ** j) % n);
      if (chosen.every((i, j) => i !== j)) yield chosen;
    }
  }

  test('a 1-arborescence equals brute force, and its prices prove it', () => {
    const n = 5;
    const row = fc.array(fc.integer({ min: -9, max: 9 }), { minLength: n, maxLength: n });
    const square = fc.array(row, { minLength: n, maxLength: n });
    const reachesRoot = (chosen: readonly number[], from: number) => {
      let node = from;
      for (let k = 0; k < n && node !== 0; k++) node = chosen[node]!;
      return node === 0;
    };
    const trees = [...predecessors(n)].filter((chosen) =>
      chosen.every((_, j) => reachesRoot(chosen, j)),
    );
    fc.assert(
      fc.property(square, row, (costs, lambda) => {
        const costOf = (chosen: ArrayLike<number>) =>
          Array.from(chosen).reduce((sum, i, j) => sum + costs[i]![j]! - lambda[i]!, 0);
        const found = createArborescenceFinder(n, Float64Array.from(costs.flat()))(
          Float64Array.from(lambda),
          true,
        );
        const least = Math.min(...trees.map(costOf));
        expect(found.cost).toBe(least);
        expect(costOf(found.predecessor)).toBe(least);
        expect(trees).toContainEqual([...found.predecessor]);
        expect(found.prices.reduce((sum, { price }) => sum + price, 0)).toBe(least);
        for (let i = 0; i < n; i++) {
          for (let j = 0; j < n; j++) {
            const paid = found.prices
              .filter(
                ({ nodes }) => nodes.includes(j) && (nodes.length === 1 || !nodes.includes(i)),
              )
              .reduce((sum, { price }) => sum + price, 0);
            if (i !== j) expect(costs[i]![j]! - lambda[i]! - paid).toBeGreaterThanOrEqual(0);
          }
        }
        for (const { nodes, price } of found.prices) {
          if (nodes.length > 1) expect(price).toBeGreaterThanOrEqual(0);
        }
      }),
      { numRuns: 40 },
    );
  });

  test('the bound of Held and Karp is below every tour, also with the costs that it leaves', () => {
    for (let seed = 1; seed <= 6; seed++) {
      const matrix = buildMatrix(seed % 2 ? roadCosts(7, seed) : randomCosts(7, seed), seed > 3);
      const { size, costs } = matrix;
      const tours = Array.from(permutations(Array.from({ length: size - 1 }, (_, i) => i + 1)));
      const least = Math.min(...tours.map((rest) => costOfTour(matrix, [0, ...rest])));
      const { successor, rowPrice } = solveAssignment(size, costs);
      const { offset, costs: left } = ascend(matrix, rowPrice, least, () => true);
      const assigned = costOfAssignment(size, costs, successor);
      expect(offset).toBeGreaterThanOrEqual(assigned - 1e-6);
      if (seed % 2) expect(offset).toBeGreaterThan(assigned + 1);
      const relaxed = { ...matrix, costs: left };
      for (const rest of tours) {
        const tour = [0, ...rest];
        expect(offset + costOfTour(relaxed, tour)).toBeLessThanOrEqual(costOfTour(matrix, tour));
      }
      for (let way = 0; way < size * size; way++) {
        if (way % (size + 1) > 0) expect(left[way]).toBeGreaterThanOrEqual(-1e-6);
      }
    }
  });

  test('branch and bound equals dynamic programming', () => {
    for (let seed = 1; seed <= 12; seed++) {
      const costs = (seed % 2 ? roadCosts(10, seed) : randomCosts(10, seed, 30)).map((row) =>
        row.map((cost) => (seed % 3 ? cost : Math.floor(cost / 10) / 7 - 3)),
      );
      const exact = solveTour({ costs, open: false }).cost;
      const chained = withChain(costs, 14);
      // Without a search before it, so that it must find the tour as well.
      const found = solveTour(
        { costs: chained, open: false },
        { iterations: 0, branches: 100_000, seconds: 60 },
      );
      expect(found.proved).toBe(true);
      expect(found.cost).toBeCloseTo(exact, 9);
    }
  });

  test('trades, whose costs are almost symmetric, are proved all the same', () => {
    const n = 30;
    const pick = createNumbers(13);
    const uniform = () => pick(1_000_000) / 1e6;
    const factors = Array.from({ length: n }, () => [0.5 + uniform(), uniform() - 0.5]);
    const trades = factors.map(() => ({
      quantity: pick(40_000) - 20_000,
      volatility: 0.5 + uniform(),
      dailyVolume: 2e5 + 8e5 * uniform(),
      resilience: 0.5 + 3 * uniform(),
      duration: 0.1 + 0.4 * uniform(),
      spread: 0.02,
    }));
    const correlation = factors.map(([a, b], i) =>
      factors.map(([c, d], j) => (i === j ? 1 : (a! * c! + b! * d!) / 3)),
    );
    const costs = costsOfTrades({ trades, correlation, crossImpact: 0.5, impact: 0.8 });
    const { cost, proved } = solveTour({ costs, open: true }, { ...quick, branches: 20_000 });
    expect(proved).toBe(true);
    const { bound } = searchTour(buildMatrix(costs, true), { ...quick, branches: 0 });
    expect(bound).toBeLessThanOrEqual(cost);
    expect(bound).toBeGreaterThan(cost - 0.005 * Math.abs(cost));
  });

  test('a planted tour of 400 nodes is found and proved', () => {
    const n = 400;
    const pick = createNumbers(2);
    const order = Array.from({ length: n }, (_, i) => i);
    for (let i = n - 1; i > 0; i--) {
      const j = pick(i + 1);
      [order[i], order[j]] = [order[j]!, order[i]!];
    }
    const [out, into] = [0, 1].map(() => order.map(() => pick(500) - 250));
    const costs = order.map((_, i) => order.map((_, j) => out![i]! + into![j]! + pick(100)));
    order.forEach((i, k) => {
      const j = order[(k + 1) % n]!;
      costs[i]![j] = out![i]! + into![j]!;
    });
    const planted = costAlong(costs, order, false);
    expect(solveTour({ costs, open: false }, { iterations: 3000 })).toMatchObject({
      cost: planted,
      lowerBound: planted,
      proved: true,
    });
  });

  test('random costs of 400 nodes: within 1 % of the bound', () => {
    const costs = randomCosts(400, 4);
    const { order, cost, lowerBound, gap } = solveTour(
      { costs, open: true },
      { iterations: 5000, branches: 200 },
    );
    expectOrder(order, 400);
    expect(cost).toBe(costAlong(costs, order, true));
    expect(lowerBound).toBeLessThanOrEqual(cost);
    expect(gap).toBeLessThan(0.01);
  });

  test('the same seed gives the same tour', () => {
    const costs = randomCosts(60, 6, 20);
    const solve = () => solveTour({ costs, open: false }, { ...quick, seed: 5 });
    expect(solve()).toEqual(solve());
  });

  test('the bound holds where the proof is cut short', () => {
    const costs = withChain(randomCosts(12, 11, 30), 12);
    const exact = solveTour({ costs: randomCosts(12, 11, 30), open: false }).cost;
    for (const branches of [0, 1, 2, 5, 20]) {
      const { tour, bound } = searchTour(buildMatrix(costs, false), {
        ...quick,
        iterations: 0,
        branches,
      });
      expect(tour).toHaveLength(24);
      expect(bound).toBeLessThanOrEqual(exact);
    }
  });

  test('forbidden ways that leave one tour', () => {
    const n = 30;
    const costs = Array.from({ length: n }, (_, i) =>
      Array.from({ length: n }, (_, j) => (j === (i + 7) % n ? -3.5 : null)),
    );
    expect(solveTour({ costs, open: false }, quick)).toMatchObject({
      cost: -3.5 * n,
      proved: true,
    });
    costs[4]![11] = null;
    expect(() => solveTour({ costs, open: false }, quick)).toThrow(/every order uses a way/);
    expect(solveTour({ costs, open: true }, quick).order[0]).toBe(11);
  });
});

describe('instances of TSPLIB', () => {
  const optima = { br17: 39, ftv33: 1286, ry48p: 14422, ft53: 6905 };
  const available = existsSync(instances);
  if (!available) console.warn(`the instances of TSPLIB are not in ${instances}: not tested`);
  (available ? test : test.skip).each(Object.entries(optima))('%s: %i', (name, optimum) => {
    const file = join(instances, `${name}.atsp`);
    const costs = parseTsplib(readFileSync(file, 'utf8'), file);
    const { cost, lowerBound, order, proved } = solveTour(
      { costs, open: false },
      { iterations: 20_000, branches: 500, seconds: 60 },
    );
    expectOrder(order, costs.length);
    expect(cost).toBe(optimum);
    expect(lowerBound).toBeLessThanOrEqual(optimum);
    expect(lowerBound).toBeGreaterThan(0.99 * optimum);
    expect(proved).toBe(name !== 'ry48p');
  });
});

describe('files of TSPLIB', () => {
  const heads = [
    'NAME: three',
    'TYPE: ATSP',
    'COMMENT: three places',
    'DIMENSION: 3',
    'EDGE_WEIGHT_TYPE: EXPLICIT',
    'EDGE_WEIGHT_FORMAT: FULL_MATRIX',
    'EDGE_WEIGHT_SECTION',
  ];
  const rows = ['9999 1 -2', '3 9999', '4 5 6.5', '9999'];
  const text = (lines: readonly string[]) => lines.join('\n');

  test('are read across line ends, without their diagonal', () => {
    const expected = [
      [null, 1, -2],
      [3, null, 4],
      [5, 6.5, null],
    ];
    expect(parseTsplib(text([...heads, ...rows, 'EOF', '']), 'x')).toEqual(expected);
    expect(parseTsplib([...heads, ...rows].join('\r\n'), 'x')).toEqual(expected);
  });

  const replace = (line: number, by: string) =>
    heads.map((head, k) => (k === line - 1 ? by : head));

  test.each([
    ['FULL_MATRIX', '0 1 2 4 1 0 3 5 2 3 0 6 4 5 6 0'],
    ['UPPER_ROW', '1 2 4 3 5 6'],
    ['LOWER_ROW', '1 2 3 4 5 6'],
    ['UPPER_DIAG_ROW', '0 1 2 4 0 3 5 0 6 0'],
    ['LOWER_DIAG_ROW', '0 1 0 2 3 0 4 5 6 0'],
    ['UPPER_COL', '1 2 3 4 5 6'],
    ['LOWER_COL', '1 2 4 3 5 6'],
    ['UPPER_DIAG_COL', '0 1 0 2 3 0 4 5 6 0'],
    ['LOWER_DIAG_COL', '0 1 2 4 0 3 5 0 6 0'],
  ])('%s', (format, costs) => {
    const [, type, , , explicit, , section] = heads;
    const lines = [type!, 'DIMENSION : 4', explicit!, `EDGE_WEIGHT_FORMAT : ${format}`, section!];
    const points = ['DISPLAY_DATA_SECTION', '1 0.5 7', 'EOF'];
    expect(parseTsplib(text([...lines, costs, ...points]), 'x')).toEqual([
      [null, 1, 2, 4],
      [1, null, 3, 5],
      [2, 3, null, 6],
      [4, 5, 6, null],
    ]);
  });

  test.each([
    ['EUC_2D', 3, 11],
    ['CEIL_2D', 3, 12],
    ['MAN_2D', 4, 16],
    ['MAX_2D', 2, 9],
    // √(8/10) = 0.89, √(130/10) = 3.61
    ['ATT', 1, 4],
  ])('distances of points by %s', (type, first, second) => {
    const lines = ['DIMENSION: 3', `EDGE_WEIGHT_TYPE: ${type}`, 'NODE_COORD_SECTION'];
    const costs = parseTsplib(text([...lines, '1 1.0 1', '2 3 3', '3 8 1.0e1', 'EOF']), 'x');
    expect(costs[0]).toEqual([null, first, second]);
    expect(costs[2]).toEqual([second, costs[1]![2], null]);
  });

  test.each<[string, readonly string[], string]>([
    [
      'another format',
      [...replace(6, 'EDGE_WEIGHT_FORMAT: UPPER'), ...rows],
      'x.atsp:6: EDGE_WEIGHT_FORMAT is UPPER; it can be read as one of FULL_MATRIX, UPPER_ROW, LOWER_ROW, UPPER_DIAG_ROW, LOWER_DIAG_ROW, UPPER_COL, LOWER_COL, UPPER_DIAG_COL, LOWER_DIAG_COL, FUNCTION',
    ],
    [
      'another distance',
      [...replace(5, 'EDGE_WEIGHT_TYPE : GEO'), ...rows],
      'x.atsp:5: EDGE_WEIGHT_TYPE is GEO; it can be read as one of EXPLICIT, EUC_2D, CEIL_2D, MAN_2D, MAX_2D, ATT',
    ],
    [
      'distances of points that are not there',
      [...replace(5, 'EDGE_WEIGHT_TYPE : EUC_2D'), ...rows],
      'x.atsp:7: EDGE_WEIGHT_SECTION, and no NODE_COORD_SECTION, which EUC_2D weights need',
    ],
    [
      'points out of order',
      ['DIMENSION: 2', 'EDGE_WEIGHT_TYPE: EUC_2D', 'NODE_COORD_SECTION', '1 0 0', '3 1 1'],
      'x.atsp:5: the point of node 3; expected that of node 2',
    ],
    [
      'points without both coordinates',
      ['DIMENSION: 2', 'EDGE_WEIGHT_TYPE: EUC_2D', 'NODE_COORD_SECTION', '1 0 0', '2 1'],
      'x.atsp:5: 5 numbers; DIMENSION 2 has 2 points: number, x and y',
    ],
    [
      'another problem',
      [...replace(2, 'TYPE: CVRP'), ...rows],
      'x.atsp:2: TYPE is CVRP; only ATSP and TSP can be solved',
    ],
    [
      'no dimension',
      [...replace(4, ''), ...rows],
      'x.atsp:7: EDGE_WEIGHT_SECTION begins, and no DIMENSION has been said',
    ],
    [
      'a bad dimension',
      [...replace(4, 'DIMENSION: 3.5'), ...rows],
      "x.atsp:4: DIMENSION is '3.5'; it must be a whole number from 1 to 5000",
    ],
    [
      'too few costs',
      [...heads, ...rows.slice(0, 3)],
      'x.atsp:10: 8 costs; DIMENSION 3 in this format has 9',
    ],
    [
      'too many costs',
      [...heads, ...rows, '1 EOF'],
      'x.atsp:12: 10 costs; DIMENSION 3 in this format has 9',
    ],
    ['no number', [...heads, '1 2 x'], "x.atsp:8: 'x' is not a number"],
    [
      'no costs',
      heads.slice(0, 6),
      'x.atsp:6: the end, and no EDGE_WEIGHT_SECTION, which EXPLICIT weights need',
    ],
  ])('%s', (_, lines, message) => {
    expect(() => parseTsplib(text(lines), 'x.atsp')).toThrow(new InputError(message));
  });

  test('solve tour --tsplib', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tour-'));
    try {
      const file = join(folder, 'three.atsp');
      writeFileSync(file, text([...heads, ...rows, 'EOF']));
      const solve = (...words: string[]) => captureOutput(['solve', ...words, '--json']);
      const { code, output } = await solve('tour', '--tsplib', file);
      expect(code).toBe(0);
      expect(JSON.parse(output)).toEqual({
        order: [0, 2, 1],
        cost: 7.5,
        lowerBound: 7.5,
        gap: 0,
        proved: true,
      });
      const path = await solve('tour', '--tsplib', file, '--set', 'open=true');
      expect(JSON.parse(path.output)).toMatchObject({ order: [1, 0, 2], cost: 1 });
      expect(await solve('twap', '--tsplib', file)).toMatchObject({
        code: 2,
        errors: expect.stringContaining('it goes with tour') as string,
      });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('another kind of file', () => {
    expect(() => parseTsplib('costs: [[1]]', 'x')).toThrow(/^x:1: 'costs: \[\[1\]\]' is no entry/);
  });
});

describe('impossible input', () => {
  test('a matrix that is not square', () => {
    const costs = [
      [0, 1],
      [1, 0, 2],
    ];
    expect(() => solveTour({ costs, open: false })).toThrow(
      /^costs\.1: 3 numbers; .* must have 2$/,
    );
  });

  test.each([1e-30, 1e30])('costs in units of %d are no trouble', (unit) => {
    const costs = randomCosts(25, 12);
    const scaled = costs.map((row) => row.map((cost) => cost * unit));
    const [plain, large] = [costs, scaled].map((some) =>
      solveTour({ costs: some, open: false }, { ...quick, branches: 100_000 }),
    );
    expect(large!.proved && plain!.proved).toBe(true);
    expect(large!.cost / unit / plain!.cost).toBeCloseTo(1, 10);
  });

  test('costs too large to be added up', () => {
    const costs = [
      [0, 1e308],
      [-1e308, 0],
    ];
    expect(() => solveTour({ costs, open: false })).toThrow(/too large/);
  });

  test('correlations that are not symmetric', () => {
    const trade = {
      quantity: 1,
      volatility: 1,
      dailyVolume: 1,
      resilience: 0,
      duration: 0,
      spread: 0,
    };
    const solve = (correlation: number[][]) =>
      costsOfTrades({ trades: [trade, trade], correlation, crossImpact: 1, impact: 1 });
    expect(() => solve([[1, 0.5], [0.4, 1]])).toThrow(/^correlation\.0\.1: 0\.5, but correlation\.1\.0 is 0\.4/); // prettier-ignore
    expect(() => solve([[1, 0.5]])).toThrow(/^correlation: 1 rows/);
    expect(() => solve([[1, 0.5], [1]])).toThrow(/^correlation\.1: 1 numbers/);
    expect(() => solve([[0.9, 0], [0, 1]])).toThrow(/own correlation is 1/); // prettier-ignore
  });
});
