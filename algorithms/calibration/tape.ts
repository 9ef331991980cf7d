import type { DailyVolume } from './volume-curve';

/** What the estimators need of the best quotes and the trades, in sums and samples. */
export interface TapeRecord {
  readonly days: readonly DayRecord[];
  /** Of each market order: how far from the mid before it it traded at its deepest, quote currency. */
  readonly reaches: Float64Array;
  /** Executions, a market order's each for itself. */
  readonly trades: number;
  /** Seconds with both quotes. */
  readonly quoted: number;
  /** The integrals over those of mid and spread, and the last mid. */
  readonly midTime: number;
  readonly spreadTime: number;
  readonly lastMid: number;
  /** Seconds at each spread; null if they are too many to list. */
  readonly spreads: ReadonlyMap<number, number> | null;
}

export interface DayRecord {
  /** Seconds of the day of the first and the last event. */
  readonly first: number;
  readonly last: number;
  /** The mid at an even spacing, and the average spread between; NaN where a quote was missing. */
  readonly mids: readonly number[];
  readonly averageSpreads: readonly number[];
  readonly volume: DailyVolume;
}

/** Takes events in the order of time and keeps what the estimators need; times are seconds of the day. */
export interface Tape {
  /** The best quotes from now on; NaN: none. */
  quote(time: number, bid: number, ask: number): void;
  trade(time: number, size: number): void;
  /** @param reach NaN: no mid to measure from */
  marketOrder(time: number, reach: number): void;
  /** The last event of a day. A day without a moment of both quotes is left out. */
  endDay(time: number): void;
  close(): TapeRecord;
}

export interface TapeOptions {
  /** Seconds between two samples of the mid. */
  readonly sampling: number;
  /** Seconds of the day; what is outside does not count. Null: the whole day. */
  readonly session: readonly [from: number, to: number] | null;
}

export const secondsPerDay = 86_400;
const mostSpreads = 1000;
/** Spreads are told apart to this fraction of the currency. */
const spreadUnits = 1e8;

export function createTape({ sampling, session }: TapeOptions): Tape {
  const [from, to] = session ?? [0, secondsPerDay];
  const contains = (time: number) => time >= from && time <= to;
  const days: DayRecord[] = [];
  const reaches: number[] = [];
  const spreads = new Map<number, number>();
  const shares = new Float64Array(secondsPerDay + 1);
  const squares = new Float64Array(secondsPerDay + 1);
  const sums = { quoted: 0, midTime: 0, spreadTime: 0, lastMid: NaN, trades: 0 };
  const latest = { time: NaN, size: 0 };
  const now = { bid: NaN, ask: NaN, since: NaN };
  let day = startDay();

  /** Lets the quotes stand until then. */
  function advance(until: number): void {
    const [begin, end] = [Math.max(now.since, from), Math.min(until, to)];
    now.since = until;
    if (!(end > begin)) return;
    const { bid, ask } = now;
    const [spread, mid] = [ask - bid, (bid + ask) / 2];
    if (!Number.isNaN(spread)) {
      const seconds = end - begin;
      sums.quoted += seconds;
      sums.midTime += mid * seconds;
      sums.spreadTime += spread * seconds;
      sums.lastMid = mid;
      if (spreads.size <= mostSpreads) {
        const key = Math.round(spread * spreadUnits);
        spreads.set(key, (spreads.get(key) ?? 0) + seconds);
      }
    }
    addSamples(day, sampling, { begin, end, spread, mid });
  }

  function takeVolume(): DailyVolume {
    const { firstTrade, lastTrade } = day;
    const [first, end] = firstTrade > lastTrade ? [0, 0] : [firstTrade, lastTrade + 1];
    return { first, shares: shares.slice(first, end), squares: squares.slice(first, end) };
  }

  return {
    quote(time, bid, ask) {
      if (bid === now.bid && ask === now.ask) return;
      advance(time);
      now.bid = bid;
      now.ask = ask;
    },
    trade(time, size) {
      if (!contains(time)) return;
      sums.trades += 1;
      const second = Math.floor(time);
      // Executions at one time are parts of one trade, whose square is that of their sum.
      const before = time === latest.time ? latest.size : 0;
      Object.assign(latest, { time, size: before + size });
      shares[second]! += size;
      squares[second]! += (before + size) ** 2 - before ** 2;
      day.firstTrade = Math.min(day.firstTrade, second);
      day.lastTrade = second;
    },
    marketOrder(time, reach) {
      if (contains(time) && !Number.isNaN(reach)) reaches.push(reach);
    },
    endDay(time) {
      advance(time);
      if (day.filled === 0 && day.mids.length > 0) day.mids.push((now.bid + now.ask) / 2);
      Object.assign(now, { bid: NaN, ask: NaN, since: NaN });
      if (day.mids.some((mid) => !Number.isNaN(mid))) {
        days.push({
          first: day.start,
          last: Math.min(time, to),
          mids: day.mids,
          averageSpreads: day.averageSpreads,
          volume: takeVolume(),
        });
      }
      latest.time = NaN;
      shares.fill(0);
      squares.fill(0);
      day = startDay();
    },
    close: () => ({
      ...sums,
      days,
      reaches: Float64Array.from(reaches),
      spreads:
        spreads.size > mostSpreads
          ? null
          : new Map([...spreads].map(([key, seconds]) => [key / spreadUnits, seconds])),
    }),
  };
}

interface Day {
  /** Where the sampling begins. */
  start: number;
  /** Spread times seconds in the interval that is not full yet, and the seconds. */
  spreadTime: number;
  filled: number;
  readonly mids: number[];
  readonly averageSpreads: number[];
  firstTrade: number;
  lastTrade: number;
}

const startDay = (): Day => ({
  start: NaN,
  spreadTime: 0,
  filled: 0,
  mids: [],
  averageSpreads: [],
  firstTrade: Infinity,
  lastTrade: -Infinity,
});

interface Stretch {
  readonly begin: number;
  readonly end: number;
  readonly spread: number;
  readonly mid: number;
}

/** Cuts a stretch of constant quotes along the grid of the sampling. */
function addSamples(day: Day, sampling: number, { begin, end, spread, mid }: Stretch): void {
  if (Number.isNaN(day.start)) day.start = begin;
  for (let at = begin; at < end;) {
    if (day.filled === 0) day.mids.push(mid);
    const full = day.start + day.mids.length * sampling;
    const until = Math.min(full, end);
    day.spreadTime += spread * (until - at);
    day.filled += until - at;
    at = until;
    if (until < full) continue;
    day.averageSpreads.push(day.spreadTime / day.filled);
    day.spreadTime = 0;
    day.filled = 0;
  }
}
