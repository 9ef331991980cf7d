import { InputError } from '../../engine/input-error';
import type { ExecutionConfig } from '../../envs/execution/config';
import { referencePerPeriod } from '../../envs/processes/coefficients';
import type { PolicySolver } from './policy';
import { schedulePolicy } from './schedule-policy';

export interface AlmgrenChrissProblem {
  /** X, shares; negative for a purchase. */
  readonly quantity: number;
  /** N */
  readonly periods: number;
  /** T, time. */
  readonly horizon: number;
  /** σ, quote currency per share and √time. */
  readonly volatility: number;
  /** η, quote currency per share of price for each share per time of speed. */
  readonly temporaryImpact: number;
  /** γ, quote currency per share². */
  readonly permanentImpact: number;
  /** ε, quote currency per share. */
  readonly spreadCost: number;
  /** λ, 1/quote currency; negative seeks risk. */
  readonly riskAversion: number;
}

export interface AlmgrenChrissSolution {
  /** x₀ … x_N, shares: X down to 0. */
  readonly holdings: Float64Array;
  /** n₁ … n_N, shares. */
  readonly trades: Float64Array;
  /** E of the implementation shortfall, quote currency. */
  readonly expectedCost: number;
  /** V of the implementation shortfall, quote currency². */
  readonly variance: number;
  /** E + λV, quote currency. */
  readonly utility: number;
  /** κ, 1/time: the urgency; for λ < 0 the modulus of the imaginary κ. */
  readonly kappa: number;
}

/**
 * The schedule that minimises E + λV of the implementation shortfall.
 *
 * Almgren and Chriss (2000), Optimal execution of portfolio transactions, Journal of Risk 3:
 * x_j = X sinh(κ(T − t_j)) / sinh(κT), equations (17)–(20); for λ < 0, κ is imaginary and sinh is sin.
 * The ratios are written with e^{−κt} and expm1, which neither overflow nor cancel. The ε of the spread does
 * not matter as long as all trades have one sign; for λ so negative that the schedule buys before it sells, it
 * is the optimum for ε = 0.
 * @throws InputError where η − γτ/2 ≤ 0, where λ is so negative that E + λV has no minimum, and where
 * numbers overflow
 */
export function solveAlmgrenChriss(problem: AlmgrenChrissProblem): AlmgrenChrissSolution {
  const { quantity, periods, horizon, volatility, permanentImpact, riskAversion } = problem;
  const tau = horizon / periods;
  const netImpact = problem.temporaryImpact - 0.5 * permanentImpact * tau;
  if (!(netImpact > 0)) {
    throw new InputError(
      `temporaryImpact − permanentImpact·τ/2 is ${netImpact}; it must be positive for a best schedule to exist`,
    );
  }
  const curvature = (riskAversion * volatility ** 2 * tau ** 2) / netImpact;
  if (!Number.isFinite(curvature)) {
    throw new InputError(`riskAversion: ${riskAversion}; so large that λσ²τ²/η̃ overflows`);
  }
  const shape = curvature < 0 ? sine(curvature, periods) : hyperbolicSine(curvature, periods);

  const holdings = Float64Array.from({ length: periods + 1 }, (_, j) =>
    j === 0 ? quantity : j === periods ? 0 : quantity * shape.held(j),
  );
  // One period has one schedule, whatever the risk aversion.
  const trades = Float64Array.from({ length: periods }, (_, j) =>
    periods === 1 ? quantity : quantity * shape.traded(j + 1),
  );
  const sumOfSquares = (values: Float64Array) => values.reduce((sum, x) => sum + x * x, 0);
  const expectedCost =
    0.5 * permanentImpact * quantity ** 2 +
    problem.spreadCost * trades.reduce((sum, n) => sum + Math.abs(n), 0) +
    (netImpact / tau) * sumOfSquares(trades);
  const variance = volatility ** 2 * tau * sumOfSquares(holdings.subarray(1));
  return {
    holdings,
    trades,
    expectedCost,
    variance,
    utility: expectedCost + riskAversion * variance,
    kappa: shape.angle / tau,
  };
}

/** Fractions of the order: what is held after trade j, and trade j itself, j = 1 … N. */
interface Shape {
  /** |κτ| */
  readonly angle: number;
  held(j: number): number;
  traded(j: number): number;
}

/** @param curvature λσ²τ²/η̃ = 2(cosh κτ − 1) = 4 sinh²(κτ/2), at least 0 */
function hyperbolicSine(curvature: number, periods: number): Shape {
  const angle = 2 * Math.asinh(Math.sqrt(curvature) / 2);
  const whole = Math.expm1(-2 * angle * periods);
  if (whole === 0) {
    return { angle, held: (j) => (periods - j) / periods, traded: () => 1 / periods };
  }
  return {
    angle,
    held: (j) => (Math.exp(-angle * j) * Math.expm1(-2 * angle * (periods - j))) / whole,
    // 2 sinh(a/2) cosh(a(N − j + ½)) / sinh(aN), a = κτ
    traded: (j) =>
      (Math.exp(-angle * (j - 1)) *
        Math.expm1(-angle) *
        (1 + Math.exp(-2 * angle * (periods - j + 0.5)))) /
      whole,
  };
}

/** @param curvature λσ²τ²/η̃ = −4 sin²(ωτ/2), negative */
function sine(curvature: number, periods: number): Shape {
  const angle = 2 * Math.asin(Math.min(1, Math.sqrt(-curvature) / 2));
  if (periods > 1 && !(angle * periods < Math.PI)) {
    throw new InputError(
      'riskAversion: so negative that E + λV has no minimum; expected more than −(2η̃/(στ)²)(1 − cos(π/N))',
    );
  }
  const whole = Math.sin(angle * periods);
  return {
    angle,
    held: (j) => Math.sin(angle * (periods - j)) / whole,
    traded: (j) => (2 * Math.sin(angle / 2) * Math.cos(angle * (periods - j + 0.5))) / whole,
  };
}

/**
 * What a schedule fixed in advance costs in an execution environment, in closed form.
 * @param config without coefficients drawn at random
 * @param holdings x₀ … x_N, shares
 * @returns mean and variance of the implementation shortfall, and E + λV; quote currency
 * @throws InputError for coefficients drawn at random: their cost is no closed form
 */
export function scheduleCost(
  config: ExecutionConfig,
  holdings: ArrayLike<number>,
): { expectedCost: number; variance: number; utility: number } {
  const { periods, horizon, riskAversion } = config;
  if (holdings.length !== periods + 1) {
    throw new InputError(
      `holdings: ${holdings.length} numbers; expected ${periods + 1} for ${periods} periods`,
    );
  }
  const tau = horizon / periods;
  const market = planningMarket(config);
  if (market.isRandom) {
    throw new InputError('env: coefficients drawn at random have no cost in closed form');
  }
  let displacement = 0;
  let expectedCost = 0;
  let variance = 0;
  for (let k = 0; k < periods; k += 1) {
    const held = holdings[k + 1]!;
    const traded = holdings[k]! - held;
    const ownImpact = market.temporaryImpact[k]! / tau + market.transientImpact / 2;
    expectedCost +=
      traded * (displacement + ownImpact * traded) +
      market.spread * Math.abs(traded) +
      market.permanentImpact * traded * held;
    variance += market.volatility ** 2 * tau * held ** 2;
    displacement =
      (displacement + market.transientImpact * traded) * Math.exp(-market.resilience * tau);
  }
  return { expectedCost, variance, utility: expectedCost + riskAversion * variance };
}

/** The market as a plan made on arrival takes it: typical values where coefficients are drawn. */
export function planningMarket(config: ExecutionConfig) {
  const { volatility, spread, temporaryImpact, permanentImpact, transientImpact } = config;
  const coefficients = [
    volatility,
    spread,
    permanentImpact,
    transientImpact?.impact ?? 0,
    transientImpact?.resilience ?? 0,
  ];
  const [sigma, epsilon, gamma, kappa, rho] = coefficients.map(
    (value) => referencePerPeriod(value, 1)[0]!,
  );
  return {
    isRandom: [...coefficients, temporaryImpact].some(
      (value) => typeof value !== 'number' && !Array.isArray(value),
    ),
    volatility: sigma!,
    spread: epsilon!,
    permanentImpact: gamma!,
    transientImpact: kappa!,
    resilience: rho!,
    temporaryImpact: referencePerPeriod(temporaryImpact, config.periods),
  };
}

/** The closed form as a policy: it ignores capacities (the environment keeps to them) and transient impact. */
export const almgrenChriss: PolicySolver<ExecutionConfig> = {
  name: 'almgren-chriss',
  description:
    'The schedule of Almgren and Chriss (2000) for the typical values of the coefficients, their mean over the periods.',
  environments: ['execution'],
  create(_kindId, config) {
    const { quantity, periods, horizon, riskAversion } = config;
    const { volatility, spread, permanentImpact, temporaryImpact } = planningMarket(config);
    const { trades } = solveAlmgrenChriss({
      quantity,
      periods,
      horizon,
      volatility,
      temporaryImpact: temporaryImpact.reduce((sum, value) => sum + value, 0) / periods,
      permanentImpact,
      spreadCost: spread,
      riskAversion,
    });
    return schedulePolicy('almgren-chriss', config, trades);
  },
};
