import fc from 'fast-check';

import { orderChoiceSolver } from '../../../algorithms/solvers/order-choice';
import {
  depthOfUtility,
  type DepthProblem,
  rewardOfDepth,
  solveDepth,
} from '../../../algorithms/solvers/order-choice/depth';
import { liquidateByLimitOrders } from '../../../algorithms/solvers/order-choice/liquidation';
import { chooseOrder, type OrderProblem } from '../../../algorithms/solvers/order-choice/orders';
import { parseWithSchema } from '../../../configs/parse-document';
import { evenNumber } from './even-number';

const bandit: OrderProblem = {
  actions: [
    { kind: 'market' },
    { kind: 'limit', ticks: 0 },
    { kind: 'limit', ticks: 1 },
    { kind: 'limit', ticks: 2 },
  ],
  spread: 0.02,
  tick: 0.01,
  signal: 0.03,
  fill: { probability: 0.6, decay: 0.5 },
};

test('the best order of domain 3', () => {
  const weak = chooseOrder(bandit);
  [0.02, 0.024, 0.018196, 0.013244].forEach((reward, i) => {
    expect(weak.rewards[i]).toBeCloseTo(reward, 6);
  });
  expect(weak.best).toBe(1);
  const strong = chooseOrder({ ...bandit, signal: 0.06 });
  expect(strong.rewards[0]).toBeCloseTo(0.05, 12);
  expect(strong.rewards[1]).toBeCloseTo(0.042, 12);
  expect(strong.best).toBe(0);
  const bad = chooseOrder({
    ...bandit,
    signal: -0.5,
    actions: [...bandit.actions, { kind: 'hold' }],
  });
  expect(bad.best).toBe(4);
  expect(bad.rewards[4]).toBe(0);
});

test('the best depth over a horizon: the number of domain 3 and its limits', () => {
  const { depth, value } = solveDepth({ intensity: 1, decay: 1.5, horizon: 1, missCost: 0 });
  expect(depth).toBeCloseTo(0.781436, 6);
  expect(value).toBeCloseTo(0.208122, 6);
  // Hardly any order comes: e^{−kδ}(δ + m) is at its greatest at 1/k − m.
  const rare = solveDepth({ intensity: 1e-12, decay: 1.5, horizon: 1, missCost: 0.2 });
  expect(rare.depth).toBeCloseTo(1 / 1.5 - 0.2, 9);
  const never = solveDepth({ intensity: 1e-300, decay: 1.5, horizon: 1e-300, missCost: 0.2 });
  expect(never.depth).toBeCloseTo(1 / 1.5 - 0.2, 9);
  const busy = solveDepth({ intensity: 1e300, decay: 2, horizon: 1e5, missCost: 0 });
  expect(busy.depth).toBeGreaterThan(300);
  expect(busy.fillProbability).toBeGreaterThan(0.99);
  const urgent = solveDepth({ intensity: 1, decay: 1, horizon: 1, missCost: 1e9 });
  expect(urgent.depth).toBeLessThan(0);
  expect(urgent.fillProbability).toBeGreaterThan(1 - 1e-8);
});

const depthProblems = fc.record({
  intensity: evenNumber(-8, 8).map((power) => 10 ** power),
  decay: evenNumber(0.01, 100),
  horizon: evenNumber(0.01, 100),
  missCost: evenNumber(-5, 100),
});

test('no depth earns more (a search over a grid), and the first-order condition holds', () => {
  fc.assert(
    fc.property(depthProblems, (problem: DepthProblem) => {
      const { depth, value, fillProbability } = solveDepth(problem);
      const { intensity, decay, horizon, missCost } = problem;
      const left = decay * (depth + missCost);
      const u = intensity * horizon * Math.exp(-decay * depth);
      expect(Math.abs(left - Math.expm1(u) / u)).toBeLessThan(1e-8 * (1 + Math.abs(left)));
      const here = rewardOfDepth(problem, depth);
      const size = Math.abs(value) + Math.abs(missCost) + Math.abs(depth);
      expect(Math.abs(here.value - value)).toBeLessThan(1e-9 * size);
      expect(Math.abs(here.fillProbability - fillProbability)).toBeLessThan(1e-9);
      const others = Array.from({ length: 401 }, (_, i) => {
        const step = i - 200;
        return rewardOfDepth(problem, depth + (step * Math.abs(step)) / (1000 * decay)).value;
      });
      expect(Math.max(...others)).toBeLessThanOrEqual(value + 1e-12 * size);
    }),
    { numRuns: 200 },
  );
});

test('the depth under exponential utility', () => {
  expect(depthOfUtility(0.1, 1.5)).toBeCloseTo(0.6453852, 7);
  expect(depthOfUtility(0, 1.5)).toBe(1 / 1.5);
  expect(depthOfUtility(1e-14, 1.5)).toBeCloseTo(1 / 1.5, 12);
  const gain = (depth: number) => Math.exp(-1.5 * depth) * -Math.expm1(-2 * depth);
  const best = depthOfUtility(2, 1.5);
  const others = Array.from({ length: 3000 }, (_, i) => gain(i / 1000));
  expect(Math.max(...others)).toBeLessThanOrEqual(gain(best));
});

const selling = { intensity: 50 / 60, decay: 100, horizon: 60, terminalPenalty: 0.001, time: 0 };

test('selling by limit orders: the numbers of domain 3', () => {
  const { depth } = liquidateByLimitOrders({ ...selling, quantity: 3 });
  expect(depth[0]).toBeCloseTo(0.0396, 6);
  expect(depth[2]).toBeCloseTo(0.028643, 6);
});

test('selling by limit orders satisfies its Bellman equation (Runge–Kutta)', () => {
  const quantity = 6;
  const { intensity, decay, horizon, terminalPenalty } = selling;
  // ∂h/∂τ = max_δ λe^{−κδ}(δ + h(q − 1) − h(q)), without the closed form.
  const slope = (h: readonly number[]) =>
    h.map((here, q) => {
      if (q === 0) return 0;
      const loss = h[q - 1]! - here;
      const best = 1 / decay - loss;
      return intensity * Math.exp(-decay * best) * (best + loss);
    });
  let h = Array.from({ length: quantity + 1 }, (_, q) => -terminalPenalty * q * q);
  const steps = 6000;
  const dt = horizon / steps;
  const moved = (k: readonly number[], size: number) => h.map((value, q) => value + size * k[q]!);
  for (let step = 1; step <= steps; step += 1) {
    const a = slope(h);
    const b = slope(moved(a, dt / 2));
    const c = slope(moved(b, dt / 2));
    const d = slope(moved(c, dt));
    h = h.map((value, q) => value + (dt / 6) * (a[q]! + 2 * b[q]! + 2 * c[q]! + d[q]!));
    if (step % 2000 === 0) {
      const time = horizon - step * dt;
      const { value, depth } = liquidateByLimitOrders({ ...selling, quantity, time });
      for (let q = 1; q <= quantity; q += 1) {
        expect(value[q - 1]).toBeCloseTo(h[q]!, 9);
        expect(depth[q - 1]).toBeCloseTo(1 / decay + h[q]! - h[q - 1]!, 9);
      }
    }
  }
});

test('at the horizon, for large inventories, and with steep penalties', () => {
  const end = liquidateByLimitOrders({ ...selling, quantity: 4, time: 60 });
  [1, 2, 3, 4].forEach((q, i) => {
    expect(end.value[i]).toBeCloseTo(-0.001 * q * q, 12);
    expect(end.depth[i]).toBeCloseTo(0.01 - 0.001 * (2 * q - 1), 12);
  });
  const large = liquidateByLimitOrders({ ...selling, quantity: 2000 });
  // The more is left, the lower it is offered.
  expect(large.depth.every((depth, i) => i === 0 || depth < large.depth[i - 1]!)).toBe(true);
  // κ∂h/∂τ = λe^{−κδ}
  const [before, after] = [-1e-3, 1e-3].map(
    (time) => liquidateByLimitOrders({ ...selling, quantity: 2000, horizon: 60 - time }).value,
  );
  const growth = (before![1999]! - after![1999]!) / 2e-3;
  const fills = selling.intensity * Math.exp(-selling.decay * large.depth[1999]!);
  expect((selling.decay * growth) / fills).toBeCloseTo(1, 5);
  const steep = liquidateByLimitOrders({ ...selling, quantity: 300, terminalPenalty: 1e6 });
  expect([...steep.depth, ...steep.value].every(Number.isFinite)).toBe(true);
  expect(() => liquidateByLimitOrders({ ...selling, quantity: 1, time: 61 })).toThrow(
    'time: 61 lies after the horizon; expected 0 to 60',
  );
});

test('each form is known by its keys, and errors are about that form', () => {
  const { schema } = orderChoiceSolver;
  const solve = (text: string) => orderChoiceSolver.solve(parseWithSchema(text, 'x', () => schema));
  expect(solve(JSON.stringify(orderChoiceSolver.example))).toMatchObject({ best: 1 });
  expect(solve('{intensity: 1, decay: 1.5, horizon: 1, missCost: 0}')).toMatchObject({
    depth: expect.closeTo(0.781436, 6),
    fillProbability: expect.closeTo(0.266332, 6),
    value: expect.closeTo(0.208122, 6),
  });
  expect(solve('{intensity: 1, decay: 1.5, horizon: 1}')).toHaveProperty('fillProbability');
  expect(solve('{decay: 1.5, riskAversion: 0.1}')).toEqual({
    depth: expect.closeTo(0.6453852, 7),
  });
  expect(
    solve('{quantity: 2, intensity: 1, decay: 1, horizon: 1, terminalPenalty: 0}'),
  ).toMatchObject({ inventory: [1, 2] });

  expect(() => solve('{quantity: 2, intensity: 1, horizon: 1}')).toThrow(
    'decay: missing; expected a value of type number',
  );
  expect(() => solve('{intensity: 1, decay: 1, horizon: 1, misCost: 1}')).toThrow(
    "misCost: unknown key; did you mean 'missCost'?",
  );
  expect(() => solve('{quantity: 1.5, intensity: 1, decay: 1, horizon: 1}')).toThrow(
    'quantity: 1.5',
  );
  expect(() => solve('{spread: 1}')).toThrow(
    'kind: missing; expected one of orders, depth, utility, liquidation',
  );
  expect(() => solve('{actions: [{kind: limit}], spread: 1, tick: 1, signal: 0}')).toThrow(
    'actions.0.ticks: missing',
  );
});
