import type { Environment, EnvironmentDefinition } from '../../envs/environment';
import { kind as execution } from '../../envs/execution';
import type { ExecutionConfig } from '../../envs/execution/config';
import { kind as limitOrderBook } from '../../envs/limit-order-book';
import type { LimitOrderBookConfig } from '../../envs/limit-order-book/config';
import { kind as marketMaking } from '../../envs/market-making';
import type { MarketMakingConfig } from '../../envs/market-making/config';
import { kind as predation } from '../../envs/predation';
import type { PredationConfig } from '../../envs/predation/config';
import { createRaidGame } from '../../envs/predation/game';
import type { Space } from '../../envs/space';
import { type ReturnPaths, returnPaths } from './bands';
import type { PlayedPolicy } from './compare';
import { type ExecutionPaths, executionPaths, executionRecorder } from './execution-paths';
import { type OrderBookPaths, orderBookPaths, orderBookRecorder } from './order-book-paths';
import { type QuotingPaths, quotingPaths, quotingRecorder } from './quoting-paths';
import { type RaidPaths, raidPaths, raidRecorder } from './raid-paths';
import { type Recorder, type Recording, recordEpisodes } from './record-episodes';
import type { EvaluatedPolicy, SimulateOptions } from './simulate';

export type EnvironmentPaths = ExecutionPaths | QuotingPaths | OrderBookPaths | RaidPaths;

/** What happens within episodes. */
export interface RecordedPaths {
  /** Episodes that bands and quantiles are over: the first of the evaluation. */
  readonly episodes: number;
  readonly returns: readonly ReturnPaths[];
  /** Null for an environment that has no figures of its own. */
  readonly environment: EnvironmentPaths | null;
}

export interface PathsRequest extends Pick<SimulateOptions, 'seed' | 'phase'> {
  /** What the environment was made from. */
  readonly kind: object;
  readonly parameters: object;
  readonly environment: Environment;
  readonly policies: readonly EvaluatedPolicy[];
  /** All episodes of the evaluation, one entry a policy in the same order. */
  readonly played: readonly PlayedPolicy[];
  /** The most episodes to record. */
  readonly episodes: number;
  /** How many of them to show one by one. */
  readonly shown: number;
  /** Called before each policy's episodes. */
  readonly onPolicy?: (name: string) => void;
}

/** What is recorded at all, numbers a figure. */
const mostNumbers = 4e6;

/** Plays a few episodes with every policy, on the noise of the evaluation, and keeps what figures show. */
export function recordPaths(request: PathsRequest): RecordedPaths {
  const { environment, policies, shown, seed, phase, onPolicy } = request;
  const figures = figuresFor(request);
  const episodes = Math.max(
    shown,
    Math.min(request.episodes, Math.floor(mostNumbers / (environment.horizon ?? 1))),
  );
  const recordings = policies.map((policy) => {
    onPolicy?.(policy.name);
    return recordEpisodes(environment, policy, figures?.recorder ?? {}, {
      episodes: Math.min(episodes, request.episodes),
      seed,
      phase,
    });
  });
  return {
    episodes: recordings[0]?.episodes ?? 0,
    returns: recordings.map((recording) => returnPaths(recording, shown)),
    environment: figures?.pathsOf(environment.definition, recordings) ?? null,
  };
}

interface Figures {
  readonly recorder: Recorder;
  pathsOf(definition: EnvironmentDefinition, recordings: readonly Recording[]): EnvironmentPaths;
}

function figuresFor({
  kind,
  parameters,
  environment,
  policies,
  played,
  shown,
}: PathsRequest): Figures | null {
  switch (kind) {
    case execution:
      return {
        recorder: executionRecorder,
        pathsOf: (definition, recordings) =>
          executionPaths(parameters as ExecutionConfig, definition, recordings, played, shown),
      };
    case marketMaking:
      return {
        recorder: quotingRecorder,
        pathsOf: (definition, recordings) =>
          quotingPaths(parameters as MarketMakingConfig, definition, policies, recordings, shown),
      };
    case limitOrderBook:
      return {
        recorder: orderBookRecorder,
        pathsOf: (_, recordings) =>
          orderBookPaths(parameters as LimitOrderBookConfig, recordings, shown),
      };
    case predation: {
      const config = parameters as PredationConfig;
      // The figures are of the predator; the defender's trades are other ones.
      const [predator] = createRaidGame(config).players;
      return describeAlike(environment.actionSpace, predator.actionSpace)
        ? {
            recorder: raidRecorder(config),
            pathsOf: (_, recordings) => raidPaths(config, recordings, shown),
          }
        : null;
    }
    default:
      return null;
  }
}

const describeAlike = (one: Space, other: Space): boolean =>
  JSON.stringify(one) === JSON.stringify(other);
