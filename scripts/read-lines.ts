import { closeSync, createReadStream, openSync, readSync } from 'node:fs';
import { createGunzip } from 'node:zlib';

import { InputError } from '../engine/input-error';

const chunkBytes = 1 << 20;

/**
 * The lines of a text file, one at a time, gunzipped where it is a gzip file whatever its name; line
 * ends \n or \r\n, and no line after the last end.
 * @throws InputError if the file cannot be read or is damaged
 */
export async function* readLines(file: string): AsyncGenerator<string> {
  try {
    let rest = '';
    for await (const piece of openText(file)) {
      const lines = (rest + piece).split('\n');
      rest = lines.pop()!;
      for (const line of lines) yield line.endsWith('\r') ? line.slice(0, -1) : line;
    }
    if (rest !== '') yield rest.endsWith('\r') ? rest.slice(0, -1) : rest;
  } catch (error) {
    throw explain(file, error);
  }
}

/** @throws InputError if the file cannot be read */
export async function readFirstLine(file: string): Promise<string> {
  for await (const line of readLines(file)) return line;
  return '';
}

async function* openText(file: string): AsyncGenerator<string> {
  const zipped = isGzip(file);
  const raw = createReadStream(file, { highWaterMark: chunkBytes });
  const decoder = new TextDecoder();
  if (!zipped) {
    for await (const chunk of raw) yield decoder.decode(chunk as Buffer, { stream: true });
    return;
  }
  const gunzip = createGunzip({ chunkSize: chunkBytes });
  raw.on('error', (error) => gunzip.destroy(error));
  try {
    for await (const chunk of raw.pipe(gunzip)) {
      yield decoder.decode(chunk as Buffer, { stream: true });
    }
  } finally {
    raw.destroy();
  }
}

/** By the first two bytes. */
function isGzip(file: string): boolean {
  const start = Buffer.alloc(2);
  const opened = openSync(file, 'r');
  try {
    return readSync(opened, start) === 2 && start.readUInt16BE() === 0x1f8b;
  } finally {
    closeSync(opened);
  }
}

function explain(file: string, error: unknown): unknown {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === undefined) return error;
  if (code === 'ENOENT') return new InputError(`${file}: no such file`);
  if (code === 'EISDIR') return new InputError(`${file}: a folder; name its files`);
  if (code.startsWith('Z_')) return new InputError(`${file}: a damaged gzip file (${message})`);
  return new InputError(`${file}: cannot be read (${code})`);
}
