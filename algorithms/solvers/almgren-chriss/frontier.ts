import { InputError } from '../../../engine/input-error';
import {
  type AlmgrenChrissProblem,
  type AlmgrenChrissSolution,
  solveAlmgrenChriss,
} from '../almgren-chriss';

/** One efficient schedule: no other costs less on average at its risk. */
export interface FrontierPoint {
  /** λ, 1/quote currency. */
  readonly riskAversion: number;
  /** Of the implementation shortfall, quote currency. */
  readonly expectedCost: number;
  readonly deviation: number;
}

/**
 * κT at which the frontier begins, nearly even trades, and ends; in few periods it ends at κτ = 7, where all
 * but a thousandth is sold at once. Beyond, risk falls little and cost rises as κ.
 */
const urgency = { least: 0.1, most: 40, mostPerPeriod: 7 };

/**
 * The efficient frontier of Almgren and Chriss (2000), section 2.3: from the schedule of least expected cost
 * (λ = 0) to one that sells nearly everything in the first few per cent of the time.
 * @param points at least 2
 * @throws InputError where there is no risk
 */
export function traceFrontier(
  problem: Omit<AlmgrenChrissProblem, 'riskAversion'>,
  points: number,
): FrontierPoint[] {
  checkRisk(problem);
  return Array.from({ length: points }, (_, index) => {
    const part = points > 2 ? (index - 1) / (points - 2) : 1;
    const least = urgency.least / problem.periods;
    const most = Math.min(urgency.most / problem.periods, urgency.mostPerPeriod);
    const angle = index === 0 ? 0 : least * (most / least) ** part;
    return pointAt(problem, riskAversionAt(problem, angle));
  });
}

export interface ValueAtRiskMinimum {
  /** p: the cost that the shortfall stays below with this probability is minimised. */
  readonly confidence: number;
  /** λ of the schedule; null where selling everything in the first period is best. */
  readonly riskAversion: number | null;
  /** E + z_p·√V, quote currency. */
  readonly value: number;
  readonly expectedCost: number;
  readonly deviation: number;
}

/**
 * The schedule of least value-at-risk E + z√V (Almgren and Chriss 2000, section 3.4). On the frontier
 * dE/dV = −λ, so that λ = z/(2√V) there, and 2λ√V increases with λ: one root.
 * @param normalQuantile z of the confidence, positive
 */
export function minimiseValueAtRisk(
  problem: Omit<AlmgrenChrissProblem, 'riskAversion'>,
  confidence: number,
  normalQuantile: number,
): ValueAtRiskMinimum {
  checkRisk(problem);
  const pressure = (angle: number): number => {
    const { riskAversion, deviation } = pointAt(problem, riskAversionAt(problem, angle));
    return 2 * riskAversion * deviation;
  };
  let [below, above] = [0, 30];
  if (pressure(above) < normalQuantile) {
    const { expectedCost } = solveAlmgrenChriss({
      ...problem,
      periods: 1,
      riskAversion: 0,
      horizon: problem.horizon / problem.periods,
    });
    return { confidence, riskAversion: null, value: expectedCost, expectedCost, deviation: 0 };
  }
  for (let round = 0; round < 200 && above - below > 1e-15 * above; round += 1) {
    const middle = (below + above) / 2;
    if (pressure(middle) < normalQuantile) below = middle;
    else above = middle;
  }
  const point = pointAt(problem, riskAversionAt(problem, above));
  return { confidence, ...point, value: point.expectedCost + normalQuantile * point.deviation };
}

/** λ whose κτ is the angle: λσ²τ²/η̃ = 2(cosh κτ − 1). */
function riskAversionAt(
  problem: Omit<AlmgrenChrissProblem, 'riskAversion'>,
  angle: number,
): number {
  const { periods, horizon, volatility, temporaryImpact, permanentImpact } = problem;
  const tau = horizon / periods;
  const netImpact = temporaryImpact - 0.5 * permanentImpact * tau;
  return (4 * Math.sinh(angle / 2) ** 2 * netImpact) / (volatility * tau) ** 2;
}

function pointAt(
  problem: Omit<AlmgrenChrissProblem, 'riskAversion'>,
  riskAversion: number,
): FrontierPoint {
  const { expectedCost, variance }: AlmgrenChrissSolution = solveAlmgrenChriss({
    ...problem,
    riskAversion,
  });
  return { riskAversion, expectedCost, deviation: Math.sqrt(variance) };
}

function checkRisk({ volatility, periods }: Omit<AlmgrenChrissProblem, 'riskAversion'>): void {
  if (!(volatility > 0)) throw new InputError('volatility: 0; a frontier needs some risk');
  if (periods < 2) throw new InputError('periods: 1; a frontier needs at least two periods');
}
