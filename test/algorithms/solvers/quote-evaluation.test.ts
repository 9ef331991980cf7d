import {
  avellanedaStoikovProblem,
  solveAvellanedaStoikov,
} from '../../../algorithms/solvers/avellaneda-stoikov';
import {
  carteaJaimungalProblem,
  solveCarteaJaimungal,
} from '../../../algorithms/solvers/cartea-jaimungal';
import {
  certaintyEquivalent,
  expectedReturn,
  profitMoments,
  quoteModel,
  solveOptimalQuotes,
} from '../../../algorithms/solvers/quote-evaluation';
import { raiseQuotes, tabulateQuotes } from '../../../algorithms/solvers/quote-table';
import { solveSymmetricQuotes } from '../../../algorithms/solvers/symmetric-quotes';
import { InputError } from '../../../engine/input-error';
import { marketMakingSchema } from '../../../envs/market-making/config';

describe('the simulation of Avellaneda and Stoikov (2008), γ = 0.1', () => {
  const config = marketMakingSchema.parse({
    mid: { kind: 'brownian', volatility: 2, increments: 'binomial' },
    inventory: { maximum: 150 },
  });
  const model = quoteModel(config);
  const problem = avellanedaStoikovProblem(config);

  test('moments of the inventory strategy', () => {
    const table = solveAvellanedaStoikov(problem);
    const moments = profitMoments(model, table);
    expect(moments.mean).toBeCloseTo(64.8925, 4);
    expect(moments.deviation).toBeCloseTo(6.5432, 4);
    expect(moments.inventoryDeviation).toBeCloseTo(2.9268, 4);
    expect(certaintyEquivalent(model, table, 0.1)).toBeCloseTo(62.787, 3);
  });

  test('moments of the symmetric strategy', () => {
    const moments = profitMoments(model, solveSymmetricQuotes(problem));
    expect(moments.mean).toBeCloseTo(68.2228, 4);
    expect(moments.deviation).toBeCloseTo(13.4558, 4);
    expect(moments.inventoryDeviation).toBeCloseTo(8.3994, 4);
  });

  test('the certainty equivalent tends to mean − γ/2 · variance', () => {
    const table = solveSymmetricQuotes(problem);
    const { mean, deviation } = profitMoments(model, table);
    const aversion = 1e-5;
    expect(certaintyEquivalent(model, table, aversion)).toBeCloseTo(
      mean - (aversion / 2) * deviation ** 2,
      5,
    );
  });
});

describe('the learning benchmark under a running penalty', () => {
  const config = marketMakingSchema.parse({
    steps: 100,
    arrivals: { kind: 'poisson', rate: 10 },
    fills: { kind: 'exponential', decay: 1 },
    inventory: { initial: [-4, 4], maximum: 30 },
    depth: { minimum: 0 },
    reward: { kind: 'inventory-penalty', running: 0.5, terminal: 0.001 },
  });
  const model = quoteModel(config);
  const earn = (quote: (step: number, inventory: number) => { bid: number; ask: number }) =>
    expectedReturn(model, raiseQuotes(tabulateQuotes(100, 30, quote), 0));

  test('optimum', () => {
    const optimum = solveOptimalQuotes(model);
    expect(expectedReturn(model, optimum)).toBeCloseTo(5.15607, 5);
    // No small change of a depth earns more.
    for (const [step, inventory] of [
      [0, 0],
      [0, 3],
      [50, -4],
      [99, 1],
    ] as const) {
      for (const change of [-0.02, 0.02]) {
        const index = step * 61 + inventory + 30;
        const bid = optimum.bid.slice();
        bid[index] = Math.max(bid[index]! + change, 0);
        expect(expectedReturn(model, { ...optimum, bid })).toBeLessThanOrEqual(
          expectedReturn(model, optimum) + 1e-12,
        );
      }
    }
  });

  test('closed form, clipped at depth 0', () => {
    const { quotes } = solveCarteaJaimungal(carteaJaimungalProblem(config));
    expect(expectedReturn(model, raiseQuotes(quotes, 0))).toBeCloseTo(5.15553, 5);
  });

  test('static quotes', () => {
    expect(earn((_, q) => ({ bid: 1.1 + 0.3 * q, ask: 1.1 - 0.3 * q }))).toBeCloseTo(5.0768, 4);
    expect(earn(() => ({ bid: 1, ask: 1 }))).toBeCloseTo(2.22106, 5);
    expect(earn(() => ({ bid: Infinity, ask: Infinity }))).toBeCloseTo(-3.34, 5);
  });
});

test('a market with memory or costs is refused by name', () => {
  const refused: [object, RegExp][] = [
    [{ arrivals: { kind: 'hawkes', baseline: 1, jump: 0.5, decay: 1 } }, /arrivals/],
    [{ mid: { kind: 'ornstein-uhlenbeck' } }, /mid/],
    [{ mid: { kind: 'brownian', drift: 1 } }, /drift/],
    [{ latency: 1 }, /latency/],
    [{ tick: 0.1 }, /tick/],
    [{ fees: { maker: 0.001 } }, /fees/],
    [{ liquidation: { kind: 'cross', halfSpread: 1 } }, /liquidation/],
  ];
  for (const [config, message] of refused) {
    const run = () => quoteModel(marketMakingSchema.parse(config));
    expect(run).toThrow(InputError);
    expect(run).toThrow(message);
  }
});
