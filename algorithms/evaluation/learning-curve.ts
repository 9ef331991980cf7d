import { interquartileMean } from './interquartile-mean';
import { type Estimate, stratifiedBootstrap } from './stratified-bootstrap';

/** A figure of one run as it trains. */
export interface CurvePoint {
  readonly iteration: number;
  /** Environment steps until then. */
  readonly steps: number;
  readonly value: number;
}

/** The same figure of several runs at one iteration. */
export interface AggregatePoint {
  readonly iteration: number;
  /** The mean of the runs': what cloning took before the first iteration may differ. */
  readonly steps: number;
  /** Interquartile mean over the runs, with a pointwise interval. */
  readonly value: Estimate;
  readonly least: number;
  readonly most: number;
}

/** A picture shows no more. */
const mostPoints = 200;

/**
 * The interquartile mean of several runs' curves with pointwise bootstrap intervals, at the iterations that
 * all runs have: a run that stops early ends the curve, for otherwise it would jump where a run drops out.
 * Long curves are thinned evenly, the first and the last point kept.
 * @param runs each in the order of the iterations
 */
export function aggregateCurves(runs: readonly (readonly CurvePoint[])[]): AggregatePoint[] {
  const [first = [], ...others] = runs;
  const byIteration = others.map((run) => new Map(run.map((point) => [point.iteration, point])));
  const common = first.filter(({ iteration }) => byIteration.every((run) => run.has(iteration)));
  return thin(common).map((own) => {
    const { iteration } = own;
    const points = [own, ...byIteration.map((run) => run.get(iteration)!)];
    const values = points.map(({ value }) => value);
    return {
      iteration,
      steps: points.reduce((sum, { steps }) => sum + steps, 0) / points.length,
      value: stratifiedBootstrap([values], ([drawn]) => interquartileMean(drawn!), {
        resamples: 1000,
      }),
      least: Math.min(...values),
      most: Math.max(...values),
    };
  });
}

function thin<Point>(points: readonly Point[]): readonly Point[] {
  if (points.length <= mostPoints) return points;
  const pace = (points.length - 1) / (mostPoints - 1);
  return Array.from({ length: mostPoints }, (_, index) => points[Math.round(index * pace)]!);
}
