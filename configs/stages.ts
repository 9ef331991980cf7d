import { z } from 'zod';

import { InputError } from '../engine/input-error';
import { isMapping, merge } from './merge';
import { resolveConfig } from './parse-config';
import {
  applyOverride,
  type Override,
  type ParsedDocument,
  parseDocumentWith,
  parseOverride,
  validateDocument,
} from './parse-document';
import { type Config, sharedKeys, stagesSchema } from './schema';

/** One run of several. */
export interface StageRun {
  /** Of its folder: `1-plain`. */
  readonly name: string;
  readonly config: Config;
}

export interface Stages {
  /** The config's. */
  readonly name: string;
  readonly runs: readonly StageRun[];
}

type Mapping = Readonly<Record<string, unknown>>;
type Stage = Mapping & { readonly name: string };

const listSchema = z.object({ stages: stagesSchema });
const isShared = 'all stages share this key; give it once, outside of the stages';

/**
 * The runs of a config's `stages`: each the config with the stage's keys merged over it.
 * @param text YAML
 * @param file its path, as `parseConfig` takes it
 * @param overrides `key.path=value`, of every stage; `stages.0.key.path=value`, of the first alone, wins
 * @returns null where the config has no stages
 * @throws InputError in one line for a key or a value that is wrong: file and line, stage, key, what would be right
 */
export function parseStages(
  text: string,
  file: string,
  overrides: readonly string[] = [],
): Stages | null {
  const changes = overrides.map(parseOverride);
  const ofList = changes.filter(({ path }) => path[0] === 'stages' && path.length <= 2);
  const document = parseDocumentWith(text, file, ofList);
  const { stages: given, ...shared } = document.value;
  if (given === undefined) return null;
  refuseSweep(document, file, changes);
  const stages = readList(given, document, file, ofList);
  refuseMissing(changes, stages.length);
  const configs = stages.map((stage, index) => {
    const own = overridesOfStage(changes, index);
    return resolveConfig(stageDocument(document, shared, stage, index, own), file, own);
  });
  return {
    name: configs[0]!.name,
    runs: configs.map((config, index) => ({
      name: `${index + 1}-${stages[index]!.name}`,
      config: Object.freeze({ ...config, name: `${config.name}-${stages[index]!.name}` }),
    })),
  };
}

/**
 * Those that change a stage, its own last, as overrides of its config.
 * @param index 0: the first
 * @throws InputError for a key that all stages share
 */
export function overridesOfStage(changes: readonly Override[], index: number): Override[] {
  const general = changes.filter(({ path }) => path[0] !== 'stages');
  const own = changes.filter(
    ({ path }) => path[0] === 'stages' && path[1] === String(index) && path.length > 2,
  );
  return [
    ...general,
    ...own.map(({ where, path, value }) => {
      const key = path[2]!;
      if (key === 'name' || sharedKeys.includes(key)) {
        throw new InputError(`${where}: ${key} cannot be set for one stage`);
      }
      return { where, path: path.slice(2), value };
    }),
  ];
}

/** @throws InputError for an override of a stage that there is not */
export function refuseMissing(changes: readonly Override[], count: number): void {
  for (const { where, path } of changes) {
    const [list, index = '0'] = path;
    if (list !== 'stages' || (/^\d+$/.test(index) && Number(index) < count)) continue;
    throw new InputError(
      `${where}: there is no stage ${index}; expected stages.0${count > 1 ? ` to stages.${count - 1}` : ''}`,
    );
  }
}

function readList(
  given: unknown,
  document: ParsedDocument,
  file: string,
  ofList: readonly Override[],
): readonly Stage[] {
  const refuse = (path: readonly string[], reason: string): never => {
    const change = ofList.find((one) => one.path.every((key, depth) => key === path[depth]));
    throw new InputError(
      `${change ? change.where : `${file}${document.lineOf(path)}`}: ${path.join('.')}: ${reason}`,
    );
  };
  if (!Array.isArray(given)) {
    return refuse(['stages'], 'expected a list of mappings, such as - name: plain');
  }
  given.forEach((stage: unknown, index) => {
    const key = isMapping(stage) && sharedKeys.find((one) => Object.hasOwn(stage, one));
    if (key) refuse(['stages', String(index), key], isShared);
  });
  const list = { value: { stages: given as unknown }, lineOf: document.lineOf };
  const { stages } = validateDocument(list, file, () => listSchema, ofList);
  stages.forEach(({ name }, index) => {
    if (stages.findIndex((other) => other.name === name) < index) {
      refuse(['stages', String(index), 'name'], `'${name}' stands twice; give each name once`);
    }
  });
  return stages;
}

function refuseSweep(
  { value, lineOf }: ParsedDocument,
  file: string,
  changes: readonly Override[],
): void {
  const change = changes.find(({ path }) => path[0] === 'sweep');
  if (value['sweep'] === undefined && !change) return;
  const where = change ? change.where : `${file}${lineOf(['sweep'])}`;
  throw new InputError(`${where}: sweep: a config has a sweep or stages, not both; leave one out`);
}

/** The config with the stage's keys and the overrides in it, as if a file said so. */
function stageDocument(
  { lineOf }: ParsedDocument,
  shared: Mapping,
  { name, ...own }: Stage,
  index: number,
  changes: readonly Override[],
): ParsedDocument {
  // A copy: overrides of one stage leave the others alone.
  const value = structuredClone(merge(shared, own));
  for (const change of changes) applyOverride(value, change);
  return {
    value,
    lineOf(path) {
      const known = path.slice(0, depthOf(value, path));
      return depthOf(own, known) === known.length
        ? `${lineOf(['stages', String(index), ...known])}: stage ${name}`
        : lineOf(known);
    },
  };
}

/** How many keys of the path, from its beginning, there are. */
function depthOf(value: unknown, path: readonly string[]): number {
  const [key, ...rest] = path;
  if (key === undefined || typeof value !== 'object' || value === null) return 0;
  return Object.hasOwn(value, key) ? 1 + depthOf((value as Mapping)[key], rest) : 0;
}
