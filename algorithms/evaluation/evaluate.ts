import type { Environment } from '../../envs/environment';
import type { Aggregate } from './aggregates';
import {
  type Comparison,
  comparePolicies,
  type PlayedPolicy,
  type PolicyReport,
  reportPolicies,
} from './compare';
import type { ExactFigures } from './exact';
import { type EvaluatedPolicy, simulate, type SimulateOptions } from './simulate';
import type { WorstSide } from './statistics';

export interface EvaluationRequest extends SimulateOptions {
  /** The policies in question. */
  readonly policies: readonly EvaluatedPolicy[];
  /** What they are compared with. */
  readonly baselines: readonly EvaluatedPolicy[];
  readonly aggregates: readonly Aggregate[];
  /** Called before each policy's episodes. */
  readonly onPolicy?: (name: string) => void;
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
  /** Beside the simulation, the figures without it; left out where there are none. */
  readonly exact?: ExactFigures;
}

/** Plays the same episodes with every policy, and compares. */
export async function evaluatePolicies(
  environment: Environment,
  request: EvaluationRequest,
): Promise<Evaluation> {
  const { policies, baselines, aggregates, episodes, seed, phase, onPolicy } = request;
  const play = async (policy: EvaluatedPolicy): Promise<PlayedPolicy> => {
    onPolicy?.(policy.name);
    const metrics = await simulate(environment, policy, request);
    return { name: policy.name, kind: policy.kind, metrics };
  };
  const played: PlayedPolicy[] = [];
  for (const policy of [...policies, ...baselines]) played.push(await play(policy));
  const worstSides: Record<string, WorstSide> = Object.fromEntries(
    Object.entries(environment.metrics).map(([name, { worst = 'low' }]) => [name, worst]),
  );
  return {
    env: environment.id,
    stream: phase,
    episodes,
    seed,
    policies: reportPolicies(played, aggregates, worstSides),
    comparisons: comparePolicies(played.slice(0, policies.length), played.slice(policies.length)),
  };
}
