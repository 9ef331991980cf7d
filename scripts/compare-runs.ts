import { aggregateCurves, type CurvePoint } from '../algorithms/evaluation/learning-curve';
import { compareGroups, summariseGroups } from '../algorithms/evaluation/run-groups';
import { InputError } from '../engine/input-error';
import type { CurveFamily, Measure, RunComparison } from '../outputs/comparison/comparison';
import { type GroupedRuns, groupRuns } from './group-runs';
import type { RunRecord } from './read-run';

type MeasureName = Measure['name'];
type Source = RunComparison['source'];

/**
 * Compares runs of one environment, seeds of one config together.
 * @param labels of the groups; none: from the runs' names
 * @throws InputError where runs are of different environments, or one has no score
 */
export function compareRuns(
  records: readonly RunRecord[],
  labels: readonly string[] = [],
): RunComparison {
  const env = environmentOf(records);
  const groups = groupRuns(records, labels);
  const source: Source = records.every(({ evaluation }) => evaluation) ? 'test' : 'validation';
  const names: readonly MeasureName[] = records.every(
    (record) => scoreOf(record, 'score', source) !== null,
  )
    ? ['score', 'return']
    : ['return'];
  const scored = (run: RunRecord, name: MeasureName): number =>
    scoreOf(run, name, source) ?? refuseUnscored(run);
  return {
    env,
    source,
    notes: describeCautions(groups, source, names),
    groups: groups.map(({ label, runs, differences }) => ({
      label,
      differences,
      runs: runs.map((run) => ({
        path: run.path,
        seed: run.config.seed,
        iterations: iterationsOf(run),
        scores: Object.fromEntries(names.map((name) => [name, scored(run, name)])),
      })),
    })),
    measures: names.map((name) => {
      const all = groups.map(({ label, runs }) => ({
        label,
        scores: runs.map((run) => scored(run, name)),
      }));
      return { name, groups: summariseGroups(all), pairs: compareGroups(all) };
    }),
    curves: curvesOf(groups),
  };
}

function environmentOf(records: readonly RunRecord[]): string {
  const [first] = records;
  if (first === undefined) throw new InputError('compare: give runs, such as runs/quickstart');
  const env = nameOfEnvironment(first);
  const other = records.find((record) => nameOfEnvironment(record) !== env);
  if (other === undefined) return env;
  throw new InputError(
    `compare: ${first.path} is of ${env}, ${other.path} of ${nameOfEnvironment(other)}; give runs of one environment`,
  );
}

const nameOfEnvironment = ({ config: { env } }: RunRecord): string =>
  'id' in env ? String(env.id) : String(env['module']);

/** Of the run's best policy on the test streams, or of its last validation; null where it has none. */
function scoreOf(
  { evaluation, lines }: RunRecord,
  measure: MeasureName,
  source: Source,
): number | null {
  if (source === 'validation') {
    return lines.map((line) => line[`validation/${measure}`]).findLast(isNumber) ?? null;
  }
  const trained = evaluation!.policies.find(({ kind }) => kind === 'trained');
  const value =
    measure === 'return'
      ? trained?.metrics['return']?.mean
      : evaluation!.score?.policies.find(({ policy }) => policy === trained?.name)?.normalised
          ?.value;
  return isNumber(value) ? value : null;
}

function refuseUnscored({ path, lines }: RunRecord): never {
  const reason =
    lines.length === 0
      ? 'its metrics.jsonl has no iteration yet'
      : 'it has neither an evaluation.json with a return nor a validation in metrics.jsonl';
  throw new InputError(`${path}: ${reason}; go on with: makertaker train --resume ${path}`);
}

const iterationsOf = ({ lines }: RunRecord): number => lines.at(-1)?.iteration ?? 0;

const isNumber = (value: unknown): value is number =>
  typeof value === 'number' && Number.isFinite(value);

/** Fewer seeds than these say little about the spread. */
const enoughSeeds = 5;

function describeCautions(
  groups: readonly GroupedRuns[],
  source: Source,
  measures: readonly MeasureName[],
): string[] {
  const runs = groups.flatMap((group) => group.runs);
  const unfinished = runs.filter(({ evaluation }) => !evaluation).map(({ path }) => path);
  const environmental = Object.keys(groups[0]!.differences).filter((key) => key.startsWith('env'));
  const uneven = groups.filter((group) => new Set(group.runs.map(iterationsOf)).size > 1);
  const fewest = Math.min(...groups.map((group) => group.runs.length));
  return [
    ...(source === 'validation'
      ? [`not evaluated yet: ${unfinished.join(', ')}; all runs count with their last validation`]
      : []),
    ...uneven.map(({ label, runs: own }) => {
      const counts = own.map(iterationsOf);
      return `${label}: its runs have ${Math.min(...counts)} to ${Math.max(...counts)} iterations; its curves end where the first run does`;
    }),
    ...(runs.some(hasLevels)
      ? [
          'validations are of the level of the curriculum then trained: their curves jump between levels',
        ]
      : []),
    ...(environmental.length > 0
      ? [
          `the environments differ in ${listed(environmental)}: ${measures[0] === 'score' ? 'compare scores, not returns' : 'returns measure different problems'}`,
        ]
      : []),
    ...(fewest < enoughSeeds
      ? [
          fewest === 1
            ? 'a group of one seed has no interval'
            : `intervals over fewer than ${enoughSeeds} seeds are too narrow`,
        ]
      : []),
  ];
}

const hasLevels = ({ lines }: RunRecord): boolean =>
  lines.some((line) => isNumber(line['curriculum/level']));

const listed = (keys: readonly string[]): string =>
  keys.length > 4
    ? `${keys.slice(0, 3).join(', ')} and ${keys.length - 3} more keys`
    : keys.join(', ');

/** What a picture shows, where the log has it. */
const families = [
  ['validation/score', 'Score in validation', 'normalised score (0 naive, 1 optimum)'],
  ['validation/return', 'Return in validation', 'mean return, unit of the reward'],
  ['return', 'Return while training, with exploration', 'mean return, unit of the reward'],
] as const;

function curvesOf(groups: readonly GroupedRuns[]): CurveFamily[] {
  return families.flatMap(([metric, title, unit]) => {
    const own = groups.map(({ label, runs }) => ({
      label,
      points: aggregateCurves(runs.map((run) => curveOf(run, metric))),
    }));
    const isLogged = own.some(({ points }) => points.length > 0);
    return isLogged ? [{ metric, title, unit, groups: own }] : [];
  });
}

function curveOf({ lines }: RunRecord, metric: string): CurvePoint[] {
  return lines.flatMap((line) => {
    const { iteration, [metric]: value, environmentSteps: steps } = line;
    return isNumber(value) && isNumber(steps) ? [{ iteration, steps, value }] : [];
  });
}
