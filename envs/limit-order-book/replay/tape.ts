import type { LobsterBook, LobsterEvent, LobsterKind } from '../../market-data/lobster';

/** What a row of the tape is, as a number; `none`: only the book is news. */
export const eventKinds = { none: 0, added: 1, cancelled: 2, executed: 3, hidden: 4 } as const;
export type EventKind = keyof typeof eventKinds;

const kindOf: Readonly<Record<LobsterKind, EventKind>> = {
  new: 'added',
  'partial-cancel': 'cancelled',
  delete: 'cancelled',
  execution: 'executed',
  'hidden-execution': 'hidden',
  cross: 'none',
  halt: 'none',
};

/** The columns of `events`. Two for the time, as float32 could not hold a day in milliseconds. */
export const eventColumns = {
  /** Whole minutes after midnight, and the rest of the time in minutes. */
  minute: 0,
  fraction: 1,
  /** Ticks: the price of column W of the book after the event. */
  anchor: 2,
  /** Ticks: the price of the order concerned. */
  price: 3,
  /** One of `eventKinds`. */
  kind: 4,
  /** Shares, negative for those of a resting bid. */
  size: 5,
} as const;
export const eventWidth = Object.keys(eventColumns).length;

/** Stands for no time at all: later than any end of an episode, in minutes. */
export const endless = 1e9;

/** Recorded events one after the other, with the book after each. */
export interface Tape {
  readonly rows: number;
  /** [rows, 2W] as `Book.depth`: shares, those bid for negative. */
  readonly books: Float32Array;
  /** [rows, 6] */
  readonly events: Float32Array;
}

/** The window of a book, and where it is. */
interface Window {
  readonly depth: Float32Array;
  anchor: number;
  /** Whether the best quotes are in it, where there are any. */
  holdsQuotes: boolean;
}

/** Writes a tape row by row. */
export interface TapeWriter {
  rows(): number;
  /**
   * The book alone.
   * @returns false for a price between ticks
   */
  book(time: number, book: LobsterBook): boolean;
  /**
   * An event and the book after it; nothing is written where that changes nothing in the window and
   * nobody traded.
   * @returns false for a price between ticks
   */
  event(event: LobsterEvent): boolean;
  /** Ends a day: nothing comes after it. */
  end(): void;
  /** Rows whose best quotes are both there and not both in the window. */
  tooWide(): number;
  close(): Tape;
}

/**
 * @param levels W: columns of the window on either side of the mid price
 * @param tick in the price units of LOBSTER
 */
export function createTapeWriter(levels: number, tick: number): TapeWriter {
  const width = 2 * levels;
  let books = new Float32Array(1024 * width);
  let events = new Float32Array(1024 * eventWidth);
  let rows = 0;
  let tooWide = 0;
  /** Ticks that the anchors and prices of a day are counted from, so that float32 holds them. */
  let base = NaN;
  const window: Window = { depth: new Float32Array(width), anchor: 0, holdsQuotes: true };

  const write = (time: number, kind: EventKind, price: number, size: number): void => {
    if ((rows + 1) * width > books.length) {
      books = grown(books);
      events = grown(events);
    }
    if (Number.isNaN(base)) base = window.anchor;
    if (!window.holdsQuotes) tooWide += 1;
    books.set(window.depth, rows * width);
    const minute = Math.floor(time / 60);
    const at = rows * eventWidth;
    events[at + eventColumns.minute] = minute;
    events[at + eventColumns.fraction] = time / 60 - minute;
    events[at + eventColumns.anchor] = window.anchor - base;
    events[at + eventColumns.price] = price - base;
    events[at + eventColumns.kind] = eventKinds[kind];
    events[at + eventColumns.size] = size;
    rows += 1;
  };

  const isUnchanged = (): boolean => {
    const at = (rows - 1) * width;
    if (window.anchor - base !== events[(rows - 1) * eventWidth + eventColumns.anchor])
      return false;
    for (let column = 0; column < width; column += 1) {
      if (window.depth[column] !== books[at + column]) return false;
    }
    return true;
  };

  return {
    rows: () => rows,
    tooWide: () => tooWide,
    book(time, book) {
      if (!look(book, tick, levels, window)) return false;
      write(time, 'none', window.anchor, 0);
      return true;
    },
    event({ time, kind, price, size, direction, book }) {
      if (!look(book, tick, levels, window)) return false;
      const what = kindOf[kind];
      const isTrade = what === 'executed' || what === 'hidden';
      if (!isTrade && isUnchanged()) return true;
      // A hidden order may lie between ticks: its price is then between the columns as well.
      write(time, what, price / tick, -direction * size);
      return true;
    },
    end() {
      write(endless * 60, 'none', window.anchor, 0);
      base = NaN;
    },
    close: () => ({
      rows,
      books: books.slice(0, rows * width),
      events: events.slice(0, rows * eventWidth),
    }),
  };
}

/** Looks at a book through the window around its mid price. */
function look(book: LobsterBook, tick: number, levels: number, window: Window): boolean {
  const [bid, ask] = [book.bidPrices[0]! / tick, book.askPrices[0]! / tick];
  const hasBoth = bid > 0 && ask < Infinity;
  if (hasBoth) window.anchor = Math.floor((bid + ask) / 2) + 1;
  else if (bid > 0) window.anchor = bid + 1;
  else if (ask < Infinity) window.anchor = ask;
  window.depth.fill(0);
  const offset = levels - window.anchor;
  window.holdsQuotes = !hasBoth || (ask + offset < 2 * levels && bid + offset >= 0);
  return (
    show(book.askPrices, book.askSizes, 1, tick, offset, window.depth) &&
    show(book.bidPrices, book.bidSizes, -1, tick, offset, window.depth)
  );
}

/** @returns false for a price between ticks */
function show(
  prices: Float64Array,
  sizes: Float64Array,
  sign: 1 | -1,
  tick: number,
  offset: number,
  depth: Float32Array,
): boolean {
  for (let level = 0; level < prices.length; level += 1) {
    if (sizes[level] === 0) return true;
    const ticks = prices[level]! / tick;
    if (!Number.isInteger(ticks)) return false;
    const column = ticks + offset;
    if (column < 0 || column >= depth.length) return true;
    depth[column] = sign * sizes[level]!;
  }
  return true;
}

function grown(array: Float32Array<ArrayBuffer>): Float32Array<ArrayBuffer> {
  const larger = new Float32Array(array.length * 2);
  larger.set(array);
  return larger;
}
