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
import { createReferences, disposeReferences } from './classical-policies';
import { listLevels, refuseUnscored } from './list-levels';
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
  /**
   * Plays the policies that the config names for scores; what they earned is kept for the scores.
   * @throws InputError where the one of score 1 earns no more than the one of score 0
   */
  checkReferences(): Promise<void>;
  advance(standing: Standing, score: LevelScore | null): Standing;
  /** Whether training ends here because the last level is passed and the config says so. */
  isOver(standing: Standing): boolean;
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
    async checkReferences() {
      if (!config.curriculum?.references) return;
      for (const [level, { name }] of levels.entries()) {
        const { naive, optimum } = (await playReferences(level))!;
        if ((meanGain({ naive, optimum }) ?? 0) > 0) continue;
        const earned = [optimum, naive].map(
          (policy) => `${policy.name} (${meanReturn(policy.metrics).toPrecision(4)})`,
        );
        throw new InputError(
          `curriculum.references: at ${name} the optimum ${earned[0]} earns no more in validation than the naive ${earned[1]}; expected two policies, the better one as optimum`,
        );
      }
    },
    advance(standing, score) {
      if (score === null || config.curriculum === null) return standing;
      const { pass } = config.curriculum;
      return advanceStanding(standing, score.normalised, { levels: levels.length, pass });
    },
    isOver({ level, passes }) {
      if (!config.curriculum?.end) return false;
      return level === last && passes >= config.curriculum.pass.evaluations;
    },
    dispose() {
      levels.forEach(({ references }) => disposeReferences(references));
      if (table) disposeTree(table.tables);
    },
  };
}

function openLevels(opened: OpenedEnvironment, config: Config): OpenedLevel[] {
  return listLevels(opened, config).map((level) => {
    const references = createReferences(level.opened, config.curriculum?.references);
    if (references === null) refuseUnscored(level);
    const { parameters } = level.opened.environment;
    const environment = { ...opened.environment, parameters };
    if (references) makeTables(environment, [references.naive, references.optimum]);
    return { name: level.name, opened: level.opened, references, environment };
  });
}

/** What policies make at their first call and keep, so that the tensors of a run stay the same in number. */
function makeTables(environment: Environment, policies: readonly ClassicalPolicy[]): void {
  const parameters = environment.parameters();
  policies.forEach((policy) => actOnce(environment, policy, parameters));
  disposeTree(parameters);
}
