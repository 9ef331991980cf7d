import { isDeepStrictEqual } from 'node:util';

import { InputError } from '../engine/input-error';
import { isMapping } from './merge';
import { parseConfig } from './parse-config';
import {
  type Override,
  type ParsedDocument,
  parseDocumentWith,
  parseOverride,
} from './parse-document';
import type { Config } from './schema';
import { namePoints } from './sweep-names';

/** A key of the config, and the values that it takes. */
export interface Axis {
  /** `trpo.trustRegion` */
  readonly key: string;
  readonly values: readonly unknown[];
}

/** One run of a sweep. */
export interface SweepRun {
  /** Of its folder: the config's name, then the values. */
  readonly name: string;
  /** By key of the axes. */
  readonly values: Readonly<Record<string, unknown>>;
  readonly config: Config;
}

export interface Sweep {
  /** The config's. */
  readonly name: string;
  readonly axes: readonly Axis[];
  readonly runs: readonly SweepRun[];
}

/** More would be a mistake. */
const mostRuns = 1000;
/** Keys that name or describe a run, or decide where it runs. */
const fixedKeys: ReadonlySet<string> = new Set([
  'name',
  'description',
  'sweep',
  'device',
  'threads',
  'env.id',
  'env.module',
  'evaluation.baselines',
]);

interface PlacedAxis extends Axis {
  /** The file and the line of its key. */
  readonly where: string;
}

/**
 * The runs of a config's `sweep`: every combination of its values, each parsed, the seeds innermost.
 * @param text YAML
 * @param file its path, as `parseConfig` takes it
 * @param overrides `key.path=value`; `sweep.key.path=[…]` replaces an axis or adds one
 * @param seeds in place of the seeds that the sweep may list
 * @returns null where the config has no sweep
 * @throws InputError in one line for a key or a value that is wrong: file and line, key, what would be right
 */
export function parseSweep(
  text: string,
  file: string,
  overrides: readonly string[] = [],
  seeds?: readonly number[],
): Sweep | null {
  const changes = overrides.map(parseOverride);
  const document = parseDocumentWith(text, file, changes);
  const { sweep } = document.value;
  if (sweep === undefined) return null;
  const axes = orderAxes(
    readAxes(sweep, ['sweep'], (path) => placeOf(path, document, file, changes)),
    seeds,
  );
  const count = axes.reduce((product, { values }) => product * values.length, 1);
  if (count > mostRuns) {
    throw new InputError(`${file}: sweep: its values make ${count} runs; at most ${mostRuns}`);
  }
  refuseFixed(changes, axes);
  const { name } = parseConfig(text, file, overrides);
  const points = pointsOf(axes);
  const names = namePoints(axes);
  return {
    name,
    axes: axes.map(({ key, values }) => ({ key, values })),
    runs: points.map((values, index) => ({
      name: `${name}-${names[index]!}`,
      values: Object.fromEntries(axes.map(({ key }, place) => [key, values[place]])),
      config: parseConfig(text, file, [
        ...overrides,
        ...axes.map(({ key, where }, place) => ({
          where,
          path: key.split('.'),
          value: values[place],
        })),
      ]),
    })),
  };
}

/** Keys may be written in one, `trpo.trustRegion:`, or nested, `trpo: { trustRegion: … }`; the later one counts. */
function readAxes(
  value: unknown,
  path: readonly string[],
  place: (path: readonly string[]) => string,
): PlacedAxis[] {
  const where = place(path);
  const key = path.slice(1).join('.');
  if (isMapping(value)) {
    const axes = Object.entries(value).flatMap(([name, inner]) =>
      readAxes(inner, [...path, name], place),
    );
    if (axes.length > 0) return lastOfEach(axes);
  }
  const subject = key === '' ? where : `${where}: ${key}`;
  if (!Array.isArray(value) || key === '') {
    throw new InputError(
      `${subject}: expected ${key === '' ? 'keys with lists of values, such as trpo.trustRegion: [0.01, 0.05]' : 'a list of values, such as [0, 1, 2]'}`,
    );
  }
  checkValues(value, subject);
  if (fixedKeys.has(key)) {
    throw new InputError(
      `${subject}: cannot be swept; the runs of a sweep share it (others: ${[...fixedKeys].join(', ')})`,
    );
  }
  return [{ key, values: value, where }];
}

/** The override that says it, or the file and its line. */
function placeOf(
  path: readonly string[],
  { lineOf }: ParsedDocument,
  file: string,
  changes: readonly Override[],
): string {
  const change = changes.find((one) => one.path.every((key, depth) => key === path[depth]));
  return change ? change.where : `${file}${lineOf(path)}: sweep`;
}

function checkValues(values: readonly unknown[], subject: string): void {
  if (values.length === 0) throw new InputError(`${subject}: the list is empty; give a value`);
  const twice = values.find((value, index) =>
    values.slice(0, index).some((other) => isDeepStrictEqual(other, value)),
  );
  if (twice !== undefined) {
    throw new InputError(`${subject}: ${JSON.stringify(twice)} stands twice; give each value once`);
  }
}

const lastOfEach = (axes: readonly PlacedAxis[]): PlacedAxis[] => [
  ...new Map(axes.map((axis) => [axis.key, axis])).values(),
];

/** Seeds last: those of one config follow each other. */
function orderAxes(
  axes: readonly PlacedAxis[],
  seeds: readonly number[] | undefined,
): PlacedAxis[] {
  for (const { key, where } of axes) {
    const outer = axes.find((other) => key.startsWith(`${other.key}.`));
    if (outer) {
      throw new InputError(`${where}: ${key} lies in ${outer.key}, which the sweep varies too`);
    }
  }
  const others = axes.filter(({ key }) => key !== 'seed');
  const own = axes.filter(({ key }) => key === 'seed');
  return [...others, ...(seeds ? [{ key: 'seed', values: seeds, where: '--seeds' }] : own)];
}

/** An override of a key that the sweep varies would have no effect. */
function refuseFixed(changes: readonly Override[], axes: readonly Axis[]): void {
  for (const { path, where } of changes) {
    const set = path.join('.');
    const axis = axes.find(({ key }) => set === key || set.startsWith(`${key}.`));
    if (axis) {
      throw new InputError(
        `${where}: the sweep varies ${axis.key}; replace its values by --set sweep.${axis.key}=[…]`,
      );
    }
  }
}

/** Every combination, the last axis innermost. */
const pointsOf = (axes: readonly Axis[]): unknown[][] =>
  axes.reduce<unknown[][]>(
    (points, { values }) => points.flatMap((point) => values.map((value) => [...point, value])),
    [[]],
  );
