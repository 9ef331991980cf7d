import fc from 'fast-check';
import loadHighs from 'highs';

import {
  expectedReturn,
  quoteModel,
  solveOptimalQuotes,
} from '../../../algorithms/solvers/quote-evaluation';
import { quotesAt } from '../../../algorithms/solvers/quote-table';
import {
  solveStepwise,
  stepwiseProblem,
  valueIterationSolver,
} from '../../../algorithms/solvers/value-iteration';
import { decide, makeChoices } from '../../../algorithms/solvers/value-iteration/choices';
import { marketMakingSchema } from '../../../envs/market-making/config';
import { evenNumber } from './even-number';

const { schema, example, solve } = valueIterationSolver;
const { discount: _, ...market } = example;
type Input = Parameters<typeof schema.parse>[0];
const run = (input: Input) => solve(schema.parse(input));
type Problem = typeof market;

describe('the case of the tests: q within ±5, depths .1 to 2', () => {
  const result = run(example);

  test('value and greedy depths', () => {
    expect(result.value[5]).toBeCloseTo(5.78477, 6);
    expect(result.bidDepth).toEqual([0.1, 0.1, 0.1, 0.3, 0.5, 0.8, 1, 1.2, 1.5, 1.8, null]);
    expect(result.askDepth).toEqual([...result.bidDepth].reverse());
    expect(result.errorBound).toBeLessThan(1e-9);
  });

  test('a weaker tolerance stops earlier, within its bound', () => {
    for (const tolerance of [10, 0.1, 1e-3]) {
      const early = run({ ...example, tolerance });
      expect(early.errorBound).toBeLessThanOrEqual(tolerance);
      early.value.forEach((entry, i) =>
        expect(Math.abs(entry - result.value[i]!)).toBeLessThanOrEqual(early.errorBound + 1e-12),
      );
    }
    expect(run({ ...example, tolerance: 10 }).iterations).toBeLessThan(result.iterations);
  });

  test('many periods earn the average reward, and discounting tends to it', () => {
    const { gain, value } = run({ ...market, average: true });
    const [some, more] = [4000, 4001].map((periods) => run({ ...market, periods }).value);
    expect(more![5]! - some![5]!).toBeCloseTo(gain!, 9);
    const patient = run({ ...market, discount: 0.999999 });
    expect(patient.value[5]! * 1e-6).toBeCloseTo(gain!, 5);
    for (let i = 0; i < 11; i += 1) {
      expect(some![i]! - some![5]!).toBeCloseTo(value[i]!, 7);
    }
  });
});

/** Every pair of quotes at an inventory: chances of a fill on each side and the reward. */
function pairs({ arrivalRate, fillDecay, dt, inventoryPenalty, maxInventory, depths }: Problem) {
  const levels = [null, ...depths].map((depth) => {
    const probability =
      depth === null ? 0 : Math.min(1, arrivalRate * Math.exp(-fillDecay * depth) * dt);
    return { depth, probability };
  });
  return (q: number) =>
    levels
      .filter(({ depth }) => q < maxInventory || depth === null)
      .flatMap((bid) =>
        levels
          .filter(({ depth }) => q > -maxInventory || depth === null)
          .map((ask) => ({
            bid,
            ask,
            reward:
              bid.probability * (bid.depth ?? 0) +
              ask.probability * (ask.depth ?? 0) -
              inventoryPenalty * q * q * dt,
            up: bid.probability * (1 - ask.probability),
            down: ask.probability * (1 - bid.probability),
          })),
      );
}

/** A Bellman sweep over every pair, both signs of the inventory for themselves. */
function sweep(problem: Problem, discount: number, value: readonly number[]): number[] {
  const { maxInventory } = problem;
  const at = pairs(problem);
  return value.map((stay, i) =>
    Math.max(
      ...at(i - maxInventory).map(
        ({ reward, up, down }) =>
          reward +
          discount *
            (up * (value[i + 1] ?? 0) + down * (value[i - 1] ?? 0) + (1 - up - down) * stay),
      ),
    ),
  );
}

const problems = fc.record({
  arrivalRate: evenNumber(0.1, 40),
  fillDecay: evenNumber(0.2, 3),
  dt: evenNumber(0.005, 0.2),
  inventoryPenalty: evenNumber(0, 3),
  maxInventory: fc.integer({ min: 1, max: 4 }),
  // Below zero as well, where every step may bring a fill and values need not be concave.
  depths: fc.array(evenNumber(-1, 3), { minLength: 1, maxLength: 6 }),
});

test('finite horizons agree with brute force over all pairs', () => {
  fc.assert(
    fc.property(problems, fc.integer({ min: 1, max: 30 }), (problem, periods) => {
      let value = new Array<number>(2 * problem.maxInventory + 1).fill(0);
      for (let period = 0; period < periods; period += 1) value = sweep(problem, 1, value);
      run({ ...problem, periods }).value.forEach((entry, i) =>
        expect(entry).toBeCloseTo(value[i]!, 10),
      );
    }),
    { numRuns: 100 },
  );
});

test('discounted values are fixed points of brute force, and the quotes attain them', () => {
  fc.assert(
    fc.property(problems, evenNumber(0, 0.999), (problem, discount) => {
      const { value, bidDepth, askDepth, inventory } = run({ ...problem, discount });
      const at = pairs(problem);
      sweep(problem, discount, value).forEach((best, i) => {
        expect(best).toBeCloseTo(value[i]!, 8);
        const chosen = at(inventory[i]!).find(
          ({ bid, ask }) => bid.depth === bidDepth[i]! && ask.depth === askDepth[i]!,
        )!;
        const { reward, up, down } = chosen;
        const attained =
          reward +
          discount *
            (value[i]! +
              up * ((value[i + 1] ?? 0) - value[i]!) +
              down * ((value[i - 1] ?? 0) - value[i]!));
        expect(attained).toBeCloseTo(value[i]!, 8);
      });
    }),
    { numRuns: 100 },
  );
});

test('averages satisfy the equation of the gain', () => {
  fc.assert(
    fc.property(problems, (problem) => {
      const { value, gain, errorBound } = run({ ...problem, average: true });
      expect(errorBound).toBeLessThan(1e-9);
      sweep(problem, 1, value).forEach((best, i) =>
        expect(Math.abs(best - value[i]! - gain!)).toBeLessThan(1e-8),
      );
    }),
    { numRuns: 60 },
  );
});

test('the best pair is found where values are neither concave nor convex', () => {
  const levels = fc.array(fc.record({ depth: evenNumber(-2, 2), probability: evenNumber(0, 1) }), {
    minLength: 1,
    maxLength: 8,
  });
  const values = fc.array(evenNumber(-3, 3), { minLength: 3, maxLength: 6 });
  fc.assert(
    fc.property(levels, values, fc.boolean(), (some, next, mayWithdraw) => {
      const all = mayWithdraw ? [{ depth: null, probability: 0 }, ...some] : some;
      const { gain } = decide(makeChoices(all), Float64Array.from(next));
      next.slice(0, -1).forEach((stay, q) => {
        const up = next[q + 1]! - stay;
        const down = next[Math.abs(q - 1)]! - stay;
        const best = Math.max(
          ...all.flatMap((away) =>
            all.map((toward) => {
              const [p, r] = [away.probability, toward.probability];
              return (
                p * (away.depth ?? 0) +
                r * (toward.depth ?? 0) +
                p * (1 - r) * up +
                r * (1 - p) * down
              );
            }),
          ),
        );
        expect(gain[q]).toBeCloseTo(best, 10);
      });
    }),
    { numRuns: 500 },
  );
});

test('of equally good depths the shallower is quoted, and none rather than one that never fills', () => {
  // Both depths earn 0.5 where a fill is worth its depth alone.
  const tie = makeChoices([
    { depth: 2, probability: 0.25 },
    { depth: 1, probability: 0.5 },
    { depth: null, probability: 0 },
  ]);
  const { away, toward } = decide(tie, new Float64Array(3));
  expect([...away].map((index) => tie.depth[index])).toEqual([1, 1, undefined]);
  expect([...toward].map((index) => tie.depth[index])).toEqual([1, 1, 1]);
  const { bidDepth } = run({ ...market, depths: [1e4], discount: 0.9 });
  expect(bidDepth.every((depth) => depth === null)).toBe(true);
});

describe('linear programmes', () => {
  const problem: Problem = { ...market, maxInventory: 3, depths: [0.2, 0.5, 0.9, 1.4] };
  const name = (q: number) => `h${q + 3}`;
  const term = (factor: number, variable: string) =>
    `${factor < 0 ? '-' : '+'} ${Math.abs(factor)} ${variable}`;
  const inventories = [-3, -2, -1, 0, 1, 2, 3];

  /** Σ of the values, or the gain, is least under v(q) [+ g] − β·E v ≥ r for every pair. */
  async function minimise(objective: string, discount: number, withGain: boolean) {
    const at = pairs(problem);
    const constraints = inventories.flatMap((q) =>
      at(q).map(({ reward, up, down }) =>
        [
          withGain ? '+ 1 g' : '',
          term(1 - discount * (1 - up - down), name(q)),
          ...(up > 0 ? [term(-discount * up, name(q + 1))] : []),
          ...(down > 0 ? [term(-discount * down, name(q - 1))] : []),
          `>= ${reward}`,
        ].join(' '),
      ),
    );
    const free = [...inventories.map(name), ...(withGain ? ['g'] : [])];
    const highs = await loadHighs();
    return highs.solve(
      `Minimize\n obj: ${objective}\nSubject To\n${constraints
        .map((line, c) => ` c${c}: ${line}`)
        .join('\n')}\nBounds\n${free.map((variable) => ` ${variable} free`).join('\n')}\nEnd\n`,
    );
  }

  test('the average reward', async () => {
    const { ObjectiveValue } = await minimise('g', 1, true);
    expect(ObjectiveValue).toBeCloseTo(run({ ...problem, average: true }).gain!, 7);
  });

  test('discounted rewards', async () => {
    const { Columns } = await minimise(inventories.map(name).join(' + '), 0.95, false);
    const { value } = run({ ...problem, discount: 0.95 });
    inventories.forEach((q, i) => {
      const column = Columns[name(q)] as { Primal: number };
      expect(column.Primal).toBeCloseTo(value[i]!, 5);
    });
  });
});

test('500 shares and 100 depths a side, patient and without end', () => {
  const large = {
    ...market,
    maxInventory: 500,
    depths: Array.from({ length: 100 }, (_, level) => (level + 1) / 20),
  };
  for (const criterion of [{ discount: 0.99 }, { discount: 0.9999 }, { average: true }]) {
    const { value, bidDepth, errorBound } = run({ ...large, ...criterion });
    expect(errorBound).toBeLessThan(1e-5);
    for (let i = 1; i < 1000; i += 1) {
      expect(value[i]! - value[i - 1]!).toBeGreaterThan(value[i + 1]! - value[i]!);
      expect(bidDepth[i] ?? Infinity).toBeGreaterThanOrEqual(bidDepth[i - 1] ?? Infinity);
    }
  }
});

test('inventories that one leaves at a loss: the average does not depend on where one starts', () => {
  // A penalty of 0.005 a step is worth the loss of 1 in the end; the greedy quotes of the first sweeps
  // leave 0 and ±1 apart.
  const { gain, bidDepth } = run({ ...market, depths: [-1], average: true });
  expect(gain).toBeCloseTo(0, 9);
  expect(bidDepth.slice(0, 6)).toEqual([-1, -1, -1, -1, -1, null]);
});

test('impossible input', () => {
  expect(() => run(market)).toThrow('discount, average, periods: 0 of them given; expected one');
  expect(() => run({ ...example, periods: 3 })).toThrow('2 of them given');
  expect(() => run({ ...market, average: true, depths: [1e4] })).toThrow('none is ever filled');
  expect(schema.safeParse({ ...market, discount: 1 }).success).toBe(false);
  expect(schema.safeParse({ ...market, depths: [], periods: 1 }).success).toBe(false);
});

describe('as a policy', () => {
  const benchmark = {
    steps: 20,
    arrivals: { kind: 'poisson', rate: 10 },
    fills: { kind: 'exponential', decay: 1 },
    inventory: { initial: [-2, 2], maximum: 6 },
    reward: { kind: 'inventory-penalty', running: 0.5, terminal: 0.1 },
  };

  test('on a grid no other table of levels earns more', () => {
    const config = marketMakingSchema.parse({
      ...benchmark,
      steps: 3,
      inventory: { maximum: 2 },
      depth: { minimum: 0 },
      actions: { kind: 'grid', first: 0.2, tick: 0.4, levels: 4 },
    });
    const model = quoteModel(config);
    const table = solveStepwise(stepwiseProblem(config));
    const best = expectedReturn(model, table);
    const depths = [0.2, 0.6, 1, 1.4, Infinity];
    const nearest = (depth: number) =>
      depths.reduce((a, b) => (Math.abs(b - depth) < Math.abs(a - depth) ? b : a));
    expect(table.bid.every((depth) => depth === Infinity || nearest(depth) - depth < 1e-12)).toBe(
      true,
    );
    // One change at a time, at every step and inventory, of both sides together.
    for (let index = 0; index < table.bid.length; index += 1) {
      for (const bidDepth of depths) {
        for (const askDepth of depths) {
          const [bid, ask] = [table.bid.slice(), table.ask.slice()];
          bid[index] = bidDepth;
          ask[index] = askDepth;
          expect(expectedReturn(model, { ...table, bid, ask })).toBeLessThanOrEqual(best + 1e-12);
        }
      }
    }
  });

  test('with free depths it earns the optimum but for its fine grid', () => {
    for (const depth of [{}, { minimum: 0 }]) {
      const config = marketMakingSchema.parse({ ...benchmark, depth });
      const model = quoteModel(config);
      const optimum = expectedReturn(model, solveOptimalQuotes(model));
      const found = expectedReturn(model, solveStepwise(stepwiseProblem(config)));
      expect(found).toBeLessThanOrEqual(optimum + 1e-9);
      expect(found).toBeGreaterThan(optimum - 1e-4);
    }
  });

  test('keeps within the bounds of the depths, and quotes where it must', () => {
    const config = marketMakingSchema.parse({
      ...benchmark,
      depth: { minimum: 0.5, maximum: 1.5 },
    });
    const table = solveStepwise(stepwiseProblem(config));
    for (let q = -5; q <= 5; q += 1) {
      const { bid, ask } = quotesAt(table, 0, q);
      for (const depth of [bid, ask]) {
        expect(depth).toBeGreaterThanOrEqual(0.5);
        expect(depth).toBeLessThanOrEqual(1.5);
      }
    }
    expect(quotesAt(table, 0, 5)).toEqual({ bid: 1.5, ask: 0.5 });
  });
});
