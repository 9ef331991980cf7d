import fc from 'fast-check';
import { Matrix, solve } from 'ml-matrix';

import {
  type LiquidationGameProblem,
  solveLiquidationGame,
} from '../../../algorithms/solvers/liquidation-game';
import { evenNumber } from './even-number';

const published: LiquidationGameProblem = {
  permanentImpact: 10,
  temporaryImpact: 1,
  horizon: 1,
  targets: [-1, 0],
  points: 101,
};

test('a seller and a predator, and the seller alone', () => {
  const { cost, costAlone, holdings, times } = solveLiquidationGame(published);
  expect(cost[0]).toBeCloseTo(8.395217, 6);
  expect(cost[1]).toBeCloseTo(-1.605237, 6);
  expect([...costAlone]).toEqual([6, 0]);
  expect(holdings[0]![0]).toBeCloseTo(0, 15);
  expect(holdings[0]![100]).toBe(-1);
  expect(holdings[1]![0]).toBeCloseTo(0, 15);
  expect(holdings[1]![100]).toBeCloseTo(0, 15);
  expect([times[0], times[100]]).toEqual([0, 1]);
  // The predator sells beside the seller and buys back.
  expect(Math.min(...holdings[1]!)).toBeLessThan(-0.4);

  const alone = solveLiquidationGame({ ...published, targets: [-1] });
  expect(alone.cost[0]).toBeCloseTo(6, 12);
  expect(alone.holdings[0]![25]).toBeCloseTo(-0.25, 12);
});

const games = fc.record({
  permanentImpact: evenNumber(0, 20),
  temporaryImpact: evenNumber(0.5, 3),
  horizon: evenNumber(0.2, 2),
  targets: fc.array(evenNumber(-2, 2), { minLength: 1, maxLength: 5 }),
  points: fc.constant(1001),
});

/** ∫f by Simpson's rule. */
function integrate(values: readonly number[], horizon: number): number {
  const step = horizon / (values.length - 1);
  return values.reduce((sum, value, k) => {
    const weight = k === 0 || k === values.length - 1 ? 1 : k % 2 === 1 ? 4 : 2;
    return sum + (weight * step * value) / 3;
  }, 0);
}

test('paths, rates, price and cost belong together', () => {
  fc.assert(
    fc.property(games, (game) => {
      const { holdings, rates, price, cost } = solveLiquidationGame(game);
      game.targets.forEach((target, i) => {
        expect(holdings[i]![1000]).toBeCloseTo(target, 9);
        expect(integrate([...rates[i]!], game.horizon)).toBeCloseTo(target, 5);
        const paid = integrate([...rates[i]!.map((rate, k) => rate * price[k]!)], game.horizon);
        expect(Math.abs(paid - cost[i]!)).toBeLessThan(1e-4 * (1 + Math.abs(paid)));
      });
      for (const k of [0, 700, 1000]) {
        const held = holdings.reduce((sum, path) => sum + path[k]!, 0);
        const speed = rates.reduce((sum, path) => sum + path[k]!, 0);
        const expected = game.permanentImpact * held + game.temporaryImpact * speed;
        expect(Math.abs(price[k]! - expected)).toBeLessThan(1e-8 * (1 + Math.abs(expected)));
      }
    }),
    { numRuns: 30 },
  );
});

test('no player gains by another path, the others keeping theirs', () => {
  const perturbed = fc.tuple(games, fc.array(evenNumber(-1, 1), { minLength: 3, maxLength: 3 }));
  fc.assert(
    fc.property(perturbed, ([game, waves]) => {
      const { permanentImpact, temporaryImpact, horizon } = game;
      const { holdings, rates, price, times } = solveLiquidationGame(game);
      // Detours that begin and end at nothing, and their speeds.
      const detour = times.map((t) =>
        waves.reduce((sum, size, w) => sum + size * Math.sin((Math.PI * (w + 1) * t) / horizon), 0),
      );
      const speed = times.map((t) =>
        waves.reduce((sum, size, w) => {
          const frequency = (Math.PI * (w + 1)) / horizon;
          return sum + size * frequency * Math.cos(frequency * t);
        }, 0),
      );
      expect(holdings).toHaveLength(game.targets.length);
      for (const rate of rates) {
        const paid = (size: number) =>
          integrate(
            [...times].map(
              (_, k) =>
                (price[k]! + size * (permanentImpact * detour[k]! + temporaryImpact * speed[k]!)) *
                (rate[k]! + size * speed[k]!),
            ),
            horizon,
          );
        const stay = paid(0);
        const slack = 1e-6 * (1 + Math.abs(stay));
        for (const size of [-1, -0.1, 0.1, 1]) {
          // The own part of what a detour costs, λ∫φ̇², is all there is: the linear part vanishes.
          const own =
            size ** 2 * temporaryImpact * integrate([...speed.map((v) => v * v)], horizon);
          expect(Math.abs(paid(size) - stay - own)).toBeLessThan(slack * 100);
        }
      }
    }),
    { numRuns: 30 },
  );
});

/** The equilibrium of the game in N steps, from the first-order conditions of all players at once. */
function discreteCosts(
  { permanentImpact, temporaryImpact, horizon, targets }: LiquidationGameProblem,
  steps: number,
) {
  const players = targets.length;
  const tau = horizon / steps;
  // Player i pays Σ_k n_ik (γΣ_{l<k}S_l + ½γS_k + λS_k/τ), S_k the sum over players.
  const size = players * (steps + 1);
  const system = Matrix.zeros(size, size);
  const right = Matrix.zeros(size, 1);
  const at = (i: number, k: number) => i * (steps + 1) + k;
  const kernel = (k: number, l: number) =>
    l < k ? permanentImpact : l === k ? permanentImpact / 2 + temporaryImpact / tau : 0;
  for (let i = 0; i < players; i += 1) {
    for (let k = 0; k < steps; k += 1) {
      for (let l = 0; l < steps; l += 1) {
        for (let j = 0; j < players; j += 1) {
          const entry = kernel(k, l) + (j === i ? kernel(l, k) : 0);
          system.set(at(i, k), at(j, l), system.get(at(i, k), at(j, l)) + entry);
        }
      }
      system.set(at(i, k), at(i, steps), -1);
      system.set(at(i, steps), at(i, k), 1);
    }
    right.set(at(i, steps), 0, targets[i]!);
  }
  const trades = solve(system, right).to1DArray();
  return targets.map((_, i) => {
    let cost = 0;
    for (let k = 0; k < steps; k += 1) {
      for (let l = 0; l <= k; l += 1) {
        for (let j = 0; j < players; j += 1) {
          cost += trades[at(i, k)]! * kernel(k, l) * trades[at(j, l)]!;
        }
      }
    }
    return cost;
  });
}

test('is the limit of the game in discrete time', () => {
  const game = { ...published, permanentImpact: 3, targets: [-1, 0, 0.4] };
  const { cost } = solveLiquidationGame(game);
  const [coarse, fine] = [discreteCosts(game, 40), discreteCosts(game, 80)];
  cost.forEach((exact, i) => {
    // Errors of order τ or better, which extrapolation removes.
    expect(Math.abs(fine[i]! - exact)).toBeLessThan(Math.abs(coarse[i]! - exact) + 1e-12);
    expect(Math.abs(2 * fine[i]! - coarse[i]! - exact)).toBeLessThan(2e-3);
  });
});

test('steep and flat impact, fifty players', () => {
  const steep = solveLiquidationGame({ ...published, permanentImpact: 1e6 });
  for (const path of [...steep.holdings, ...steep.rates, steep.price, steep.cost]) {
    expect([...path].every(Number.isFinite)).toBe(true);
  }
  // Both sell half at once, at −2γ/3 on average; at the end the other half changes hands at −γ.
  expect(steep.cost[0]! / 1e6).toBeCloseTo(1 / 3 + 1 / 2, 6);
  expect(steep.cost[1]! / 1e6).toBeCloseTo(1 / 3 - 1 / 2, 6);

  const faint = solveLiquidationGame({ ...published, permanentImpact: 1e-13 });
  const none = solveLiquidationGame({ ...published, permanentImpact: 0 });
  expect(none.cost[0]).toBe(1);
  expect(none.cost[1]).toBe(0);
  expect(faint.cost[0]).toBeCloseTo(1, 12);
  faint.holdings[0]!.forEach((held, k) => {
    expect(held).toBeCloseTo(none.holdings[0]![k]!, 12);
  });

  const targets = Array.from({ length: 50 }, (_, i) => (i < 3 ? -1 - i : 0));
  const crowd = solveLiquidationGame({ ...published, targets, points: 1001 });
  expect(crowd.holdings).toHaveLength(50);
  expect(crowd.cost.slice(3).every((cost) => cost === crowd.cost[3] && cost < 0)).toBe(true);
  expect(() => solveLiquidationGame({ ...published, temporaryImpact: 1e-320 })).toThrow(
    'temporaryImpact',
  );
});
