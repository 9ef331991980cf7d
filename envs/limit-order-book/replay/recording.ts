import { InputError } from '../../../engine/input-error';
import type { DataSource } from '../../market-data/data-source';
import { lobsterPriceUnits } from '../../market-data/lobster';
import { type ReplayConfig, secondsOf } from './config';
import { placeStarts, startWidth } from './episode-starts';
import { type RecordedDay, recordDay } from './record-day';
import { createTapeWriter, type Tape } from './tape';

/** Rows of a table of starts. */
export interface Range {
  readonly first: number;
  readonly count: number;
}

/** What work a day is for. */
export type Purpose = 'training' | 'validation' | 'test';

/** Recorded days, ready to be replayed. */
export interface Recording {
  /** W */
  readonly levels: number;
  readonly tape: Tape;
  /** [starts, 3]: where episodes may begin; see `startColumns`. */
  readonly starts: Float32Array;
  /** Which starts are for which work. */
  readonly ranges: Readonly<Record<Purpose, Range>>;
  /** In the order of their dates. */
  readonly days: readonly RecordedDay[];
}

export const isRecording = (data: unknown): data is Recording =>
  typeof data === 'object' && data !== null && 'tape' in data && 'starts' in data;

/** What of the environment's config a recording depends on. */
export interface RecordingConfig {
  readonly flow: ReplayConfig;
  readonly levels: number;
  /** Minutes. */
  readonly horizon: number;
}

/** Whole numbers up to here are float32. */
const mostRows = 2 ** 24;

/** The part of the rows in which the window may be too narrow for the best quotes. */
const mostTooWide = 0.1;

/**
 * Reads the days of a replay.
 * @throws InputError for bad rows (file, line, reason), days that cannot be split by date, a window that
 *   is too narrow for the spread, and days without room for an episode
 */
export async function loadRecording(
  { flow, levels, horizon }: RecordingConfig,
  source: DataSource,
): Promise<Recording> {
  const tick = priceUnitsOf(flow.tick);
  const { from, to } = flow.session;
  const session = {
    tick,
    from: from === null ? 0 : secondsOf(from),
    to: to === null ? Infinity : secondsOf(to),
  };
  const writer = createTapeWriter(levels, tick);
  const days: RecordedDay[] = [];
  for (const pair of await source.lobsterDays(flow.files)) {
    days.push(await recordDay(writer, pair, session));
    if (writer.rows() > mostRows) {
      throw new InputError(
        `env.flow.files: more than ${mostRows} events up to ${days.at(-1)!.file}; expected fewer days`,
      );
    }
  }
  if (writer.tooWide() > mostTooWide * writer.rows()) {
    const share = Math.round((100 * writer.tooWide()) / writer.rows());
    throw new InputError(
      `env.levels: in ${share} % of the recorded books a window of ${levels} ticks a side does not hold the best quotes; expected more levels`,
    );
  }
  const tape = writer.close();
  const purposes = splitDays(days, flow.split);
  const inOrder = [...days].sort((left, right) => order(left.date ?? '', right.date ?? ''));
  const starts: number[] = [];
  const placed: [Purpose, Range][] = (['training', 'validation', 'test'] as const).map(
    (purpose) => {
      const first = starts.length / startWidth;
      for (const day of inOrder) {
        if (purposes(day) !== purpose) continue;
        starts.push(...placeStarts(tape, day, { horizon, every: flow.every }));
      }
      return [purpose, { first, count: starts.length / startWidth - first }];
    },
  );
  const found = Object.fromEntries(placed) as Record<Purpose, Range>;
  const test = flow.split === null ? found.training : found.test;
  const ranges = {
    training: found.training,
    validation: flow.split?.validateUntil ? found.validation : test,
    test,
  };
  for (const [purpose, { count }] of Object.entries(ranges)) {
    if (count > 0) continue;
    throw new InputError(
      `env.horizon: no day of ${purpose} has ${horizon} minutes without a halt; expected a shorter horizon, or more of a day`,
    );
  }
  return { levels, tape, starts: Float32Array.from(starts), ranges, days: inOrder };
}

const order = (left: string, right: string): number => (left < right ? -1 : left > right ? 1 : 0);

/**
 * What each day is for.
 * @throws InputError for a file without a date, and a split that leaves nothing for one of the works
 */
export function splitDays(
  days: readonly Pick<RecordedDay, 'date' | 'file'>[],
  split: ReplayConfig['split'],
): (day: Pick<RecordedDay, 'date'>) => Purpose {
  if (split === null) return () => 'training';
  for (const { date, file } of days) {
    if (date !== null) continue;
    throw new InputError(
      `${file}: no date in its name, by which days are split; expected one such as 2012-06-21, or env.flow.split: null`,
    );
  }
  const dates = [...new Set(days.map(({ date }) => date!))].sort();
  const { trainUntil, validateUntil } = split;
  const lastOfTraining = trainUntil ?? dates[Math.max(Math.floor(dates.length * 0.8), 1) - 1]!;
  const lastOfValidation = validateUntil ?? lastOfTraining;
  if (lastOfValidation < lastOfTraining) {
    throw new InputError(
      `env.flow.split.validateUntil: ${lastOfValidation} is before the last day of training, ${lastOfTraining}; expected a later day`,
    );
  }
  const purposeOf = ({ date }: Pick<RecordedDay, 'date'>): Purpose =>
    date! <= lastOfTraining ? 'training' : date! <= lastOfValidation ? 'validation' : 'test';
  const needed: Purpose[] = ['training', ...(validateUntil ? ['validation' as const] : []), 'test'];
  for (const purpose of needed) {
    if (days.some((day) => purposeOf(day) === purpose)) continue;
    const there =
      dates.length === 1
        ? `the only day is ${dates[0]!}`
        : `the days are ${dates[0]!} … ${dates.at(-1)!}`;
    throw new InputError(
      `env.flow.split: no day is left for ${purpose}: ${there}; expected other days, or env.flow.split: null to train and test on the same`,
    );
  }
  return purposeOf;
}

/** @returns the price units of LOBSTER in a tick */
function priceUnitsOf(tick: number): number {
  const units = Math.round(tick * lobsterPriceUnits);
  if (units >= 1 && Math.abs(units - tick * lobsterPriceUnits) < 1e-6) return units;
  throw new InputError(
    `env.flow.tick: ${tick}; expected a multiple of ${1 / lobsterPriceUnits}, in which the files count`,
  );
}
