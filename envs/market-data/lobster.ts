import { badRow, checkOrder, type LineSource, parseNumber } from './rows';

/** LOBSTER's prices are whole numbers: so many of them make one unit of quote currency. */
export const lobsterPriceUnits = 10_000;

/** Types 1 to 7 of the message file. */
const kinds = [
  'new',
  'partial-cancel',
  'delete',
  'execution',
  'hidden-execution',
  'cross',
  'halt',
] as const;

export type LobsterKind = (typeof kinds)[number];

/** What an empty level holds in place of a price. */
const emptyPrice = 9_999_999_999;

/** The L best levels of each side, the best first; an empty one has size 0 and price ±∞. */
export interface LobsterBook {
  /** Each [L]; prices in 1/10,000 quote currency. */
  readonly askPrices: Float64Array;
  readonly askSizes: Float64Array;
  readonly bidPrices: Float64Array;
  readonly bidSizes: Float64Array;
}

/** One row of a message file, and the order book around it. */
export interface LobsterEvent {
  /** Of the message file, from 1. */
  readonly line: number;
  /** Seconds after midnight. */
  readonly time: number;
  readonly kind: LobsterKind;
  readonly orderId: number;
  readonly size: number;
  /** 1/10,000 quote currency. */
  readonly price: number;
  /** Side of the resting order: 1 bid, −1 ask. */
  readonly direction: 1 | -1;
  /** Whether trading is halted after the message. */
  readonly halted: boolean;
  /** The book before the message; null at the first row. */
  readonly before: LobsterBook | null;
  /** The book after it. */
  readonly book: LobsterBook;
}

/**
 * Reads a pair of LOBSTER files (lobsterdata.com, output structure): row k of the order-book file is
 * the book after message k. The books are overwritten: an event holds until the next is asked for.
 * @throws InputError with file, line and reason for a row that is no such row, times that run
 *   backwards, a crossed book, an execution away from the best quote, and files of unequal length
 */
export async function* readLobster(
  messages: LineSource,
  books: LineSource,
): AsyncGenerator<LobsterEvent> {
  const [messageLines, bookLines] = [messages, books].map(({ lines }) =>
    lines[Symbol.asyncIterator](),
  ) as [AsyncIterator<string>, AsyncIterator<string>];
  let time = -Infinity;
  let halted = false;
  let before: LobsterBook | null = null;
  let spare: LobsterBook | null = null;
  let bytes = new Uint8Array(4096);
  try {
    for (let line = 1; ; line += 1) {
      const message = await nextLine(messageLines);
      const row = await nextLine(bookLines);
      if (message === null || row === null) {
        checkEnds(message, row, messages.file, books.file, line);
        return;
      }
      const parsed = parseMessage(message, messages.file, line);
      checkOrder(messages.file, line, parsed.time, time);
      time = parsed.time;
      if (parsed.kind === 'halt') halted = parsed.price === -1 || (halted && parsed.price !== 1);
      const book: LobsterBook = spare ?? createBook(row, books.file, line);
      bytes = parseBook(row, book, bytes, books.file, line);
      if (!halted && book.bidPrices[0]! >= book.askPrices[0]!) {
        throw badRow(books.file, line, 'the best bid is not below the best ask');
      }
      if (before) checkExecution(parsed, before, messages.file, books.file, line);
      const { kind, orderId, size, price, direction } = parsed;
      yield { line, time, kind, orderId, size, price, direction, halted, before, book };
      spare = before;
      before = book;
    }
  } finally {
    await Promise.all([messageLines.return?.(), bookLines.return?.()]);
  }
}

async function nextLine(lines: AsyncIterator<string>): Promise<string | null> {
  const { done, value } = await lines.next();
  return done ? null : value;
}

/** @throws InputError unless both files end here */
function checkEnds(
  message: string | null,
  row: string | null,
  messageFile: string,
  bookFile: string,
  line: number,
): void {
  const rows = line - 1;
  if (message !== null) {
    throw badRow(messageFile, line, `no order book belongs to it: ${bookFile} has ${rows} rows`);
  }
  if (row !== null) {
    throw badRow(bookFile, line, `no message belongs to it: ${messageFile} has ${rows} rows`);
  }
}

type Message = Pick<LobsterEvent, 'time' | 'kind' | 'orderId' | 'size' | 'price' | 'direction'>;

function parseMessage(text: string, file: string, line: number): Message {
  const fields = text.split(',');
  if (fields.length < 6) {
    const given = `${fields.length} ${fields.length === 1 ? 'column' : 'columns'}`;
    throw badRow(file, line, `${given}; expected time, type, order id, size, price, direction`);
  }
  const time = parseNumber(fields[0]);
  const kind = kinds[parseNumber(fields[1]) - 1];
  const orderId = parseNumber(fields[2]);
  const size = parseNumber(fields[3]);
  const price = parseNumber(fields[4]);
  const direction = parseNumber(fields[5]);
  const wrong = (name: string, index: number, expected: string) =>
    badRow(file, line, `${name} '${fields[index]!.trim()}'; expected ${expected}`);
  if (!(time >= 0 && time < Infinity)) throw wrong('time', 0, 'seconds after midnight');
  if (kind === undefined) throw wrong('type', 1, 'an integer from 1 to 7');
  if (!Number.isInteger(orderId)) throw wrong('order id', 2, 'an integer');
  if (kind === 'halt') {
    if (!Number.isInteger(price)) throw wrong('price', 4, '-1, 0 or 1 where trading is halted');
    return { time, kind, orderId, size: 0, price, direction: 1 };
  }
  if (!(Number.isInteger(size) && size > 0)) throw wrong('size', 3, 'a positive integer');
  if (!(Number.isInteger(price) && price > 0)) {
    throw wrong('price', 4, 'a positive integer, in 1/10,000 of the currency');
  }
  if (direction !== 1 && direction !== -1) throw wrong('direction', 5, '1 (bid) or -1 (ask)');
  return { time, kind, orderId, size, price, direction };
}

function createBook(row: string, file: string, line: number): LobsterBook {
  const columns = row.split(',').length;
  if (columns % 4 !== 0) {
    throw badRow(
      file,
      line,
      `${columns} columns; expected ask price, ask size, bid price, bid size for each level`,
    );
  }
  const create = () => new Float64Array(columns / 4);
  return { askPrices: create(), askSizes: create(), bidPrices: create(), bidSizes: create() };
}

const encoder = new TextEncoder();
const [minus, comma, zero, nine] = [45, 44, 48, 57];

/**
 * Parses a row of whole numbers into the book. From bytes: most of the time of reading goes here, and
 * characters of a string take five times as long.
 * @param bytes room for the row
 * @returns the room, larger where it was too small
 */
function parseBook(
  row: string,
  book: LobsterBook,
  bytes: Uint8Array<ArrayBuffer>,
  file: string,
  line: number,
): Uint8Array<ArrayBuffer> {
  const room = bytes.length > row.length * 3 ? bytes : new Uint8Array(row.length * 4);
  const length = encoder.encodeInto(row, room).written;
  room[length] = comma;
  const { askPrices, askSizes, bidPrices, bidSizes } = book;
  const columns = askPrices.length * 4;
  let at = 0;
  for (let column = 0; column < columns; column += 1) {
    const isNegative = room[at] === minus;
    if (isNegative) at += 1;
    const digits = at;
    let value = 0;
    let byte = room[at]!;
    while (byte >= zero && byte <= nine) {
      value = value * 10 + (byte - zero);
      at += 1;
      byte = room[at]!;
    }
    if (at === digits || byte !== comma) throw explainBook(row, column, columns, file, line);
    at += 1;
    if (isNegative) value = -value;
    const level = column >> 2;
    const part = column & 3;
    if (part === 0) askPrices[level] = value;
    else if (part === 1) askSizes[level] = value;
    else if (part === 2) bidPrices[level] = value;
    else bidSizes[level] = value;
  }
  if (at !== length + 1) throw explainBook(row, columns, columns, file, line);
  checkSide(askPrices, askSizes, 1, file, line);
  checkSide(bidPrices, bidSizes, -1, file, line);
  return room;
}

function explainBook(
  row: string,
  column: number,
  columns: number,
  file: string,
  line: number,
): Error {
  const fields = row.split(',');
  if (fields.length !== columns) {
    return badRow(file, line, `${fields.length} columns; expected ${columns} as in the first row`);
  }
  return badRow(file, line, `column ${column + 1} '${fields[column]!}'; expected an integer`);
}

/** Marks empty levels, and checks that prices get worse from level to level. */
function checkSide(
  prices: Float64Array,
  sizes: Float64Array,
  worse: 1 | -1,
  file: string,
  line: number,
): void {
  const side = worse === 1 ? 'ask' : 'bid';
  for (let level = 0; level < prices.length; level += 1) {
    const price = prices[level]!;
    if (price * worse >= emptyPrice || price === -emptyPrice * worse) {
      prices[level] = worse * Infinity;
      sizes[level] = 0;
      continue;
    }
    if (!(price > 0 && sizes[level]! > 0)) {
      const reason = `${side} level ${level + 1}: price ${price}, size ${sizes[level]!}; expected positive numbers`;
      throw badRow(file, line, reason);
    }
    if (level > 0 && !((price - prices[level - 1]!) * worse > 0)) {
      throw badRow(file, line, `${side} level ${level + 1} is not worse than the level before it`);
    }
  }
}

/** Visible orders are executed at the best quote: what else is there belongs to another book. */
function checkExecution(
  { kind, direction, price }: Message,
  before: LobsterBook,
  messageFile: string,
  bookFile: string,
  line: number,
): void {
  if (kind !== 'execution') return;
  const best = direction === 1 ? before.bidPrices[0]! : before.askPrices[0]!;
  if (price === best) return;
  const side = direction === 1 ? 'bid' : 'ask';
  throw badRow(
    messageFile,
    line,
    `an execution at ${price}, but the best ${side} of ${bookFile}:${line - 1} is ${best}: the files do not belong together`,
  );
}
