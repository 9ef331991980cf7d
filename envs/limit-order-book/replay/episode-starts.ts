import type { RecordedDay } from './record-day';
import { endless, eventColumns, eventWidth, type Tape } from './tape';

/** The columns of a table of starts: the next event, and the time as the tape has it. */
export const startColumns = { cursor: 0, minute: 1, fraction: 2 } as const;
export const startWidth = Object.keys(startColumns).length;

/**
 * Where episodes of a day may begin: at multiples of `every` after its begin, if the horizon is over
 * before its end and no halt comes in between.
 * @param horizon minutes
 * @param every minutes
 * @returns rows of `startWidth`, one after the other
 */
export function placeStarts(
  tape: Tape,
  day: RecordedDay,
  { horizon, every }: { readonly horizon: number; readonly every: number },
): number[] {
  const starts: number[] = [];
  const last = day.to - horizon * 60;
  let cursor = day.first + 1;
  for (let index = 0; ; index += 1) {
    const at = day.from + index * every * 60;
    if (at > last + 1e-6) return starts;
    const end = at + horizon * 60;
    if (day.halts.some(([from, to]) => at < to && end > from)) continue;
    while (timeOf(tape, cursor) <= at) cursor += 1;
    const minute = Math.floor(at / 60);
    starts.push(cursor, minute, at / 60 - minute);
  }
}

/** Seconds after midnight, to microseconds; what ends a day is later than everything. */
function timeOf({ events }: Tape, row: number): number {
  const minute = events[row * eventWidth + eventColumns.minute]!;
  if (minute >= endless) return Infinity;
  return (minute + events[row * eventWidth + eventColumns.fraction]!) * 60;
}
