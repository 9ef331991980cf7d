import { basename, dirname, resolve } from 'node:path';

import { InputError } from '../engine/input-error';
import { differingKeys, valueAt } from './differing-keys';
import type { RunRecord } from './read-run';

/** Runs whose configs differ in the seed only. */
export interface GroupedRuns {
  readonly label: string;
  readonly runs: readonly RunRecord[];
  /** The values of the keys in which the groups differ. */
  readonly differences: Readonly<Record<string, unknown>>;
}

/** What tells runs of one config apart, or leaves the training as it is. */
const ignoredKeys: ReadonlySet<string> = new Set([
  'seed',
  'name',
  'description',
  'device',
  'threads',
  'evaluation.baselines',
]);

/**
 * @param labels one a group, in the order in which the groups first appear; none: from the runs' names
 * @throws InputError where a run stands twice or the labels do not fit
 */
export function groupRuns(
  records: readonly RunRecord[],
  labels: readonly string[] = [],
): GroupedRuns[] {
  const groups: RunRecord[][] = [];
  for (const record of records) {
    const group = groups.find(([first]) => keysBetween(first!, record).length === 0);
    if (group === undefined) groups.push([record]);
    else group.push(withNewSeed(group, record));
  }
  const names = labels.length > 0 ? checkLabels(labels, groups) : labelsOf(groups);
  const differing = [
    ...new Set(groups.slice(1).flatMap(([record]) => keysBetween(groups[0]![0]!, record!))),
  ];
  return groups.map((runs, index) => ({
    label: names[index]!,
    runs,
    differences: Object.fromEntries(
      differing.map((key) => [key, valueAt(runs[0]!.config, key) ?? null]),
    ),
  }));
}

const keysBetween = (left: RunRecord, right: RunRecord): string[] =>
  differingKeys(left.config, right.config).filter((key) => !ignoredKeys.has(key));

function withNewSeed(group: readonly RunRecord[], record: RunRecord): RunRecord {
  const { path, config } = record;
  const twin = group.find((other) => other.config.seed === config.seed);
  if (twin === undefined) return record;
  throw new InputError(
    `${path}: the same config and seed (${config.seed}) as ${twin.path}; a run counts once, leave one of them out`,
  );
}

function checkLabels(labels: readonly string[], groups: readonly RunRecord[][]): readonly string[] {
  const described = groups.map((runs) => runs.map(({ name }) => name).join(', '));
  if (labels.length !== groups.length) {
    throw new InputError(
      `--label: ${labels.length} given for ${groups.length} groups of runs (${described.join('; ')}); give one a group, in this order`,
    );
  }
  const twice = labels.find((label, index) => labels.indexOf(label) !== index);
  if (twice !== undefined) throw new InputError(`--label ${twice}: given to two groups`);
  return labels;
}

/**
 * The names without seeds and, in a sweep, without the config's name; where two groups have the same, with
 * the folder that they lie in.
 */
function labelsOf(groups: readonly RunRecord[][]): string[] {
  const full = groups.map((runs) => shortest(runs.map(({ name }) => withoutSeed(name))));
  const heads = groups.map(([first]) => `${first!.config.name}-`);
  const areOfSweep = full.every((name, index) => name.startsWith(heads[index]!));
  const names = full.map((name, index) => (areOfSweep ? name.slice(heads[index]!.length) : name));
  const longer = names.map((name, index) =>
    names.filter((other) => other === name).length > 1
      ? `${basename(dirname(resolve(groups[index]![0]!.path)))}/${name}`
      : name,
  );
  return longer.map((label, index) => {
    const before = longer.slice(0, index).filter((other) => other === label).length;
    return before > 0 ? `${label} (${before + 1})` : label;
  });
}

/** `cartpole-seed3`, `cartpole-seed3-2` → `cartpole` */
const withoutSeed = (name: string): string => name.replace(/-seed\d+(-\d+$)?/, '') || name;

const shortest = (names: readonly string[]): string =>
  names.reduce((best, name) => (name.length < best.length ? name : best));
