import { closeSync, openSync, readSync, fstatSync } from 'node:fs';
import { randomUUID } from 'node:crypto';

import { isJsonObject } from '../json';
import type { MetricsLine } from '../metrics-log';

/** What a run's `metrics.jsonl` holds so far. */
export interface FollowedMetrics {
  /** Another one where earlier lines are no longer what they were: a run that was taken up again drops its last ones. */
  readonly generation: string;
  /** The lines' text, in the order of their iterations. */
  readonly texts: readonly string[];
  /** Of the same places. */
  readonly iterations: readonly number[];
  /** Every key that stands in a line. */
  readonly keys: ReadonlySet<string>;
  readonly newest: MetricsLine | null;
  /** The newest line of a validation. */
  readonly validated: MetricsLine | null;
  /** The level of the curriculum in the newest line, and the iteration in which it began; null without levels. */
  readonly level: { readonly number: number; readonly since: number } | null;
  /** Mean seconds of the newest iterations; null before the first. */
  readonly secondsPerIteration: number | null;
  /** When the file last grew, milliseconds since 1970; null without a file. */
  readonly changed: number | null;
  /** Lines that are none. */
  readonly damaged: number;
}

interface Position {
  readonly file: number;
  readonly born: number;
  /** Bytes read, up to the end of a line. */
  offset: number;
}

/** Iterations whose mean time tells how long the rest takes. */
const recent = 50;
const atOnce = 1 << 20;

/**
 * Reads a log that another process may be writing: each call reads what was appended since the last one,
 * and everything anew where the file was replaced or has become shorter. A last line without its end
 * waits for it.
 */
export function followMetrics(path: string): { read(): FollowedMetrics } {
  let position: Position | null = null;
  let lines = startLines();

  const start = (file: number, born: number): Position => {
    lines = startLines();
    return { file, born, offset: 0 };
  };
  const advance = (descriptor: number, at: Position, size: number): void => {
    while (at.offset < size) {
      const bytes = readAt(descriptor, at.offset, size);
      const end = bytes.lastIndexOf(0x0a) + 1;
      if (end === 0) return;
      at.offset += end;
      for (const text of bytes.toString('utf8', 0, end - 1).split('\n')) takeLine(lines, text);
    }
  };
  return {
    read() {
      const descriptor = openIfThere(path);
      if (descriptor === null) {
        if (position !== null) [position, lines] = [null, startLines()];
        return describe(lines, null);
      }
      try {
        const { ino, birthtimeMs, size, mtimeMs } = fstatSync(descriptor);
        const same = position?.file === ino && position.born === birthtimeMs;
        if (position === null || !same || size < position.offset) {
          position = start(ino, birthtimeMs);
        }
        advance(descriptor, position, size);
        return describe(lines, mtimeMs);
      } finally {
        closeSync(descriptor);
      }
    },
  };
}

interface Lines {
  generation: string;
  texts: string[];
  iterations: number[];
  keys: Set<string>;
  newest: MetricsLine | null;
  validated: MetricsLine | null;
  level: FollowedMetrics['level'];
  seconds: number[];
  damaged: number;
}

const startLines = (): Lines => ({
  generation: randomUUID(),
  texts: [],
  iterations: [],
  keys: new Set(),
  newest: null,
  validated: null,
  level: null,
  seconds: [],
  damaged: 0,
});

function takeLine(lines: Lines, text: string): void {
  const line = parse(text);
  const after = lines.iterations.at(-1) ?? -Infinity;
  if (line === null || line.iteration <= after) {
    lines.damaged += 1;
    return;
  }
  lines.texts.push(text);
  lines.iterations.push(line.iteration);
  for (const key of Object.keys(line)) lines.keys.add(key);
  lines.newest = line;
  if (typeof line['validation/return'] === 'number') lines.validated = line;
  const level = line['curriculum/level'];
  if (typeof level === 'number' && lines.level?.number !== level) {
    lines.level = { number: level, since: line.iteration };
  }
  const seconds = line['time/iteration'];
  if (typeof seconds === 'number') lines.seconds = [...lines.seconds.slice(1 - recent), seconds];
}

function describe(lines: Lines, changed: number | null): FollowedMetrics {
  const { seconds, ...rest } = lines;
  const total = seconds.reduce((sum, one) => sum + one, 0);
  const secondsPerIteration = seconds.length > 0 ? total / seconds.length : null;
  return { ...rest, secondsPerIteration, changed };
}

function openIfThere(path: string): number | null {
  try {
    return openSync(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** A piece that ends the file or holds the end of a line. */
function readAt(descriptor: number, offset: number, size: number): Buffer {
  for (let length = atOnce; ; length *= 2) {
    const bytes = Buffer.alloc(Math.min(length, size - offset));
    const filled = readSync(descriptor, bytes, 0, bytes.length, offset);
    const piece = bytes.subarray(0, filled);
    if (filled < bytes.length || offset + filled >= size || piece.includes(0x0a)) return piece;
  }
}

function parse(text: string): MetricsLine | null {
  try {
    const value: unknown = JSON.parse(text);
    const valid = isJsonObject(value) && typeof value['iteration'] === 'number';
    return valid ? (value as MetricsLine) : null;
  } catch {
    return null;
  }
}
