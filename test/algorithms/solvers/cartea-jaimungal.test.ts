import {
  type CarteaJaimungalProblem,
  solveCarteaJaimungal,
} from '../../../algorithms/solvers/cartea-jaimungal';
import { quotesAt } from '../../../algorithms/solvers/quote-table';

const published: CarteaJaimungalProblem = {
  horizon: 1,
  steps: 10,
  rate: 100,
  fillDecay: 1,
  running: 0.01,
  terminal: 0.001,
  maximum: 60,
};

/** h by classical Runge–Kutta on the nonlinear equation, an independent method. */
function integrate(problem: CarteaJaimungalProblem, substeps: number): number[] {
  const { horizon, rate, fillDecay, running, terminal, maximum } = problem;
  const inventories = Array.from({ length: 2 * maximum + 1 }, (_, i) => i - maximum);
  const slope = (h: number[]) =>
    inventories.map((q, i) => {
      const gain = (j: number) => (h[j] === undefined ? 0 : Math.exp(fillDecay * (h[j] - h[i]!)));
      return -running * q * q + (rate / (Math.E * fillDecay)) * (gain(i - 1) + gain(i + 1));
    });
  const add = (h: number[], k: number[], by: number) => h.map((x, i) => x + by * k[i]!);
  let h = inventories.map((q) => -terminal * q * q);
  const dt = horizon / substeps;
  for (let step = 0; step < substeps; step += 1) {
    const a = slope(h);
    const b = slope(add(h, a, dt / 2));
    const c = slope(add(h, b, dt / 2));
    const d = slope(add(h, c, dt));
    h = h.map((x, i) => x + (dt / 6) * (a[i]! + 2 * b[i]! + 2 * c[i]! + d[i]!));
  }
  return h;
}

test('the published value at the start', () => {
  for (const maximum of [60, 100]) {
    const { value } = solveCarteaJaimungal({ ...published, maximum });
    expect(value[maximum]).toBeCloseTo(73.225863, 6);
  }
});

test('the step of the grid does not matter', () => {
  const coarse = solveCarteaJaimungal({ ...published, steps: 1 });
  const fine = solveCarteaJaimungal({ ...published, steps: 64 });
  for (let index = 0; index < 121; index += 1) {
    expect(fine.value[index]).toBeCloseTo(coarse.value[index]!, 8);
  }
});

test('agrees with Runge–Kutta on the nonlinear equation', () => {
  const problem = {
    horizon: 0.7,
    steps: 7,
    rate: 10,
    fillDecay: 1.4,
    running: 0.5,
    terminal: 0.02,
    maximum: 8,
  };
  const { value } = solveCarteaJaimungal(problem);
  integrate(problem, 4000).forEach((h, index) => expect(value[index]).toBeCloseTo(h, 8));
});

test('quotes are symmetric and skewed against the inventory', () => {
  const { quotes } = solveCarteaJaimungal(published);
  for (const step of [0, 5, 9]) {
    for (let q = -59; q <= 58; q += 1) {
      expect(quotesAt(quotes, step, q).bid).toBeCloseTo(quotesAt(quotes, step, -q).ask, 9);
      expect(quotesAt(quotes, step, q + 1).bid).toBeGreaterThan(quotesAt(quotes, step, q).bid);
    }
  }
});

test('stays finite under penalties that span hundreds of orders of magnitude', () => {
  const { quotes, value } = solveCarteaJaimungal({
    ...published,
    steps: 4,
    fillDecay: 20,
    maximum: 30,
    terminal: 1,
    running: 3,
  });
  expect(value.every(Number.isFinite)).toBe(true);
  expect(quotes.bid.every(Number.isFinite)).toBe(true);
});
