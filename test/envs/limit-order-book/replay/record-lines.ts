import { replaySchema } from '../../../../envs/limit-order-book/replay/config';
import { loadRecording, type Recording } from '../../../../envs/limit-order-book/replay/recording';
import type { DataSource } from '../../../../envs/market-data/data-source';
import { asSource } from '../../../algorithms/calibration/simulate';

/** The lines of a day's two files. */
export interface DayLines {
  readonly messages: readonly string[];
  readonly books: readonly string[];
}

const sourceOf = (days: Readonly<Record<string, DayLines>>): DataSource => ({
  lobsterDays: (paths) =>
    Promise.resolve(
      paths.map((date) => ({
        messages: asSource(days[date]!.messages, `X_${date}_message_20.csv`),
        books: asSource(days[date]!.books, `X_${date}_orderbook_20.csv`),
      })),
    ),
});

/** The recording of days by their dates, the same for every phase unless the options split them. */
export const recordLines = (
  days: Readonly<Record<string, DayLines>>,
  { levels = 10, horizon = 1, ...flow }: Record<string, unknown> = {},
): Promise<Recording> =>
  loadRecording(
    {
      flow: replaySchema.parse({ kind: 'replay', files: Object.keys(days), split: null, ...flow }),
      levels: levels as number,
      horizon: horizon as number,
    },
    sourceOf(days),
  );
