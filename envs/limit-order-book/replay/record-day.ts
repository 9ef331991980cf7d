import { InputError } from '../../../engine/input-error';
import { lobsterPriceUnits, readLobster } from '../../market-data/lobster';
import { badRow } from '../../market-data/rows';
import type { LobsterDay } from '../../market-data/data-source';
import type { TapeWriter } from './tape';

/** A day on the tape. Times are seconds after midnight. */
export interface RecordedDay {
  /** YYYY-MM-DD, or null where the file's name has none. */
  readonly date: string | null;
  /** Its file, for messages. */
  readonly file: string;
  /** Row of the first book, and the one after the last event. */
  readonly first: number;
  readonly last: number;
  readonly from: number;
  readonly to: number;
  /** Spans in which trading was halted. */
  readonly halts: readonly (readonly [from: number, to: number])[];
}

export interface SessionOptions {
  /** Price units of LOBSTER. */
  readonly tick: number;
  /** Seconds after midnight. */
  readonly from: number;
  readonly to: number;
}

/**
 * Writes a day on the tape: the book at the begin of the session, then its events. While trading is
 * halted nothing is written.
 * @throws InputError with file, line and reason for a bad row, for a price between ticks, and for a day
 *   of which nothing lies in the session
 */
export async function recordDay(
  writer: TapeWriter,
  { messages, books }: LobsterDay,
  { tick, from, to }: SessionOptions,
): Promise<RecordedDay> {
  const first = writer.rows();
  const halts: (readonly [number, number])[] = [];
  let begin = NaN;
  let end = NaN;
  let haltedAt: number | null = null;
  for await (const event of readLobster(messages, books)) {
    const { time, line, halted, before, book } = event;
    if (time > to) break;
    const check = (isOnGrid: boolean, row: number): void => {
      if (isOnGrid) return;
      const spacing = tick / lobsterPriceUnits;
      const reason = `a price between ticks of ${spacing}; expected another env.flow.tick`;
      throw badRow(books.file, row, reason);
    };
    if (halted) {
      haltedAt ??= time;
      continue;
    }
    const resumes = haltedAt !== null;
    if (haltedAt !== null) halts.push([haltedAt, time]);
    haltedAt = null;
    if (time < from) continue;
    if (Number.isNaN(begin)) {
      const isBefore = before !== null && !resumes;
      begin = isBefore ? from : time;
      check(writer.book(begin, isBefore ? before : book), isBefore ? line - 1 : line);
      if (!isBefore) {
        end = time;
        continue;
      }
    }
    check(resumes ? writer.book(time, book) : writer.event(event), line);
    end = time;
  }
  const { file } = messages;
  if (Number.isNaN(begin)) {
    throw new InputError(`${file}: nothing in it lies in env.flow.session; expected events there`);
  }
  writer.end();
  return { date: dateIn(file), file, first, last: writer.rows(), from: begin, to: end, halts };
}

/** The date in a file's name. */
const dateIn = (file: string): string | null =>
  /\d{4}-\d{2}-\d{2}(?=[^/\\]*$)/.exec(file)?.[0] ?? null;
