import { Matrix, solve } from 'ml-matrix';

import { solveUpMove } from '../../../../algorithms/solvers/limit-order-book/up-move';

const race = { limit: 1.85, cancel: 0.71, market: 0.94 };

/** The same by a dense solve of the equations, queues up to `longest`. */
function solveDense({ limit, cancel, market }: typeof race, longest: number): number[][] {
  const states = longest * longest;
  const number = (bid: number, ask: number) => (bid - 1) * longest + ask - 1;
  const [system, right] = [Matrix.eye(states, states), Matrix.zeros(states, 1)];
  for (let bid = 1; bid <= longest; bid += 1) {
    for (let ask = 1; ask <= longest; ask += 1) {
      const moves = [
        [bid - 1, ask, market + bid * cancel],
        [bid, ask - 1, market + ask * cancel],
        [bid + 1, ask, limit],
        [bid, ask + 1, limit],
      ].filter(([b, a]) => b! <= longest && a! <= longest) as [number, number, number][];
      const total = moves.reduce((sum, [, , rate]) => sum + rate, 0);
      for (const [b, a, rate] of moves) {
        const from = number(bid, ask);
        if (a === 0) right.set(from, 0, right.get(from, 0) + rate / total);
        else if (b > 0) system.set(from, number(b, a), -rate / total);
      }
    }
  }
  const solution = solve(system, right);
  return Array.from({ length: longest }, (_, row) =>
    Array.from({ length: longest }, (__, column) => solution.get(number(row + 1, column + 1), 0)),
  );
}

it('solves the equations of the race', () => {
  const dense = solveDense(race, 16);
  solveUpMove(race, 5).forEach((row, bid) =>
    row.forEach((probability, ask) => expect(probability).toBeCloseTo(dense[bid]![ask]!, 8)),
  );
});

it('is fair between equal queues, and favours the side with fewer offers', () => {
  const up = solveUpMove(race, 5);
  up.forEach((row, bid) =>
    row.forEach((probability, ask) => {
      expect(probability + up[ask]![bid]!).toBeCloseTo(1, 10);
      if (ask > 0) expect(probability).toBeLessThan(row[ask - 1]!);
    }),
  );
});
