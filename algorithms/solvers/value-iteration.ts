import { z } from 'zod';

import { InputError } from '../../engine/input-error';
import type { MarketMakingConfig } from '../../envs/market-making/config';
import { gridDepths, withdrawnDepth } from '../../envs/market-making/quotes';
import { fillProbability, type FillsConfig, mostProfitableDepth } from '../../envs/processes/fills';
import { carteaJaimungalProblem } from './cartea-jaimungal';
import type { PolicySolver } from './policy';
import { inventories, quoteKeys } from './quote-problem';
import { quotePolicy, type QuoteTable, tabulateQuotes } from './quote-table';
import { defineSolver } from './solver';
import { solveAverage, solveDiscounted, solvePeriods } from './value-iteration/bellman';
import { type Choices, type Decisions, decide, makeChoices } from './value-iteration/choices';

/** Depths at a signed inventory; null: no quote. */
function depthsAt({ depth }: Choices, { away, toward }: Decisions, inventory: number) {
  const distance = Math.abs(inventory);
  const outer = away[distance]! < 0 ? null : depth[away[distance]!]!;
  const inner = depth[toward[distance]!]!;
  return inventory >= 0 ? { bid: outer, ask: inner } : { bid: inner, ask: outer };
}

/** @param orders in a step; @param share of them that reaches a depth */
const probabilityOf = (orders: number, share: number): number =>
  orders === 0 ? 0 : Math.min(1, orders * share);

/** What an environment poses: a finite horizon, the penalties falling on the inventory after each step. */
export interface StepwiseProblem {
  readonly choices: Choices;
  readonly steps: number;
  /** φ·dt, quote currency / shares². */
  readonly penalty: number;
  /** α, quote currency / shares². */
  readonly terminal: number;
  /** Q, shares. */
  readonly maximum: number;
  /** The depth that stands for no quote, quote currency. */
  readonly withdrawn: number;
}

/** The best depths of each step, by Bellman's equation from the horizon back. */
export function solveStepwise(problem: StepwiseProblem): QuoteTable {
  const { choices, steps, penalty, terminal, maximum, withdrawn } = problem;
  const found: Decisions[] = [];
  let value = Float64Array.from({ length: maximum + 1 }, (_, q) => -terminal * q ** 2);
  for (let step = steps - 1; step >= 0; step -= 1) {
    const next = value.map((entry, q) => entry - penalty * q ** 2);
    const decisions = decide(choices, next);
    value = next.map((entry, q) => entry + decisions.gain[q]!);
    found[step] = decisions;
  }
  return tabulateQuotes(steps, maximum, (step, inventory) => {
    const { bid, ask } = depthsAt(choices, found[step]!, inventory);
    return { bid: bid ?? withdrawn, ask: ask ?? withdrawn };
  });
}

/**
 * The problem that an environment poses: the levels of its grid, or a fine grid within the bounds of its
 * depths; penalties and arrivals as for Cartea and Jaimungal.
 */
export function stepwiseProblem(config: MarketMakingConfig): StepwiseProblem {
  const { horizon, steps, rate, running, terminal, maximum } = carteaJaimungalProblem(config);
  const dt = horizon / steps;
  const onGrid = config.actions.kind === 'grid';
  const depths =
    config.actions.kind === 'grid' ? gridDepths(config.actions) : fineGrid(config, rate * dt);
  const levels = depths.map((depth) => ({
    depth,
    probability: probabilityOf(rate * dt, fillProbability(config.fills, depth)),
  }));
  const mayWithdraw = onGrid || config.depth.maximum === null;
  return {
    choices: makeChoices(mayWithdraw ? [{ depth: null, probability: 0 }, ...levels] : levels),
    steps,
    penalty: running * dt,
    terminal,
    maximum,
    withdrawn: onGrid ? Infinity : (config.depth.maximum ?? withdrawnDepth),
  };
}

/** Depths from the one at which every step brings a fill to one that hardly any order reaches. */
function fineGrid({ fills, depth }: MarketMakingConfig, orders: number): number[] {
  const points = 2000;
  const certain = fills.kind === 'exponential' && orders > 0 ? Math.log(orders) / fills.decay : 0;
  const highest = depth.maximum ?? Math.max(certain, depth.minimum ?? certain) + reach(fills);
  const lowest = Math.min(Math.max(depth.minimum ?? certain, certain), highest);
  return Array.from(
    { length: points + 1 },
    (_, index) => lowest + ((highest - lowest) * index) / points,
  );
}

/** Quote currency. */
const reach = (fills: FillsConfig): number =>
  fills.kind === 'triangular' ? fills.width : 16 * mostProfitableDepth(fills);

export const valueIteration: PolicySolver<MarketMakingConfig> = {
  name: 'value-iteration',
  description:
    'The quotes of greatest expected reward in the environment’s own steps and depths, by dynamic programming over the inventory.',
  environments: ['market-making'],
  create: (_kindId, config) =>
    quotePolicy('value-iteration', config, solveStepwise(stepwiseProblem(config))),
};

export const valueIterationSolver = defineSolver({
  name: 'value-iteration',
  title: 'Market making on a grid of depths, by dynamic programming over the inventory',
  description:
    'Each step a quote is filled with probability min(1, A·dt·exp(−kδ)) and the reward is p_bδ_b + p_aδ_a − φq²dt; a side may also go without a quote. The maximum over pairs of depths is exact; of equally good depths the shallower one is taken. Discounted, or the mean of the long run (average), or a number of periods. It ends when the bounds of MacQueen and Porteus on the error are within the tolerance, or only rounding is left between them.',
  source:
    'Puterman (1994), Markov Decision Processes, sections 4.5, 6.4, 6.6 and 8.5–8.6; MacQueen (1966); Porteus (1971).',
  schema: z.strictObject({
    arrivalRate: quoteKeys.arrivalRate,
    fillDecay: quoteKeys.fillDecay,
    dt: z.number().positive().describe('Length of a step.').meta({ unit: 'time' }),
    inventoryPenalty: quoteKeys.inventoryPenalty,
    maxInventory: quoteKeys.maxInventory,
    depths: z
      .array(z.number())
      .min(1)
      .describe('The depths to choose from on each side, besides no quote.')
      .meta({ unit: 'quote currency' }),
    discount: z
      .number()
      .nonnegative()
      .lt(1)
      .nullable()
      .default(null)
      .describe('What a reward is worth a step later. This, or average, or periods.')
      .meta({ unit: '1/step' }),
    average: z
      .boolean()
      .default(false)
      .describe('true: the greatest mean reward in the long run.')
      .meta({ unit: '' }),
    periods: z
      .int()
      .positive()
      .nullable()
      .default(null)
      .describe('The greatest sum of rewards in so many steps.')
      .meta({ unit: 'steps' }),
    tolerance: z
      .number()
      .positive()
      .default(1e-9)
      .describe('On the error bound of the value (average: of the gain a step).')
      .meta({ unit: 'quote currency' }),
  }),
  example: {
    arrivalRate: 14,
    fillDecay: 1.5,
    dt: 0.01,
    inventoryPenalty: 0.5,
    maxInventory: 5,
    depths: Array.from({ length: 20 }, (_, level) => (level + 1) / 10),
    discount: 0.99,
  },
  solve(input) {
    const { arrivalRate, fillDecay, dt, inventoryPenalty, maxInventory, discount, periods } = input;
    const criteria = [discount !== null, input.average, periods !== null];
    const given = criteria.filter(Boolean).length;
    if (given !== 1) {
      throw new InputError(`discount, average, periods: ${given} of them given; expected one`);
    }
    const process = {
      choices: makeChoices([
        { depth: null, probability: 0 },
        ...input.depths.map((depth) => ({
          depth,
          probability: probabilityOf(arrivalRate * dt, Math.exp(-fillDecay * depth)),
        })),
      ]),
      penalty: Float64Array.from(
        { length: maxInventory + 1 },
        (_, q) => inventoryPenalty * q ** 2 * dt,
      ),
    };
    const average = input.average ? solveAverage(process, input.tolerance) : undefined;
    const solution =
      average ??
      (periods === null
        ? solveDiscounted(process, discount!, input.tolerance)
        : solvePeriods(process, periods));
    const { value, decisions, iterations, errorBound } = solution;
    const inventory = inventories(maxInventory);
    const quotes = inventory.map((q) => depthsAt(process.choices, decisions, q));
    return {
      inventory,
      value: inventory.map((q) => value[Math.abs(q)]!),
      bidDepth: quotes.map(({ bid }) => bid),
      askDepth: quotes.map(({ ask }) => ask),
      iterations,
      errorBound,
      ...(average ? { gain: average.gain } : {}),
    };
  },
});
