import {
  advanceStanding,
  levelsOfRows,
  parametersOfRows,
  type Standing,
  tabulateLevels,
} from '../algorithms/curriculum';
import { type PlayedPolicy } from '../algorithms/evaluation/compare';
import { meanGain, meanReturn, type ReferencePoints } from '../algorithms/evaluation/score';
import { actOnce, simulate } from '../algorithms/evaluation/simulate';
import type { ClassicalPolicy } from '../algorithms/solvers/policy';
import type { Config } from '../configs/schema';
import { InputError } from '../engine/input-error';
import { disposeTree, type Tensors } from '../engine/tensors';
import type { Environment } from '../envs/environment';
import { parseConfig } from '../envs/parse-config';
import { makeFromKind } from '../envs/registry';
import { createReferences, disposeReferences } from './classical-policies';
import type { OpenedEnvironment } from './open-environment';

/** A run's levels, the last of which is the environment itself; often there is no other. */
export interface OpenedCurriculum {
  readonly names: readonly string[];
  /** The environment of a level; all of them run the same programs. */
  environmentOf(level: number): Environment;
  /** What the classical policies of a level's environment are made from. */
  openedOf(level: number): OpenedEnvironment;
  /** The environments' parameters at a standing, a row's own; null where there is one level. The caller disposes. */
  rowsAt(standing: Standing): Tensors | null;
  /**
   * How a validation at a level stands between the naive policy and the optimum.
   * @returns null where no optimum is known; `normalised` null where it gains nothing
   */
  score(level: number, metrics: PlayedPolicy['metrics']): Promise<LevelScore | null>;
  advance(standing: Standing, score: LevelScore | null): Standing;
  dispose(): void;
}

export interface LevelScore {
  readonly normalised: number | null;
  /** Mean return of the optimum less the policy's. */
  readonly gap: number;
}

interface OpenedLevel {
  readonly name: string;
  readonly opened: OpenedEnvironment;
  readonly environment: Environment;
  readonly references: ReferencePoints<ClassicalPolicy> | null;
}

/** @throws InputError for a level that is no such environment, differs in structure, or has no known optimum */
export function openCurriculum(opened: OpenedEnvironment, config: Config): OpenedCurriculum {
  const levels = openLevels(opened, config);
  const { environments } = config.training;
  const last = levels.length - 1;
  const table =
    levels.length === 1
      ? null
      : tabulateLevels(
          levels.map(({ name, opened: { environment } }) => ({
            name,
            definition: environment.definition,
          })),
        );
  const { seed, episodes } = config.evaluation;
  const points = new Map<
    number,
    { readonly naive: PlayedPolicy; readonly optimum: PlayedPolicy }
  >();

  const playReferences = async (level: number) => {
    const known = points.get(level);
    const { references, environment } = levels[level]!;
    if (known || !references) return known;
    const play = async (policy: ClassicalPolicy): Promise<PlayedPolicy> => ({
      name: policy.name,
      kind: policy.kind,
      metrics: await simulate(environment, policy, { episodes, seed, phase: 'validation' }),
    });
    const played = {
      naive: await play(references.naive),
      optimum: await play(references.optimum),
    };
    points.set(level, played);
    return played;
  };

  return {
    names: levels.map(({ name }) => name),
    environmentOf: (level) => levels[level]!.environment,
    openedOf: (level) => levels[level]!.opened,
    rowsAt: ({ level }) =>
      table &&
      parametersOfRows(table, levelsOfRows(level, config.curriculum?.mix ?? 0, environments)),
    async score(level, metrics) {
      const played = await playReferences(level);
      if (!played) return null;
      const gain = meanGain(played);
      const value = meanReturn(metrics);
      return {
        normalised: gain === null ? null : (value - meanReturn(played.naive.metrics)) / gain,
        gap: meanReturn(played.optimum.metrics) - value,
      };
    },
    advance(standing, score) {
      if (standing.level === last) return standing;
      return advanceStanding(standing, score!.normalised, {
        levels: levels.length,
        pass: config.curriculum!.pass,
      });
    },
    dispose() {
      levels.forEach(({ references }) => disposeReferences(references));
      if (table) disposeTree(table.tables);
    },
  };
}

function openLevels(opened: OpenedEnvironment, config: Config): OpenedLevel[] {
  const given = config.curriculum?.levels ?? [];
  const own = { name: given.length > 0 ? 'target' : opened.kind.id, opened };
  return [...given.map((level) => openLevel(opened, level)), own].map((level, index) => {
    const references = createReferences(level.opened);
    if (references === null && index < given.length) {
      throw new InputError(
        `curriculum.levels.${index}: ${level.name} has no known optimum to be scored against; expected one that evaluate scores`,
      );
    }
    const { parameters } = level.opened.environment;
    const environment = { ...opened.environment, parameters };
    if (references) makeTables(environment, [references.naive, references.optimum]);
    return { ...level, references, environment };
  });
}

/** What policies make at their first call and keep, so that the tensors of a run stay the same in number. */
function makeTables(environment: Environment, policies: readonly ClassicalPolicy[]): void {
  const parameters = environment.parameters();
  policies.forEach((policy) => actOnce(environment, policy, parameters));
  disposeTree(parameters);
}

function openLevel(
  opened: OpenedEnvironment,
  { name, env }: { readonly name: string; readonly env: Readonly<Record<string, unknown>> },
) {
  const merged = merge(opened.parameters as Record<string, unknown>, env);
  const parameters = parseConfig(
    opened.kind.schema,
    merged,
    `curriculum.levels (${name}).env`,
  ) as object;
  const environment = makeFromKind(opened.kind, parameters, opened.data);
  return { name, opened: { ...opened, parameters, environment } };
}

/** Keys of objects within objects one by one; everything else is replaced. */
function merge(
  base: Readonly<Record<string, unknown>>,
  changes: Readonly<Record<string, unknown>>,
) {
  const merged: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(changes)) {
    const before = base[key];
    merged[key] = isRecord(before) && isRecord(value) ? merge(before, value) : value;
  }
  return merged;
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
