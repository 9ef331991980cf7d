import * as tf from '@tensorflow/tfjs';

import type { EnvironmentDefinition } from '../../envs/environment';
import type { MarketMakingConfig } from '../../envs/market-making/config';
import { withdrawnDepth } from '../../envs/market-making/quotes';
import { quotesAt } from '../solvers/quote-table';
import { tabulatePolicy } from '../solvers/tabulate-policy';
import { type Band, bandOfTrack, pathOf, rounded } from './bands';
import type { Recorder, Recording } from './record-episodes';
import type { EvaluatedPolicy } from './simulate';

/** How policies make a market. */
export interface QuotingPaths {
  readonly kind: 'market-making';
  readonly steps: number;
  /** Time between two steps. */
  readonly stepLength: number;
  /** The steps and the inventories, shares, for which quotes are shown. */
  readonly quotedSteps: readonly number[];
  readonly quotedInventories: readonly number[];
  /** Whether quotes depend on step and inventory alone, so that the tables say all of them. */
  readonly isComplete: boolean;
  readonly policies: readonly QuotingPath[];
  /** The mid price of the first few episodes, the same whatever the policy; by step from 0 on. */
  readonly mids: readonly (readonly number[])[];
}

export interface QuotingPath {
  readonly policy: string;
  /** By step from 0 on: shares, quote currency. */
  readonly inventory: Band;
  readonly wealth: Band;
  readonly episodes: readonly {
    readonly inventory: readonly number[];
    readonly wealth: readonly number[];
  }[];
  /** [steps shown][inventories shown] depths, quote currency, null for no quote; null for a policy that draws at random. */
  readonly quotes: {
    readonly bid: readonly (readonly (number | null)[])[];
    readonly ask: readonly (readonly (number | null)[])[];
  } | null;
}

const mostSteps = 50;
const mostInventory = 10;

export const quotingRecorder: Recorder = {
  moment: (parameters, { inventory, wealth, move }) => ({
    inventory: inventory!,
    wealth: wealth!,
    mid: tf.add(move!, parameters.initialPrice!),
  }),
};

/**
 * @param recordings by `quotingRecorder`, one a policy in the same order
 * @param shown episodes to show one by one
 */
export function quotingPaths(
  config: MarketMakingConfig,
  definition: EnvironmentDefinition,
  policies: readonly EvaluatedPolicy[],
  recordings: readonly Recording[],
  shown: number,
): QuotingPaths {
  const { steps, horizon, mid, arrivals, latency } = config;
  const quotedSteps = evenly(steps, Math.min(steps, mostSteps));
  const widest = widestInventory(config, recordings);
  const quotedInventories = Array.from({ length: 2 * widest + 1 }, (_, index) => index - widest);
  const firstFew = Array.from(
    { length: Math.min(shown, recordings[0]?.episodes ?? 0) },
    (_, episode) => episode,
  );
  return {
    kind: 'market-making',
    steps,
    stepLength: horizon / steps,
    quotedSteps,
    quotedInventories,
    isComplete:
      (mid.kind === 'brownian' || mid.kind === 'constant') &&
      arrivals.kind === 'poisson' &&
      latency === 0,
    policies: recordings.map(({ policy, moments }, index) => ({
      policy,
      inventory: bandOfTrack(moments.inventory!),
      wealth: bandOfTrack(moments.wealth!),
      episodes: firstFew.map((episode) => ({
        inventory: pathOf(moments.inventory!, episode),
        wealth: pathOf(moments.wealth!, episode),
      })),
      quotes: quotesOf(config, definition, policies[index]!, quotedSteps, quotedInventories),
    })),
    mids: firstFew.map((episode) => pathOf(recordings[0]!.moments.mid!, episode)),
  };
}

/** `count` of the numbers 0 … length − 1, the first and the last among them. */
const evenly = (length: number, count: number): number[] =>
  Array.from({ length: count }, (_, index) =>
    count === 1 ? 0 : Math.round((index * (length - 1)) / (count - 1)),
  );

/** As far as the recorded inventories go, within bounds. */
function widestInventory(
  { inventory }: MarketMakingConfig,
  recordings: readonly Recording[],
): number {
  const reached = recordings.reduce(
    (most, { moments }) =>
      moments.inventory!.values.reduce((so, value) => Math.max(so, Math.abs(value)), most),
    1,
  );
  return Math.max(1, Math.min(mostInventory, reached, inventory.maximum - 1));
}

function quotesOf(
  config: MarketMakingConfig,
  definition: EnvironmentDefinition,
  policy: EvaluatedPolicy,
  steps: readonly number[],
  inventories: readonly number[],
): QuotingPath['quotes'] {
  if (policy.stochastic) return null;
  const bid: (number | null)[][] = [];
  const ask: (number | null)[][] = [];
  const shown = (depth: number): number | null =>
    Math.abs(depth) < withdrawnDepth / 2 ? rounded(depth) : null;
  for (const step of steps) {
    const table = tabulatePolicy(config, definition, (input) => policy.act(input), step);
    const quotes = inventories.map((held) => quotesAt(table, 0, held));
    bid.push(quotes.map((quote) => shown(quote.bid)));
    ask.push(quotes.map((quote) => shown(quote.ask)));
  }
  return { bid, ask };
}
