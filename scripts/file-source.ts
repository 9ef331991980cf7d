import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

import { InputError } from '../engine/input-error';
import type { DataSource } from '../envs/market-data/data-source';
import { findMarketData } from './market-data-files';
import { readLines } from './read-lines';

/** Recorded days on the disk, opened one after the other as they are read. */
export const fileSource: DataSource = {
  async lobsterDays(paths) {
    const data = await findMarketData(paths.flatMap(listFiles));
    if (data.kind !== 'lobster') {
      throw new InputError(
        `${data.days[0]!.trades}: trades and quotes; expected LOBSTER's message and orderbook files`,
      );
    }
    const open = (file: string) => ({ file, lines: readLines(file) });
    return data.days.map(({ messages, books }) => ({
      messages: open(messages),
      books: open(books),
    }));
  },
};

/** A file itself, or LOBSTER's files in a folder. */
function listFiles(path: string): string[] {
  if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) return [path];
  const names = readdirSync(path).filter((name) =>
    /_(message|orderbook)_.*\.csv(\.gz)?$/.test(name),
  );
  if (names.length === 0) {
    throw new InputError(
      `${path}: no LOBSTER files in this folder; expected *_message_*.csv and *_orderbook_*.csv, also .gz`,
    );
  }
  return names.sort().map((name) => join(path, name));
}
