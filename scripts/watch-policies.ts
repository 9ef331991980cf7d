import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { simulate } from '../algorithms/evaluation/simulate';
import { undisturbedHoldings } from '../algorithms/evaluation/exact-schedule';
import { estimateMean } from '../algorithms/evaluation/statistics';
import type { EvaluatedPolicy } from '../algorithms/evaluation/simulate';
import type { ClassicalPolicy } from '../algorithms/solvers/policy';
import { tabulatePolicy } from '../algorithms/solvers/tabulate-policy';
import { parseConfig } from '../configs/parse-config';
import type { Config } from '../configs/schema';
import { InputError } from '../engine/input-error';
import { kind as execution } from '../envs/execution';
import type { ExecutionConfig } from '../envs/execution/config';
import { kind as marketMaking } from '../envs/market-making';
import type { MarketMakingConfig } from '../envs/market-making/config';
import type { LineChart } from '../outputs/draw-lines';
import type { KnownPolicy } from '../outputs/watch/figures';
import {
  drawQuotes,
  drawSchedules,
  type NamedQuotes,
  quotesAnything,
} from '../outputs/watch/policy-picture';
import { createClassicalPolicies } from './classical-policies';
import { loadTrained } from './load-trained';
import { type OpenedCurriculum, openCurriculum } from './open-curriculum';
import { type OpenedEnvironment, openEnvironment } from './open-environment';

/** The classical policies of a run, and what its policy does beside them. The device is in use already. */
export interface PolicyInspector {
  /**
   * Means of each classical policy on the streams that validation plays, one after another.
   * @param level of the curriculum; 0 where there is none
   */
  play(level: number): AsyncGenerator<KnownPolicy>;
  /**
   * What the last checkpoint's policy does beside the classical ones; null for environments without such
   * a picture.
   */
  draw(): Promise<LineChart | null>;
}

/** @throws InputError where the run's config is not one of this program */
export async function inspectRun(folder: string): Promise<PolicyInspector> {
  const path = join(folder, 'config.yaml');
  const config = parseConfig(readFileSync(path, 'utf8'), path);
  const opened = await openEnvironment(config.env);
  const curriculum = openCurriculum(opened, config);
  const draw = pictureOf(config, opened);
  return {
    play: (level) => play(config, curriculum, level),
    async draw() {
      if (draw === null) return null;
      const trained = await loadTrained(folder, { which: 'last', start: () => Promise.resolve() });
      try {
        return draw(trained.createPolicy(false), trained.checkpoint.iteration);
      } finally {
        trained.dispose();
      }
    },
  };
}

async function* play(
  config: Config,
  curriculum: OpenedCurriculum,
  level: number,
): AsyncGenerator<KnownPolicy> {
  // In self-play the other player, whom the classical policies would meet, moves on.
  if (config.selfPlay !== null) return;
  const { seed, episodes } = config.evaluation;
  for (const policy of classicalPolicies(config, curriculum.openedOf(level))) {
    try {
      const { returnNoise: _, ...played } = await simulate(
        curriculum.environmentOf(level),
        policy,
        { seed, episodes, phase: 'validation' },
      );
      const means = Object.entries(played).map(
        ([metric, values]) => [metric, estimateMean(values).mean] as const,
      );
      yield { policy: policy.name, metrics: Object.fromEntries(means) };
    } finally {
      policy.dispose?.();
    }
  }
}

/**
 * The config's baselines and the optimum, as far as they play this environment. Each is made when its turn
 * comes: some solve a problem first.
 */
function* classicalPolicies(config: Config, opened: OpenedEnvironment): Generator<ClassicalPolicy> {
  const { kind, parameters } = opened;
  const references = config.curriculum?.references ?? kind.references?.(parameters);
  const optimum = references?.optimum;
  const names = [...config.evaluation.baselines, ...(optimum === undefined ? [] : [optimum])];
  for (const name of new Set(names)) {
    try {
      yield* createClassicalPolicies([name], opened);
    } catch (error) {
      // A baseline of the last level may not play an easier one, nor an optimum every case.
      if (!(error instanceof InputError)) throw error;
    }
  }
}

type DrawPolicy = (trained: EvaluatedPolicy, iteration: number) => LineChart;

/** What draws a policy of this environment; what the classical ones do is found out once. */
function pictureOf(config: Config, opened: OpenedEnvironment): DrawPolicy | null {
  const { kind } = opened;
  if (kind === marketMaking) return marketMakingPicture(config, opened);
  if (kind === execution) return executionPicture(config, opened);
  return null;
}

function marketMakingPicture(config: Config, opened: OpenedEnvironment): DrawPolicy {
  const parameters = opened.parameters as MarketMakingConfig;
  const step = Math.floor(parameters.steps / 2);
  const tabulate = (policy: EvaluatedPolicy): NamedQuotes => ({
    policy: policy.name,
    table: tabulatePolicy(
      parameters,
      opened.environment.definition,
      (input) => policy.act(input),
      step,
    ),
  });
  // One is enough for the eye.
  const findClassical = once(() => {
    for (const quotes of eachClassical(config, opened, tabulate)) {
      if (quotesAnything(quotes.table)) return quotes;
    }
    return null;
  });
  return (trained, iteration) => drawQuotes(iteration, tabulate(trained), findClassical());
}

function executionPicture(config: Config, opened: OpenedEnvironment): DrawPolicy {
  const scheduleOf = (policy: EvaluatedPolicy) => ({
    policy: policy.name,
    holdings: undisturbedHoldings(
      opened.parameters as ExecutionConfig,
      opened.environment.definition,
      policy,
    ),
  });
  const findClassical = once(() => [...eachClassical(config, opened, scheduleOf)]);
  return (trained, iteration) => drawSchedules(iteration, scheduleOf(trained), findClassical());
}

/** What each classical policy that does not draw at random does; no policy is made before it is asked for. */
function* eachClassical<T>(
  config: Config,
  opened: OpenedEnvironment,
  look: (policy: ClassicalPolicy) => T,
): Generator<T> {
  for (const policy of classicalPolicies(config, opened)) {
    try {
      if (policy.stochastic !== true) yield look(policy);
    } finally {
      policy.dispose?.();
    }
  }
}

function once<T>(find: () => T): () => T {
  let found: { readonly value: T } | null = null;
  return () => (found ??= { value: find() }).value;
}
