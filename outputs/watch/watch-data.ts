import type { Evaluation } from '../../algorithms/evaluation/evaluate';
import type { LineChart } from '../draw-lines';
import type { MetricsLine } from '../metrics-log';
import { type Figure, figuresOf, type KnownPolicy } from './figures';
import type { FollowedMetrics } from './follow-metrics';
import { testTable, validationTable, type WatchTable } from './tables';

/** Whether anybody works on a run. */
export interface RunState {
  readonly kind: 'waiting' | 'training' | 'finished' | 'stopped';
  /** In words. */
  readonly text: string;
}

/** What stands in a run's folder beside its curves. */
export interface WatchedRun {
  readonly name: string;
  readonly folder: string;
  readonly state: RunState;
  /** The last iteration; null where the config cannot be read. */
  readonly iterations: number | null;
  readonly trustRegion: readonly [first: number, last: number] | null;
  /** Names of the curriculum's levels; empty without a curriculum. */
  readonly levels: readonly string[];
  readonly metrics: FollowedMetrics;
  readonly evaluation: Evaluation | null;
}

/** What takes computing: the classical policies on the validation streams, and what the current policy does. */
export interface PolicyView {
  readonly classical: readonly KnownPolicy[];
  /** What the policy of the last checkpoint does beside the classical ones; null where there is no such picture. */
  readonly picture: LineChart | null;
  /** What is being computed, and why something is missing. */
  readonly notes: readonly string[];
}

export const nothingKnown: PolicyView = { classical: [], picture: null, notes: [] };

/** One answer of `/data.json`. */
export interface WatchData {
  readonly generation: string | null;
  readonly name: string;
  readonly folder: string | null;
  readonly state: RunState;
  readonly iteration: number;
  readonly iterations: number | null;
  /** Names of the curriculum's levels. */
  readonly levels: readonly string[];
  /** That of now, in words; null without levels. */
  readonly level: string | null;
  /** Seconds to the last iteration, at the pace of the newest ones; null unless it is being trained. */
  readonly secondsLeft: number | null;
  /** Seconds since the log grew; null without a log. */
  readonly secondsSince: number | null;
  readonly newest: readonly { readonly label: string; readonly value: number | null }[];
  readonly figures: readonly Figure[];
  readonly tables: readonly WatchTable[];
  readonly picture: LineChart | null;
  readonly notes: readonly string[];
}

/**
 * Everything but the lines of the log.
 * @param now milliseconds since 1970
 */
export function describeWatched(run: WatchedRun, view: PolicyView, now: number): WatchData {
  const { name, folder, state, iterations, levels, metrics, evaluation } = run;
  const iteration = metrics.newest?.iteration ?? 0;
  const { secondsPerIteration, changed } = metrics;
  const isTraining = state.kind === 'training';
  const validation = validationTable(metrics.validated, view.classical);
  return {
    generation: metrics.generation,
    name,
    folder,
    state,
    iteration,
    iterations,
    levels,
    level: metrics.level && describeLevel(metrics.level.number, levels),
    secondsLeft:
      isTraining && iterations !== null && secondsPerIteration !== null
        ? secondsPerIteration * (iterations - iteration)
        : null,
    secondsSince: changed === null ? null : Math.max(0, (now - changed) / 1000),
    newest: newestFigures(metrics, view.classical),
    figures: figuresOf({
      ...run,
      keys: metrics.keys,
      since: metrics.level?.since ?? 0,
      classical: view.classical,
    }),
    tables: [
      ...(validation ? [validation] : []),
      // While a run goes on, the comparison is that of an earlier end.
      ...(evaluation && !isTraining ? [testTable(evaluation)] : []),
    ],
    picture: view.picture,
    notes: [
      ...view.notes,
      ...(metrics.damaged > 0
        ? [
            `metrics.jsonl: ${metrics.damaged} ${metrics.damaged === 1 ? 'line is no line' : 'lines are no lines'} of metrics`,
          ]
        : []),
    ],
  };
}

/** `2 of 3, wide` */
const describeLevel = (level: number, levels: readonly string[]): string =>
  `${level + 1}${levels[level] === undefined ? '' : ` of ${levels.length}, ${levels[level]}`}`;

/** Before there is a run. */
export const nothingYet = (text: string): WatchData => ({
  generation: null,
  name: 'makertaker',
  folder: null,
  state: { kind: 'waiting', text },
  iteration: 0,
  iterations: null,
  levels: [],
  level: null,
  secondsLeft: null,
  secondsSince: null,
  newest: [],
  figures: [],
  tables: [],
  picture: null,
  notes: [],
});

/** What the validation and the iteration say, with the place of the distance to the classical policies between. */
const validated = [
  ['validation return', 'validation/return'],
  ['gap to the optimum', 'validation/gap'],
  ['score', 'validation/score'],
  ['exploitability', 'validation/exploitability'],
] as const;
const iterated = [
  ['return, exploring', 'return'],
  ['KL', 'kl'],
  ['entropy', 'entropy'],
  ['explained variance', 'explainedVariance'],
  ['samples/s', 'time/samplesPerSecond'],
  ['environment steps', 'environmentSteps'],
  ['refused updates', 'failures'],
] as const;

function newestFigures(
  { newest, validated: line, keys }: FollowedMetrics,
  classical: readonly KnownPolicy[],
): WatchData['newest'] {
  const tilesOf = (from: MetricsLine | null, known: typeof validated | typeof iterated) =>
    from === null
      ? []
      : known
          .filter(([, key]) => keys.has(key))
          .map(([label, key]) => ({ label, value: numberIn(from, key) }));
  return [
    ...tilesOf(line, validated),
    // Where the log has a gap, that one leaves chance out.
    ...(keys.has('validation/gap') ? [] : distance(line, classical)),
    ...tilesOf(newest, iterated),
  ];
}

function distance(line: MetricsLine | null, classical: readonly KnownPolicy[]) {
  const reached = line && numberIn(line, 'validation/return');
  const best = Math.max(...classical.map(({ metrics }) => metrics['return'] ?? -Infinity));
  const leader = classical.find(({ metrics }) => metrics['return'] === best);
  if (reached === null || !leader) return [];
  return [{ label: `validation less ${leader.policy}`, value: reached - best }];
}

function numberIn(line: MetricsLine, key: string): number | null {
  const value = line[key];
  return typeof value === 'number' ? value : null;
}
