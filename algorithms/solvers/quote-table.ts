import * as tf from '@tensorflow/tfjs';

import type { MarketMakingConfig } from '../../envs/market-making/config';
import { gridDepths } from '../../envs/market-making/quotes';
import type { ClassicalPolicy } from './policy';

/**
 * Quotes by step and inventory. The entry of step i and inventory q ∈ [−Q, Q] stands at
 * i·(2Q + 1) + q + Q; a table of one step holds for all of them. Where the bound of the inventory
 * forbids a quote (bid at Q, ask at −Q) the entry has no meaning.
 */
export interface QuoteTable {
  readonly steps: number;
  /** Q, shares. */
  readonly maximum: number;
  /** Depths, quote currency. */
  readonly bid: Float64Array;
  readonly ask: Float64Array;
}

export interface Quotes {
  readonly bid: number;
  readonly ask: number;
}

/** @param quote depths at step i with inventory q */
export function tabulateQuotes(
  steps: number,
  maximum: number,
  quote: (step: number, inventory: number) => Quotes,
): QuoteTable {
  const width = 2 * maximum + 1;
  const bid = new Float64Array(steps * width);
  const ask = new Float64Array(steps * width);
  for (let index = 0; index < bid.length; index += 1) {
    const quotes = quote(Math.floor(index / width), (index % width) - maximum);
    bid[index] = quotes.bid;
    ask[index] = quotes.ask;
  }
  return { steps, maximum, bid, ask };
}

/** The quotes of a table, bounded below as the environment bounds them. @param minimum null: not at all */
export const raiseQuotes = (table: QuoteTable, minimum: number | null): QuoteTable =>
  minimum === null
    ? table
    : {
        ...table,
        bid: table.bid.map((depth) => Math.max(depth, minimum)),
        ask: table.ask.map((depth) => Math.max(depth, minimum)),
      };

export const quotesAt = (table: QuoteTable, step: number, inventory: number): Quotes => {
  const row = table.steps === 1 ? 0 : step;
  const index = row * (2 * table.maximum + 1) + inventory + table.maximum;
  return { bid: table.bid[index]!, ask: table.ask[index]! };
};

/**
 * A policy that looks its quotes up by the state's step and inventory. On a grid of levels it takes
 * the nearest one, and no quote where the bound of the inventory forbids one.
 * @param table its bound is the environment's
 */
export function quotePolicy(
  name: string,
  config: MarketMakingConfig,
  table: QuoteTable,
): ClassicalPolicy {
  const width = 2 * table.maximum + 1;
  // [steps · width, 2]: depths, or levels of the grid; made once, on the device in use.
  let actions: tf.Tensor2D | undefined;
  return {
    name,
    kind: 'classical',
    act: ({ state }) => {
      actions ??= tf.keep(tableActions(config, table));
      return tf.tidy(() => {
        const column = tf.add(
          tf.cast(state.inventory!, 'int32'),
          tf.scalar(table.maximum, 'int32'),
        );
        const row =
          table.steps === 1
            ? column
            : tf.add(tf.mul(state.step!, tf.scalar(width, 'int32')), column);
        return tf.gather(actions!, row as tf.Tensor1D);
      });
    },
    dispose() {
      actions?.dispose();
      actions = undefined;
    },
  };
}

function tableActions({ actions }: MarketMakingConfig, table: QuoteTable): tf.Tensor2D {
  const { maximum, bid, ask } = table;
  const entries = Array.from(bid, (depth, index) => [depth, ask[index]!] as const);
  if (actions.kind === 'continuous') return tf.tensor2d(entries.map((pair) => [...pair]));
  const depths = gridDepths(actions);
  const width = 2 * maximum + 1;
  const noQuote = actions.levels;
  return tf.tensor2d(
    entries.map(([bidDepth, askDepth], index) => {
      const inventory = (index % width) - maximum;
      return [
        inventory < maximum ? nearestLevel(depths, bidDepth) : noQuote,
        inventory > -maximum ? nearestLevel(depths, askDepth) : noQuote,
      ];
    }),
    undefined,
    'int32',
  );
}

/** @param depths ascending, evenly spaced; infinity: the level after the last, no quote */
function nearestLevel(depths: readonly number[], depth: number): number {
  if (depth === Infinity) return depths.length;
  const spacing = depths.length > 1 ? depths[1]! - depths[0]! : 1;
  const level = Math.round((depth - depths[0]!) / spacing);
  return Math.min(Math.max(level, 0), depths.length - 1);
}
