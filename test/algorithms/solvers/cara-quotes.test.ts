import fc from 'fast-check';

import { avellanedaStoikovSolver } from '../../../algorithms/solvers/avellaneda-stoikov';
import {
  caraProblem,
  caraQuotesSolver,
  solveCaraQuotes,
} from '../../../algorithms/solvers/cara-quotes';
import {
  chooseDepths,
  type DepthChoice,
} from '../../../algorithms/solvers/cara-quotes/choose-depths';
import {
  certaintyEquivalent,
  expectedReturn,
  quoteModel,
  solveOptimalQuotes,
} from '../../../algorithms/solvers/quote-evaluation';
import { quotesAt } from '../../../algorithms/solvers/quote-table';
import { marketMakingSchema } from '../../../envs/market-making/config';
import { evenNumber } from './even-number';

const { schema, example, solve } = caraQuotesSolver;
const run = (change: object = {}) => solve(schema.parse({ ...example, ...change }));

test('the optimum of the published simulation: certainty equivalent 65.2490', () => {
  const { value, bidDepth, askDepth } = run({ maxInventory: 25 });
  expect(value[25]).toBeCloseTo(65.249, 4);
  for (let i = 0; i < 50; i += 1) {
    expect(bidDepth[i]).toBeCloseTo(askDepth[50 - i]!, 9);
    if (i > 0) expect(bidDepth[i]!).toBeGreaterThanOrEqual(bidDepth[i - 1]! - 1e-12);
  }
  // Without a bound, no depth lies below the one at which every step brings a fill.
  expect(Math.min(...bidDepth.slice(0, -1).map(Number))).toBeCloseTo(Math.log(0.7) / 1.5, 12);
});

test('the value is the certainty equivalent of the quotes, evaluated on their own', () => {
  const markets = [
    { increments: 'binomial', riskAversion: 0.1, depth: {} },
    { increments: 'gaussian', riskAversion: 2, depth: {} },
    { increments: 'gaussian', riskAversion: 0.5, depth: { minimum: 0.3, maximum: 0.9 } },
    { increments: 'binomial', riskAversion: 1e-4, depth: { minimum: 0 } },
  ];
  for (const { increments, riskAversion, depth } of markets) {
    const config = marketMakingSchema.parse({
      horizon: 0.2,
      steps: 40,
      mid: { kind: 'brownian', volatility: 2, increments },
      inventory: { initial: [3, 3], maximum: 8 },
      riskAversion,
      depth,
    });
    const { quotes, value } = solveCaraQuotes(caraProblem(config));
    const model = quoteModel(config);
    const attained = certaintyEquivalent(model, quotes, riskAversion);
    expect(value[8 + 3]).toBeCloseTo(attained, 8);
    // No change of one depth, at any step, does better.
    for (const [step, q] of [
      [0, 3],
      [10, 4],
      [39, 0],
      [20, -8],
    ] as const) {
      for (const change of [-0.03, 0.03]) {
        const bid = quotes.bid.slice();
        const index = step * 17 + q + 8;
        bid[index] = Math.min(
          Math.max(bid[index]! + change, config.depth.minimum ?? -Infinity),
          config.depth.maximum ?? Infinity,
        );
        expect(certaintyEquivalent(model, { ...quotes, bid }, riskAversion)).toBeLessThanOrEqual(
          attained + 1e-12,
        );
      }
    }
  }
});

/** At each depth, the chance of a fill and the factor exp(−γδ) on the utility. */
const tabulate = ({ riskAversion, fillDecay, orders }: DepthChoice, depths: readonly number[]) =>
  depths.map((depth) => ({
    chance: Math.min(1, orders * Math.exp(-fillDecay * depth)),
    factor: Math.exp(-riskAversion * depth),
  }));

type Fill = ReturnType<typeof tabulate>[number];

/** E[exp(−γ·edge)·U(q')/U(q)] as it stands. */
const meanUtility = (bid: Fill, ask: Fill, up: number, down: number): number =>
  (1 - bid.chance) * (1 - ask.chance) +
  bid.chance * (1 - ask.chance) * bid.factor * up +
  ask.chance * (1 - bid.chance) * ask.factor * down +
  bid.chance * ask.chance * bid.factor * ask.factor;

test('no pair of depths on a fine grid is better than the pair chosen', () => {
  const choices = fc.record({
    riskAversion: evenNumber(0.05, 3),
    fillDecay: evenNumber(0.3, 3),
    // Up to several orders a step, where the two sides depend on each other most.
    orders: evenNumber(0.01, 5),
  });
  fc.assert(
    fc.property(choices, evenNumber(-3, 3), evenNumber(-3, 3), (market, up, down) => {
      const least = Math.log(market.orders) / market.fillDecay;
      const choice = { ...market, least, greatest: least + 6 };
      const { bid, ask, logUtility } = chooseDepths(choice, up, down);
      const ratios = [Math.exp(up), Math.exp(down)] as const;
      const [ownBid, ownAsk] = tabulate(choice, [bid, ask]);
      const chosen = meanUtility(ownBid!, ownAsk!, ...ratios);
      expect(Math.log(chosen)).toBeCloseTo(logUtility, 7);
      const fills = tabulate(
        choice,
        Array.from({ length: 61 }, (_, i) => least + i / 10),
      );
      const others = fills.flatMap((one) =>
        fills.map((other) => meanUtility(one, other, ...ratios)),
      );
      expect(others.every((other) => other >= chosen * (1 - 1e-10))).toBe(true);
    }),
    { numRuns: 150 },
  );
});

test('with hardly any risk aversion, the optimum of expected profit', () => {
  const config = marketMakingSchema.parse({
    horizon: 0.1,
    steps: 20,
    inventory: { maximum: 5 },
    riskAversion: 1e-9,
  });
  const model = quoteModel(config);
  const optimum = solveOptimalQuotes(model);
  const { quotes, value } = solveCaraQuotes(caraProblem(config));
  expect(value[5]).toBeCloseTo(expectedReturn(model, optimum), 7);
  for (let q = -4; q <= 4; q += 1) {
    expect(quotesAt(quotes, 0, q).bid).toBeCloseTo(quotesAt(optimum, 0, q).bid, 6);
  }
});

test('finite where the utility is beyond float64, and better than the closed form', () => {
  const { value, bidDepth } = run({ maxInventory: 200, riskAversion: 3, dt: 0.05 });
  expect(value.every(Number.isFinite)).toBe(true);
  expect(bidDepth.slice(0, -1).every(Number.isFinite)).toBe(true);
  const held = avellanedaStoikovSolver;
  const { value: heldValue } = held.solve(
    held.schema.parse({ ...held.example, riskAversion: 3, maxInventory: 200 }),
  );
  // exp(γ·θ(200)) is exp(−700,000) for the inventory held, with Gaussian moves.
  const gaussian = run({ maxInventory: 200, riskAversion: 3, dt: 0.05, increments: 'gaussian' });
  expect(heldValue[400]).toBe(-240_000);
  expect(gaussian.value[400]).toBeGreaterThan(-240_000);
});

test('later quotes are those of a shorter horizon', () => {
  const late = run({ time: 0.752, maxInventory: 5 });
  const short = run({ horizon: 0.25, maxInventory: 5 });
  expect(late.step).toBe(150);
  expect(late.bidDepth).toEqual(short.bidDepth);
  expect(late.value).toEqual(short.value);
  expect(run({ time: 1 }).step).toBe(199);
});

test('impossible input', () => {
  expect(() => run({ dt: 0.3 })).toThrow('dt: 0.3 does not divide the horizon');
  expect(() => run({ dt: 2 })).toThrow('dt: 2 does not divide the horizon');
  expect(() => run({ dt: 1e-7 })).toThrow('10000000 steps at 61 inventories; expected at most');
  expect(() => run({ time: 1.1 })).toThrow('time: 1.1 lies after the horizon');
  expect(() => run({ minimumDepth: 1, maximumDepth: 0 })).toThrow(
    'maximumDepth: 0 lies below minimumDepth; expected at least 1',
  );
  expect(schema.safeParse({ ...example, riskAversion: 0 }).success).toBe(false);
});
