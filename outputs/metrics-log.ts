import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';

import { InputError } from '../engine/input-error';
import { appendFully, writeFileAtomically } from './atomic-file';
import { finiteOrNull, isJsonObject } from './json';

/** The figures of one iteration. */
export interface MetricsLine {
  readonly iteration: number;
  readonly [name: string]: number | string | boolean | null;
}

/**
 * `metrics.jsonl`: one JSON object a line and iteration. NaN and infinities stand as null. A key
 * that once stood in a line stands in all that follow, in the same place: null where it has no value.
 */
export interface MetricsLog {
  append(line: MetricsLine): void;
  /** Waits until the disk has what was appended. */
  flush(): void;
  close(): void;
}

/**
 * Opens the log for appending.
 * @param keepThrough the iteration to continue after: later lines, and a last line that was cut
 * off, are removed, so that the file becomes the one of an uninterrupted run. 0 starts it anew.
 */
export function openMetricsLog(path: string, keepThrough: number): MetricsLog {
  mkdirSync(dirname(path), { recursive: true });
  const kept =
    keepThrough > 0 ? readMetrics(path).filter((line) => line.iteration <= keepThrough) : [];
  writeFileAtomically(path, kept.map(textOf).join(''));
  const keys = new Set(kept.flatMap((line) => Object.keys(line)));
  const file = openSync(path, 'a');
  return {
    append(line) {
      for (const key of Object.keys(line)) keys.add(key);
      const entries = [...keys].map((key) => {
        const value = line[key] ?? null;
        return [key, typeof value === 'number' ? finiteOrNull(value) : value] as const;
      });
      appendFully(file, Buffer.from(textOf(Object.fromEntries(entries))));
    },
    flush: () => fsyncSync(file),
    close() {
      fsyncSync(file);
      closeSync(file);
    },
  };
}

/**
 * The lines of a log; none if there is no file. A last line without its end is left out.
 * @throws InputError for any other line that is not one
 */
export function readMetrics(path: string): MetricsLine[] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
  const lines = text.split('\n').slice(0, -1);
  return lines.map((line, index) => {
    const value = parse(line);
    if (isJsonObject(value) && typeof value['iteration'] === 'number') return value as MetricsLine;
    throw new InputError(
      `${path}:${index + 1}: not a line of metrics (a JSON object with "iteration")`,
    );
  });
}

const textOf = (line: object): string => `${JSON.stringify(line)}\n`;

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}
