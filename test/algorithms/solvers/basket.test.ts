import fc from 'fast-check';
import loadHighs from 'highs';
import { EigenvalueDecomposition, Matrix, solve } from 'ml-matrix';

import { solveAlmgrenChriss } from '../../../algorithms/solvers/almgren-chriss';
import { type BasketProblem, basketSolver, solveBasket } from '../../../algorithms/solvers/basket';
import { solveBlocks } from '../../../algorithms/solvers/basket/blocks';
import { evenNumber } from './even-number';

const rows = (size: number, min: number, max: number) =>
  fc.array(fc.array(evenNumber(min, max), { minLength: size, maxLength: size }), {
    minLength: size,
    maxLength: size,
  });

/** Random baskets of up to three assets; permanent impact symmetric or not. */
const baskets = (symmetric: boolean) =>
  fc.integer({ min: 1, max: 3 }).chain((size) =>
    fc
      .record({
        quantities: fc.array(evenNumber(-5, 5), { minLength: size, maxLength: size }),
        periods: fc.integer({ min: 1, max: 5 }),
        horizon: evenNumber(0.5, 1.5),
        factors: rows(size, -1, 1),
        temporary: rows(size, -0.15, 0.15),
        // So that H̃ is positive definite: 1 − 3·0.15 − 0.75·3·0.2 > 0.
        permanent: symmetric ? rows(size, -0.1, 0.1) : rows(size, -0.2, 0.2),
        spreadCost: fc.array(evenNumber(0, 1), { minLength: size, maxLength: size }),
        riskAversion: fc.oneof(evenNumber(0, 3), evenNumber(-1.5, 0), fc.constant(0)),
      })
      .map(({ factors, temporary, permanent, ...rest }): BasketProblem => {
        const loadings = new Matrix(factors);
        const gamma = new Matrix(permanent);
        return {
          ...rest,
          covariance: loadings.mmul(loadings.transpose()).to2DArray(),
          temporaryImpact: Matrix.eye(size).add(new Matrix(temporary)).to2DArray(),
          permanentImpact: (symmetric ? gamma.add(gamma.transpose()) : gamma).to2DArray(),
        };
      }),
  );

/** E + λV without spread cost, by walking the prices down: no algebra in between. */
function walk(problem: BasketProblem, holdings: readonly ArrayLike<number>[]): number {
  const { periods, horizon, covariance, temporaryImpact, permanentImpact, riskAversion } = problem;
  const tau = horizon / periods;
  const assets = problem.quantities.map((_, i) => i);
  const price = assets.map(() => 0);
  let shortfall = 0;
  let variance = 0;
  for (let k = 1; k <= periods; k += 1) {
    const traded = assets.map((i) => holdings[k - 1]![i]! - holdings[k]![i]!);
    for (const i of assets) {
      let executed = price[i]!;
      for (const j of assets) executed -= (temporaryImpact[i]![j]! * traded[j]!) / tau;
      shortfall -= traded[i]! * executed;
    }
    for (const i of assets) {
      for (const j of assets) {
        price[i] = price[i]! - permanentImpact[i]![j]! * traded[j]!;
        variance += tau * covariance[i]![j]! * holdings[k]![i]! * holdings[k]![j]!;
      }
    }
  }
  return shortfall + riskAversion * variance;
}

/** The minimum of that quadratic function from its values alone; null if it has none. */
function minimise(problem: BasketProblem): { holdings: number[][]; least: number } | null {
  const size = problem.quantities.length;
  const free = size * (problem.periods - 1);
  const path = (values: readonly number[]) => [
    problem.quantities,
    ...Array.from({ length: problem.periods - 1 }, (_, k) =>
      values.slice(k * size, (k + 1) * size),
    ),
    problem.quantities.map(() => 0),
  ];
  const at = (...ones: number[]) => {
    const values = new Array<number>(free).fill(0);
    for (const one of ones) values[one] = values[one]! + 1;
    return walk(problem, path(values));
  };
  if (free === 0) return { holdings: path([]).map((held) => [...held]), least: at() };
  const indices = Array.from({ length: free }, (_, i) => i);
  const none = at();
  const singles = indices.map((i) => at(i));
  const hessian = new Matrix(
    indices.map((i) => indices.map((j) => at(i, j) - singles[i]! - singles[j]! + none)),
  );
  const eigenvalues = new EigenvalueDecomposition(hessian, { assumeSymmetric: true })
    .realEigenvalues;
  if (eigenvalues[0]! < 1e-3) return null;
  const gradient = indices.map((i) => singles[i]! - none - hessian.get(i, i) / 2);
  const best = solve(hessian, Matrix.columnVector(gradient).mul(-1)).to1DArray();
  return { holdings: path(best).map((held) => [...held]), least: walk(problem, path(best)) };
}

const expectClose = (actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number) => {
  expect(actual.length).toBe(expected.length);
  Array.from(expected).forEach((value, i) => {
    expect(Math.abs(actual[i]! - value)).toBeLessThanOrEqual(tolerance * (1 + Math.abs(value)));
  });
};

test.each([true, false])(
  'equals direct minimisation, permanent impact symmetric: %s',
  (symmetric) => {
    let solved = 0;
    fc.assert(
      fc.property(baskets(symmetric), (problem) => {
        const expected = minimise(problem);
        fc.pre(expected !== null);
        const { holdings, trades, utility, expectedCost, variance } = solveBasket(problem);
        expected!.holdings.forEach((held, k) => expectClose(holdings[k]!, held, 1e-7));
        const spread = trades.reduce(
          (sum, traded) =>
            sum + traded.reduce((cost, n, i) => cost + problem.spreadCost[i]! * Math.abs(n), 0),
          0,
        );
        expectClose([utility], [expected!.least + spread], 1e-9);
        expect(utility).toBe(expectedCost + problem.riskAversion * variance);
        solved += 1;
      }),
      { numRuns: 150 },
    );
    expect(solved).toBeGreaterThan(100);
  },
);

test('one asset is Almgren and Chriss', () => {
  const scalar = {
    quantity: 1e6,
    periods: 5,
    horizon: 5,
    volatility: 0.95,
    temporaryImpact: 2.5e-6,
    permanentImpact: 2.5e-7,
    spreadCost: 0.0625,
  };
  for (const riskAversion of [1e-6, 0, -1e-7, 1e-3]) {
    const expected = solveAlmgrenChriss({ ...scalar, riskAversion });
    const { rates, ...basket } = solveBasket({
      ...scalar,
      quantities: [scalar.quantity],
      covariance: [[scalar.volatility ** 2]],
      temporaryImpact: [[scalar.temporaryImpact]],
      permanentImpact: [[scalar.permanentImpact]],
      spreadCost: [scalar.spreadCost],
      riskAversion,
    });
    expectClose([rates![0]!], [expected.kappa], 1e-12);
    expectClose(
      basket.holdings.map(([held]) => held!),
      expected.holdings,
      1e-12,
    );
    expectClose(
      basket.trades.map(([traded]) => traded!),
      expected.trades,
      1e-12,
    );
    for (const key of ['expectedCost', 'variance', 'utility'] as const) {
      expectClose([basket[key]], [expected[key]], 1e-12);
    }
    expect(basket.spreadCostGap).toBe(0);
  }
});

test('assets that have nothing to do with each other trade as if alone', () => {
  const impacts = [1e-6, 3e-9, 2];
  const quantities = [1e6, -2e8, 3];
  const { holdings } = solveBasket({
    quantities,
    periods: 20,
    horizon: 1,
    covariance: Matrix.diag([0.5, 4e-4, 9]).to2DArray(),
    temporaryImpact: Matrix.diag(impacts).to2DArray(),
    permanentImpact: Matrix.zeros(3, 3).to2DArray(),
    spreadCost: [0, 0, 0],
    riskAversion: 1e-5,
  });
  impacts.forEach((temporaryImpact, i) => {
    const alone = solveAlmgrenChriss({
      quantity: quantities[i]!,
      periods: 20,
      horizon: 1,
      volatility: Math.sqrt([0.5, 4e-4, 9][i]!),
      temporaryImpact,
      permanentImpact: 0,
      spreadCost: 0,
      riskAversion: 1e-5,
    });
    expectClose(
      holdings.map((held) => held[i]! / quantities[i]!),
      alone.holdings.map((held) => held / quantities[i]!),
      1e-12,
    );
  });
});

/** A basket of many assets from a generator of its own. */
function largeBasket(size: number, periods: number): BasketProblem {
  let seed = 7;
  const draw = () => {
    seed = (seed * 16807) % 2147483647;
    return seed / 2147483647 - 0.5;
  };
  const random = () =>
    new Matrix(Array.from({ length: size }, () => Array.from({ length: size }, draw)));
  const [loadings, cross, permanent] = [random(), random(), random()];
  return {
    quantities: Array.from({ length: size }, () => 1e6 * draw()),
    periods,
    horizon: 5,
    covariance: loadings.mmul(loadings.transpose()).to2DArray(),
    temporaryImpact: Matrix.eye(size, size, 2e-5).add(cross.mul(1e-6)).to2DArray(),
    permanentImpact: permanent.add(permanent.transpose()).mul(1e-8).to2DArray(),
    spreadCost: new Array<number>(size).fill(0.05),
    riskAversion: 1e-6,
  };
}

const matricesOf = (problem: BasketProblem) => {
  const symmetric = (matrix: Matrix) => matrix.clone().add(matrix.transpose()).mul(0.5);
  const tau = problem.horizon / problem.periods;
  const permanent = new Matrix(problem.permanentImpact as number[][]);
  return {
    impact: symmetric(new Matrix(problem.temporaryImpact as number[][])).sub(
      symmetric(permanent).mul(tau / 2),
    ),
    skew: permanent.clone().sub(permanent.transpose()).mul(0.5),
    covariance: symmetric(new Matrix(problem.covariance as number[][])),
  };
};

test('eigenproblem and block elimination agree', () => {
  const problem = largeBasket(12, 60);
  const { holdings } = solveBasket(problem);
  const blocks = solveBlocks(matricesOf(problem), {
    ...problem,
    quantities: Float64Array.from(problem.quantities),
  });
  blocks.forEach((held, k) => {
    held.forEach((value, i) => {
      expect(Math.abs(value - holdings[k + 1]![i]!)).toBeLessThan(1e-9 * 1e6);
    });
  });
  // Skewness of one part in 10⁹ takes the other way to nearly the same place.
  const nudged = problem.permanentImpact.map((row, i) =>
    row.map((entry, j) => entry * (1 + (i < j ? 1e-9 : 0))),
  );
  const near = solveBasket({ ...problem, permanentImpact: nudged });
  expect(near.rates).toBeNull();
  expectClose([near.utility], [solveBasket(problem).utility], 1e-8);
});

test('fifty assets over a thousand periods: the first-order conditions hold', () => {
  const problem = largeBasket(50, 1000);
  const { holdings, rates, variance } = solveBasket(problem);
  const { impact, covariance } = matricesOf(problem);
  const tau = problem.horizon / problem.periods;
  for (const k of [1, 2, 500, 999]) {
    const bend = holdings[k]!.map(
      (held, i) => 2 * held - holdings[k - 1]![i]! - holdings[k + 1]![i]!,
    );
    const pull = impact.mmul(Matrix.columnVector(bend)).mul(2 / tau);
    const risk = covariance
      .mmul(Matrix.columnVector(holdings[k]!))
      .mul(2 * problem.riskAversion * tau);
    const scale = Math.max(risk.max(), -risk.min());
    pull
      .add(risk)
      .to1DArray()
      .forEach((residual) => {
        expect(Math.abs(residual)).toBeLessThan(1e-6 * scale);
      });
  }
  expect([...rates!]).toEqual([...rates!].sort((a, b) => a - b));
  expect(Number.isFinite(variance)).toBe(true);
});

/** The optimum with spread cost, n = n⁺ − n⁻, as a quadratic programme. */
async function solveWithSpread(problem: BasketProblem): Promise<number> {
  const { periods, horizon, quantities, spreadCost, riskAversion } = problem;
  const { impact, covariance } = matricesOf(problem);
  const tau = horizon / periods;
  const assets = quantities.map((_, i) => i);
  const name = (kind: string, i: number, k: number) => `${kind}${i}_${k}`;
  const linear: string[] = [];
  const quadratic: string[] = [];
  const constraints: string[] = [];
  const free: string[] = [];
  for (let k = 1; k <= periods; k += 1) {
    for (const i of assets) {
      linear.push(`${spreadCost[i]} ${name('p', i, k)}`, `${spreadCost[i]} ${name('m', i, k)}`);
      free.push(`${name('n', i, k)} free`, `${name('x', i, k)} free`);
      constraints.push(`${name('n', i, k)} - ${name('p', i, k)} + ${name('m', i, k)} = 0`);
      constraints.push(
        k === 1
          ? `${name('x', i, 1)} + ${name('n', i, 1)} = ${quantities[i]}`
          : `${name('x', i, k)} - ${name('x', i, k - 1)} + ${name('n', i, k)} = 0`,
      );
      if (k === periods) constraints.push(`${name('x', i, k)} = 0`);
      for (const j of assets.filter((other) => other >= i)) {
        // The bracket is halved by the format.
        const times = i === j ? 2 : 4;
        const square = (kind: string) =>
          i === j ? `${name(kind, i, k)} ^ 2` : `${name(kind, i, k)} * ${name(kind, j, k)}`;
        quadratic.push(`${(times * impact.get(i, j)) / tau} ${square('n')}`);
        quadratic.push(`${times * riskAversion * tau * covariance.get(i, j)} ${square('x')}`);
      }
    }
  }
  const plus = (terms: readonly string[]) => terms.join(' + ').replaceAll('+ -', '- ');
  const highs = await loadHighs();
  const { ObjectiveValue } = highs.solve(
    `Minimize\n obj: ${plus(linear)} + [ ${plus(quadratic)} ] / 2\nSubject To\n${constraints
      .map((line, c) => ` c${c}: ${line}`)
      .join('\n')}\nBounds\n ${free.join('\n ')}\nEnd\n`,
  );
  const permanent = new Matrix(problem.permanentImpact as number[][]);
  const held = Matrix.columnVector(quantities as number[]);
  return ObjectiveValue + held.transpose().mmul(permanent).mmul(held).get(0, 0) / 2;
}

test('the gap bounds what spread cost could still save (a quadratic programme)', async () => {
  const hedged: BasketProblem = {
    quantities: [10, 0],
    periods: 4,
    horizon: 1,
    covariance: [
      [1, 0.8],
      [0.8, 1],
    ],
    temporaryImpact: [
      [1, 0.2],
      [0.2, 0.5],
    ],
    permanentImpact: [
      [0.2, 0.1],
      [0.1, 0.3],
    ],
    spreadCost: [0.3, 0.2],
    riskAversion: 4,
  };
  const { utility, spreadCostGap, trades } = solveBasket(hedged);
  // The second asset is sold short against the first and bought back.
  expect(trades[0]![1]).toBeGreaterThan(0);
  expect(spreadCostGap).toBeGreaterThan(0.1);
  const least = await solveWithSpread(hedged);
  expect(utility).toBeGreaterThan(least);
  expect(utility - least).toBeLessThanOrEqual(spreadCostGap);

  const oneWay: BasketProblem = { ...hedged, quantities: [10, 8], riskAversion: 0.5 };
  const exact = solveBasket(oneWay);
  expect(exact.spreadCostGap).toBe(0);
  expect(exact.utility).toBeCloseTo(await solveWithSpread(oneWay), 4);
});

test('says what has no best schedule, and which matrix is wrong', () => {
  const { schema, example } = basketSolver;
  const base: BasketProblem = schema.parse(example);
  const threes = (value: number) => [0, 1, 2].map(() => [value, value, value]);
  const fails = (change: Partial<BasketProblem>) =>
    expect(() => solveBasket({ ...base, ...change }));
  fails({ temporaryImpact: threes(0) }).toThrow(
    /^temporaryImpact: H̃ = sym\(H\) − ½τ·sym\(Γ\) is not positive definite \(smallest eigenvalue -/,
  );
  fails({ covariance: [[1]] }).toThrow(
    'covariance: 1 rows, one of 1 numbers; expected 3 rows of 3',
  );
  fails({ spreadCost: [0] }).toThrow('spreadCost: 1 numbers; expected 3');
  fails({
    covariance: [
      [1, 0.5, 0],
      [0.4, 1, 0],
      [0, 0, 1],
    ],
  }).toThrow('covariance: not symmetric');
  fails({
    covariance: [
      [1, 2, 0],
      [2, 1, 0],
      [0, 0, 1],
    ],
  }).toThrow('covariance: not positive semidefinite (smallest eigenvalue -0.99');
  fails({ riskAversion: -1 }).toThrow(/riskAversion: -1 is so negative .* expected more than -/);
  const [limit] = /-[\d.e-]+$/.exec(
    (() => {
      try {
        solveBasket({ ...base, riskAversion: -1 });
        return '';
      } catch (error) {
        return (error as Error).message;
      }
    })(),
  )!;
  expect(solveBasket({ ...base, riskAversion: 0.999 * Number(limit) }).utility).toBeDefined();
  fails({ riskAversion: 1.001 * Number(limit) }).toThrow('riskAversion');
  // Selling the first lifts the second and selling the second lowers the first: money for nothing.
  const pump: BasketProblem = {
    ...base,
    quantities: [1, 1],
    periods: 50,
    covariance: [
      [0, 0],
      [0, 0],
    ],
    temporaryImpact: [
      [1, 0],
      [0, 1],
    ],
    permanentImpact: [
      [0, 5],
      [-5, 0],
    ],
    spreadCost: [0, 0],
  };
  expect(() => solveBasket(pump)).toThrow('permanentImpact: E + λV has no minimum');
  expect(minimise({ ...pump, periods: 12 })).toBeNull();
});
