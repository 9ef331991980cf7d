import { carteaJaimungalSolver } from '../../../algorithms/solvers/cartea-jaimungal';
import {
  gueantLehalleProblem,
  gueantLehalleSolver,
  solveGueantLehalle,
} from '../../../algorithms/solvers/gueant-lehalle';
import { quotesAt } from '../../../algorithms/solvers/quote-table';
import { certaintyEquivalent, quoteModel } from '../../../algorithms/solvers/quote-evaluation';
import { marketMakingSchema } from '../../../envs/market-making/config';

const { schema, example, solve } = gueantLehalleSolver;
const run = (change: object = {}) => solve(schema.parse({ ...example, ...change }));
type Result = ReturnType<typeof run>;
const bidAt = ({ inventory, bidDepth }: Result, q: number) => bidDepth[inventory.indexOf(q)]!;

test('the published case', () => {
  const result = run();
  [2.86996, 3.32446, 3.77875, 4.2307].forEach((known, index) =>
    expect(bidAt(result, [-5, 0, 5, 10][index]!)).toBeCloseTo(known, 5),
  );
  expect(result.approximation.markup).toBeCloseTo(3.278982, 6);
  expect(result.approximation.skew).toBeCloseTo(0.090488, 6);
  expect(result.bidDepth.at(-1)).toBeNull();
  expect(result.askDepth[0]).toBeNull();
  expect(result.inventory).toHaveLength(61);
});

/** v by classical Runge–Kutta on v̇ = αq²v − η(v(q − 1) + v(q + 1)), back from v(T) = 1. */
function integrate(input: typeof example, substeps: number): number[] {
  const { volatility, riskAversion, arrivalRate, fillDecay, maxInventory, horizon } = input;
  const alpha = (fillDecay * riskAversion * volatility ** 2) / 2;
  const eta = arrivalRate * (1 + riskAversion / fillDecay) ** -(1 + fillDecay / riskAversion);
  const slope = (v: number[]) =>
    v.map(
      (entry, i) =>
        eta * ((v[i - 1] ?? 0) + (v[i + 1] ?? 0)) - alpha * (i - maxInventory) ** 2 * entry,
    );
  const add = (v: number[], k: number[], by: number) => v.map((x, i) => x + by * k[i]!);
  const dt = horizon / substeps;
  let v = new Array<number>(2 * maxInventory + 1).fill(1);
  for (let step = 0; step < substeps; step += 1) {
    const a = slope(v);
    const b = slope(add(v, a, dt / 2));
    const c = slope(add(v, b, dt / 2));
    const d = slope(add(v, c, dt));
    v = v.map((x, i) => x + (dt / 6) * (a[i]! + 2 * b[i]! + 2 * c[i]! + d[i]!));
  }
  return v;
}

test('agrees with Runge–Kutta on the linear equation', () => {
  const input = { ...example, riskAversion: 0.4, maxInventory: 6, horizon: 7 };
  const { value } = solve(schema.parse(input));
  integrate(input, 2000).forEach((v, i) =>
    expect(value[i]).toBeCloseTo(Math.log(v) / input.fillDecay, 8),
  );
  const early = solve(schema.parse({ ...input, time: 5 }));
  integrate({ ...input, horizon: 2 }, 1000).forEach((v, i) =>
    expect(early.value[i]).toBeCloseTo(Math.log(v) / input.fillDecay, 8),
  );
});

test('large inventories and exponents: kγσ²Q²T/2 = 5,760', () => {
  const result = run({ maxInventory: 200 });
  [2.86996, 3.32446, 3.77875, 4.2307].forEach((known, index) =>
    expect(bidAt(result, [-5, 0, 5, 10][index]!)).toBeCloseTo(known, 5),
  );
  for (let i = 0; i < 400; i += 1) {
    expect(result.bidDepth[i]).toBeCloseTo(result.askDepth[400 - i]!, 8);
    if (i > 0) expect(result.bidDepth[i]!).toBeGreaterThan(result.bidDepth[i - 1]!);
    expect(result.stationary.bidDepth[i]).toBeCloseTo(result.bidDepth[i]!, 4);
  }
  expect(result.approximation.bidDepth[200]).toBeCloseTo(bidAt(result, 0), 3);
});

test('without risk aversion, Cartea and Jaimungal without a penalty', () => {
  const neutral = run({ riskAversion: 0 });
  const cartea = carteaJaimungalSolver;
  const { value, bidDepth, stationary } = cartea.solve(
    cartea.schema.parse({
      inventoryPenalty: 0,
      arrivalRate: example.arrivalRate,
      fillDecay: example.fillDecay,
      maxInventory: example.maxInventory,
      horizon: example.horizon,
    }),
  );
  expect(neutral.value).toEqual(value);
  expect(neutral.bidDepth).toEqual(bidDepth);
  expect(neutral.stationary).toEqual(stationary);
  const slight = run({ riskAversion: 1e-9 });
  slight.value.forEach((entry, i) => expect(entry).toBeCloseTo(value[i]!, 3));
});

test('the horizon leaves only the markup, and nothing lies beyond it', () => {
  const last = run({ time: 600 });
  expect(last.value.every((entry) => entry === 0)).toBe(true);
  expect(bidAt(last, 12)).toBe(last.approximation.markup);
  expect(() => run({ time: 601 })).toThrow('time: 601 lies after the horizon; expected 0 to 600');
});

test('the quotes of each step of an environment are those of their time', () => {
  const config = marketMakingSchema.parse({
    horizon: 2,
    steps: 4,
    riskAversion: 0.3,
    inventory: { maximum: 8 },
  });
  const problem = gueantLehalleProblem(config);
  const table = solveGueantLehalle(problem);
  for (let step = 0; step < 4; step += 1) {
    const { inventory, bidDepth, askDepth } = solve(
      schema.parse({
        volatility: 2,
        riskAversion: 0.3,
        arrivalRate: 140,
        fillDecay: 1.5,
        maxInventory: 8,
        horizon: 2,
        time: step / 2,
      }),
    );
    inventory.forEach((q, i) => {
      const { bid, ask } = quotesAt(table, step, q);
      if (q < 8) expect(bid).toBeCloseTo(bidDepth[i]!, 8);
      if (q > -8) expect(ask).toBeCloseTo(askDepth[i]!, 8);
    });
  }
});

test('its value is the certainty equivalent of its quotes as steps become short', () => {
  const exact = (steps: number) => {
    const config = marketMakingSchema.parse({
      horizon: 0.5,
      steps,
      arrivals: { kind: 'poisson', rate: 10 },
      riskAversion: 0.5,
      inventory: { maximum: 4 },
    });
    return certaintyEquivalent(
      quoteModel(config),
      solveGueantLehalle(gueantLehalleProblem(config)),
      0.5,
    );
  };
  const { value } = solve(
    schema.parse({
      volatility: 2,
      riskAversion: 0.5,
      arrivalRate: 10,
      fillDecay: 1.5,
      maxInventory: 4,
      horizon: 0.5,
    }),
  );
  // The error of a step is linear in its length: Richardson's extrapolation takes it off.
  const [coarse, fine] = [exact(100), exact(200)];
  expect(2 * fine! - coarse!).toBeCloseTo(value[4]!, 4);
  expect(Math.abs(coarse! - value[4]!)).toBeGreaterThan(1e-3);
});
