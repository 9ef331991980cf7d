import { badRow, checkOrder, type LineSource, parseNumber } from './rows';

export interface Trade {
  readonly kind: 'trade';
  /** Of the file, from 1 (the header). */
  readonly line: number;
  /** Seconds, after midnight or since 1970. */
  readonly time: number;
  /** Quote currency. */
  readonly price: number;
  /** Shares. */
  readonly size: number;
  /** Who took liquidity: 1 the buyer, −1 the seller; null: not said. */
  readonly side: 1 | -1 | null;
}

export interface Quote {
  readonly kind: 'quote';
  readonly line: number;
  readonly time: number;
  /** Quote currency; NaN: no quote. */
  readonly bid: number;
  readonly ask: number;
}

/** Names of the columns, in lower case and without `_`, and what else they are called. */
const aliases = {
  time: ['time', 'timestamp'],
  price: ['price'],
  size: ['size', 'quantity', 'volume'],
  side: ['side'],
  bid: ['bid', 'bidprice'],
  ask: ['ask', 'askprice'],
} as const;

type ColumnName = keyof typeof aliases;

const sides: Readonly<Record<string, 1 | -1 | null>> = {
  buy: 1,
  b: 1,
  '1': 1,
  '+1': 1,
  sell: -1,
  s: -1,
  '-1': -1,
  '': null,
};

/** Whether a header names the columns of trades, of quotes, or neither. */
export function recogniseHeader(header: string): 'trades' | 'quotes' | null {
  const columns = findColumns(header);
  const has = (...names: ColumnName[]) => names.every((name) => columns[name] >= 0);
  if (has('time', 'bid', 'ask')) return 'quotes';
  return has('time', 'price', 'size') ? 'trades' : null;
}

/**
 * Reads comma-separated trades: a header with `time,price,size` and perhaps `side`, in any order;
 * other columns are ignored. Time is a number of seconds or ISO 8601 (UTC unless it says otherwise);
 * side says who took liquidity: buy or sell, b or s, 1 or −1, or nothing.
 * @throws InputError with file, line and reason for a row that is none and for times that run backwards
 */
export async function* readTrades(source: LineSource): AsyncGenerator<Trade> {
  const { file } = source;
  for await (const { line, time, field } of readRows(source, ['time', 'price', 'size'])) {
    const [price, size] = [parseNumber(field('price')), parseNumber(field('size'))];
    if (!(price > 0 && price < Infinity)) {
      throw badRow(file, line, `price '${field('price')}'; expected a positive number`);
    }
    if (!(size > 0 && size < Infinity)) {
      throw badRow(file, line, `size '${field('size')}'; expected a positive number`);
    }
    const named = field('side');
    const side = sides[named.trim().toLowerCase()];
    if (side === undefined) {
      throw badRow(file, line, `side '${named}'; expected buy or sell (who took liquidity)`);
    }
    yield { kind: 'trade', line, time, price, size, side };
  }
}

/**
 * Reads comma-separated best quotes: a header with `time,bid,ask`, in any order; other columns, such
 * as the sizes, are ignored. An empty bid or ask: there is none.
 * @throws InputError with file, line and reason for a row that is none, a bid above the ask, and times
 *   that run backwards
 */
export async function* readQuotes(source: LineSource): AsyncGenerator<Quote> {
  const { file } = source;
  for await (const { line, time, field } of readRows(source, ['time', 'bid', 'ask'])) {
    const parse = (name: 'bid' | 'ask'): number => {
      const text = field(name);
      const price = parseNumber(text);
      if (text.trim() === '' || (price > 0 && price < Infinity)) return price;
      throw badRow(file, line, `${name} '${text}'; expected a positive number, or nothing`);
    };
    const [bid, ask] = [parse('bid'), parse('ask')];
    if (bid > ask) throw badRow(file, line, `bid ${bid} above ask ${ask}`);
    yield { kind: 'quote', line, time, bid, ask };
  }
}

/**
 * Trades and quotes in the order of time; of equal times the quotes come first.
 * @param lag seconds: each trade meets the quotes in force so long before it
 */
export async function* mergeTradesAndQuotes(
  trades: AsyncIterable<Trade>,
  quotes: AsyncIterable<Quote>,
  lag = 0,
): AsyncGenerator<Trade | Quote> {
  const waiting = quotes[Symbol.asyncIterator]();
  try {
    let quote = await waiting.next();
    for await (const trade of trades) {
      while (!quote.done && quote.value.time <= trade.time - lag) {
        yield quote.value;
        quote = await waiting.next();
      }
      yield trade;
    }
    for (; !quote.done; quote = await waiting.next()) yield quote.value;
  } finally {
    await waiting.return?.();
  }
}

interface Row {
  readonly line: number;
  readonly time: number;
  /** '' where the row or the file lacks it. */
  readonly field: (name: ColumnName) => string;
}

async function* readRows(
  { file, lines }: LineSource,
  needed: readonly ColumnName[],
): AsyncGenerator<Row> {
  let line = 0;
  let previous = -Infinity;
  let columns: Readonly<Record<ColumnName, number>> | null = null;
  let width = 0;
  for await (const text of lines) {
    line += 1;
    if (text.trim() === '') continue;
    if (columns === null) {
      columns = findColumns(text);
      width = splitFields(text).length;
      const missing = needed.filter((name) => columns![name] < 0);
      if (missing.length > 0) {
        const reason = `the header has no column ${missing.join(', ')}; expected ${needed.join(',')}`;
        throw badRow(file, line, reason);
      }
      continue;
    }
    const fields = splitFields(text);
    if (fields.length !== width) {
      throw badRow(file, line, `${fields.length} columns; the header has ${width}`);
    }
    const indices = columns;
    const field = (name: ColumnName): string => fields[indices[name]] ?? '';
    const time = parseTime(field('time'));
    if (!Number.isFinite(time)) {
      throw badRow(file, line, `time '${field('time')}'; expected seconds or ISO 8601`);
    }
    // Seconds reach this in the year 5138, milliseconds did in 1973.
    if (time < 0 || time >= 1e11) {
      throw badRow(file, line, `time ${time}; expected seconds (after midnight or since 1970)`);
    }
    checkOrder(file, line, time, previous);
    previous = time;
    yield { line, time, field };
  }
  if (columns === null) throw badRow(file, 1, `no header; expected ${needed.join(',')}`);
}

function findColumns(header: string): Readonly<Record<ColumnName, number>> {
  const names = splitFields(header.replace(/^\ufeff/, '')).map((name) =>
    name.trim().toLowerCase().replaceAll('_', ''),
  );
  const find = (name: ColumnName) =>
    names.findIndex((column) => (aliases[name] as readonly string[]).includes(column));
  return {
    time: find('time'),
    price: find('price'),
    size: find('size'),
    side: find('side'),
    bid: find('bid'),
    ask: find('ask'),
  };
}

/** Fields of a line of comma-separated values (RFC 4180), which may be quoted but not span lines. */
function splitFields(line: string): string[] {
  if (!line.includes('"')) return line.split(',');
  return line.split(/,(?=(?:[^"]*"[^"]*")*[^"]*$)/).map((field) => {
    const quoted = /^\s*"(.*)"\s*$/.exec(field)?.[1];
    return quoted === undefined ? field : quoted.replaceAll('""', '"');
  });
}

const isoTime = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(\.\d+)?(Z|[+-]\d\d:?\d\d)?$/;

/** Seconds; NaN for what is no time. Date keeps milliseconds only, so that the fraction is added here. */
function parseTime(text: string): number {
  const seconds = parseNumber(text);
  if (!Number.isNaN(seconds)) return seconds;
  const [, day, clock, fraction = '0', zone = 'Z'] = isoTime.exec(text.trim()) ?? [];
  return day === undefined ? NaN : Date.parse(`${day}T${clock}${zone}`) / 1000 + Number(fraction);
}
