import type { Environment } from '../../envs/environment';
import type { Exploitability } from '../solvers/raid/exploitability';
import type { Aggregate } from './aggregates';
import {
  type Comparison,
  comparePolicies,
  type PlayedPolicy,
  type PolicyReport,
  reportPolicies,
} from './compare';
import type { ExactFigures } from './exact';
import { type ReferencePoints, scorePolicies, type Scores } from './score';
import { type EvaluatedPolicy, simulate, type SimulateOptions } from './simulate';
import type { WorstSide } from './statistics';

export interface EvaluationRequest extends SimulateOptions {
  /** The policies in question. */
  readonly policies: readonly EvaluatedPolicy[];
  /** What they are compared with. */
  readonly baselines: readonly EvaluatedPolicy[];
  readonly aggregates: readonly Aggregate[];
  /** Between which all are scored; absent: no score. One of the same name above is not played twice. */
  readonly references?: ReferencePoints<EvaluatedPolicy> | null;
  /** Called before each policy's episodes. */
  readonly onPolicy?: (name: string) => void;
  /** Called with the episodes of each policy in question and each baseline, in the order of the report. */
  readonly onPlayed?: (played: PlayedPolicy) => void;
}

/** What `evaluate --json` prints. */
export interface Evaluation {
  /** The environment's id. */
  readonly env: string;
  readonly stream: 'validation' | 'test';
  readonly episodes: number;
  readonly seed: number;
  /** Those in question first, then the baselines. */
  readonly policies: readonly PolicyReport[];
  readonly comparisons: readonly Comparison[];
  /** Distance to the optimum; left out where none is known. */
  readonly score?: Scores;
  /** Beside the simulation, the figures without it; left out where there are none. */
  readonly exact?: ExactFigures;
  /** Of both players of a game whose value is known. */
  readonly exploitability?: Exploitability;
}

/** Plays the same episodes with every policy, and compares. */
export async function evaluatePolicies(
  environment: Environment,
  request: EvaluationRequest,
): Promise<Evaluation> {
  const { policies, baselines, aggregates, references, episodes, seed, phase, onPolicy } = request;
  const play = async (policy: EvaluatedPolicy): Promise<PlayedPolicy> => {
    onPolicy?.(policy.name);
    const metrics = await simulate(environment, policy, request);
    return { name: policy.name, kind: policy.kind, metrics };
  };
  const played: PlayedPolicy[] = [];
  for (const policy of [...policies, ...baselines]) played.push(await play(policy));
  const playReference = async (reference: EvaluatedPolicy): Promise<PlayedPolicy> =>
    played.find(({ name, kind }) => name === reference.name && kind === reference.kind) ??
    play(reference);
  const points = references && {
    naive: await playReference(references.naive),
    optimum: await playReference(references.optimum),
  };
  // Where the environment knows of no noise, none is reported.
  const reported = played.some(({ metrics }) => metrics.returnNoise!.some((value) => value !== 0))
    ? played
    : played.map(withoutNoise);
  if (request.onPlayed) reported.forEach(request.onPlayed);
  const worstSides: Record<string, WorstSide> = Object.fromEntries(
    Object.entries(environment.metrics).map(([name, { worst = 'low' }]) => [name, worst]),
  );
  return {
    env: environment.id,
    stream: phase,
    episodes,
    seed,
    policies: reportPolicies(reported, aggregates, worstSides),
    comparisons: comparePolicies(
      reported.slice(0, policies.length),
      reported.slice(policies.length),
    ),
    ...(points ? { score: scorePolicies(played, points) } : {}),
  };
}

function withoutNoise(policy: PlayedPolicy): PlayedPolicy {
  const { returnNoise: _, ...metrics } = policy.metrics;
  return { ...policy, metrics };
}
