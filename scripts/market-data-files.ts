import { basename } from 'node:path';

import { InputError } from '../engine/input-error';
import { recogniseHeader } from '../envs/market-data/trades-and-quotes';
import { readFirstLine } from './read-lines';

type Kind = 'messages' | 'books' | 'trades' | 'quotes';
type Days<Kinds extends Kind> = readonly Readonly<Record<Kinds, string>>[];

/** The files of each day, in the order in which they were named. */
export type MarketDataFiles =
  | { readonly kind: 'lobster'; readonly days: Days<'messages' | 'books'> }
  | { readonly kind: 'trades-and-quotes'; readonly days: Days<'trades' | 'quotes'> };

const nouns: Readonly<Record<Kind, string>> = {
  messages: 'message file',
  books: 'order-book file',
  trades: 'file of trades',
  quotes: 'file of quotes',
};

/**
 * Sorts files by what they hold and pairs them. LOBSTER's are told by their names (`_message_`,
 * `_orderbook_`) or by rows of numbers alone, trades and quotes by their header. Two files belong to
 * one day if their paths differ in the words message, orderbook, trades and quotes only; a
 * single pair needs no such names.
 * @throws InputError for a file of neither kind, one without its partner, and both formats at once
 */
export async function findMarketData(files: readonly string[]): Promise<MarketDataFiles> {
  const found: Record<Kind, string[]> = { messages: [], books: [], trades: [], quotes: [] };
  for (const file of files) {
    const same = found[await recognise(file)];
    if (same.includes(file)) throw new InputError(`${file}: named twice`);
    same.push(file);
  }
  const { messages, books, trades, quotes } = found;
  if (messages.length + books.length === 0) {
    const days = pair(found, 'trades', 'quotes');
    return {
      kind: 'trades-and-quotes',
      days: days.map(([first, second]) => ({ trades: first, quotes: second })),
    };
  }
  const [other] = [...trades, ...quotes];
  if (other !== undefined) {
    throw new InputError(`${other}: trades or quotes beside LOBSTER files; give one format`);
  }
  const days = pair(found, 'messages', 'books');
  return {
    kind: 'lobster',
    days: days.map(([first, second]) => ({ messages: first, books: second })),
  };
}

async function recognise(file: string): Promise<Kind> {
  const first = await readFirstLine(file);
  if (/_message_/.test(basename(file))) return 'messages';
  if (/_orderbook_/.test(basename(file))) return 'books';
  const header = recogniseHeader(first);
  if (header) return header;
  const fields = first.split(',');
  if (fields.every((field) => field.trim() !== '' && Number.isFinite(Number(field)))) {
    if (fields.length === 6) return 'messages';
    if (fields.length % 4 === 0) return 'books';
  }
  throw new InputError(
    `${file}: not recognised; expected a header time,price,size[,side] or time,bid,ask, or LOBSTER's *_message_*.csv and *_orderbook_*.csv`,
  );
}

function pair(found: Record<Kind, readonly string[]>, first: Kind, second: Kind) {
  const [firsts, seconds] = [found[first], found[second]];
  if (firsts.length === 1 && seconds.length === 1) return [[firsts[0]!, seconds[0]!]] as const;
  const partners = new Map(seconds.map((file) => [dayOf(file), file]));
  const pairs = firsts.map((file) => {
    const partner = partners.get(dayOf(file));
    if (partner === undefined) throw lonely(file, second);
    partners.delete(dayOf(file));
    return [file, partner] as const;
  });
  const paired = new Set(pairs.map(([, partner]) => partner));
  const left = seconds.find((file) => !paired.has(file));
  if (left !== undefined) throw lonely(left, first);
  return pairs;
}

const lonely = (file: string, missing: Kind): InputError =>
  new InputError(
    `${file}: no ${nouns[missing]} of that day; the paths of a pair differ in message and orderbook, or trades and quotes, only`,
  );

/** What the paths of a day's files have in common. */
const dayOf = (file: string): string =>
  file
    .toLowerCase()
    .replace(/\.gz$/, '')
    .replace(/messages?|orderbooks?|trades?|quotes?/g, '');
