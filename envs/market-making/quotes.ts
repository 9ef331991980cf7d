import * as tf from '@tensorflow/tfjs';

import type { Tensors } from '../../engine/tensors';
import type { Driver } from '../processes/driver';
import { inventoryDirections, perSide } from '../processes/sides';
import { box, discrete, multiDiscrete, type Space } from '../space';
import type { MarketMakingConfig } from './config';

/** The depth that stands for no quote: nothing reaches it. Quote currency. */
export const withdrawnDepth = 1e6;

const sides = ['bid', 'ask'] as const;

export function quoteSpace({ actions, depth }: MarketMakingConfig): Space {
  if (actions.kind === 'continuous') {
    return box(
      sides.map((side) => ({
        name: `${side}Depth`,
        unit: 'quote currency',
        low: depth.minimum ?? -Infinity,
        high: depth.maximum ?? Infinity,
        centre: actions.centre,
        scale: actions.scale,
        description: `Distance of the ${side} ${side === 'bid' ? 'below' : 'above'} the mid price.`,
      })),
    );
  }
  const depths = gridDepths(actions).map((level) => Number(level.toPrecision(10)));
  return multiDiscrete(
    sides.map((side) =>
      discrete(`${side}Depth`, `Depth of the ${side}, quote currency.`, [
        ...depths.map(String),
        'no quote',
      ]),
    ),
  );
}

/** The depths of a grid's levels, quote currency; the choice after the last is not to quote. */
export const gridDepths = (grid: {
  readonly first: number;
  readonly tick: number;
  readonly levels: number;
}): number[] => Array.from({ length: grid.levels }, (_, level) => grid.first + level * grid.tick);

/** Whether a side can be without a quote for other reasons than the bound of the inventory. */
export const canWithdraw = (config: MarketMakingConfig): boolean =>
  config.actions.kind === 'grid' || config.latency > 0;

/**
 * @param action continuous [B, 2] depths in quote currency; grid [B, 2] int32 levels
 * @returns [B, 2] depths within their bounds; `withdrawnDepth` for no quote
 */
export function chosenDepths({ actions, depth }: MarketMakingConfig, action: tf.Tensor): tf.Tensor {
  if (actions.kind === 'grid') {
    const levels = tf.add(tf.mul(tf.cast(action, 'float32'), actions.tick), actions.first);
    return tf.where(tf.equal(action, tf.scalar(actions.levels, 'int32')), withdrawnDepth, levels);
  }
  const { minimum, maximum } = depth;
  const raised = minimum === null ? action : tf.maximum(action, minimum);
  return maximum === null ? raised : tf.minimum(raised, maximum);
}

/**
 * Grid levels that may be chosen: at the bound of the inventory only not to quote.
 * @param inventory [B]
 * @returns [B, 2·(levels + 1)] bool, bid then ask
 */
export function levelMask(
  levels: number,
  inventory: tf.Tensor,
  maximumInventory: tf.Tensor,
): tf.Tensor2D {
  const side = (direction: number) => [...Array<number>(levels).fill(direction), 0];
  const directions = tf.tensor1d([...side(1), ...side(-1)]);
  return tf.less(tf.mul(perSide(inventory), directions), perSide(maximumInventory)) as tf.Tensor2D;
}

/**
 * Quotes on their way to the exchange, `pending1` (live in the next step) to `pending{latency}`:
 * each [B, 2], the depth the quote would have if the mid were back where the episode began.
 */
export function delayQuotes(
  latency: number,
  state: Tensors,
  chosen: tf.Tensor,
): { readonly live: tf.Tensor; readonly pending: Tensors } {
  if (latency === 0) return { live: chosen, pending: {} };
  const shift = moveAlongSides(state.move!);
  const queue = [...pendingNames(latency).map((name) => state[name]!), tf.sub(chosen, shift)];
  const pending = Object.fromEntries(
    pendingNames(latency).map((name, index) => [name, queue[index + 1]!]),
  );
  return { live: tf.add(queue[0]!, shift), pending };
}

/** At the start of an episode nothing is quoted. */
export const noPendingQuotes = (latency: number, rows: number): Tensors =>
  Object.fromEntries(
    pendingNames(latency).map((name) => [name, tf.fill([rows, 2], withdrawnDepth)]),
  );

/** Pending quotes as the agent sees them: as depths from the present mid. */
export function pendingDrivers({ actions, latency }: MarketMakingConfig): Driver[] {
  const halfWidth = actions.kind === 'grid' ? (actions.tick * actions.levels) / 2 : actions.scale;
  const centre = actions.kind === 'grid' ? actions.first + halfWidth : actions.centre;
  const farthest = 10;
  return pendingNames(latency).map((name, index) => ({
    fields: sides.map((side) => ({
      name: `${side}${name[0]!.toUpperCase()}${name.slice(1)}`,
      unit: `${halfWidth} quote currency`,
      low: -farthest,
      high: farthest,
      description: `Present depth, less ${centre}, of the ${side} that is live ${index === 0 ? 'in this step' : `in ${index} step${index > 1 ? 's' : ''}`}; ${farthest} or more: none.`,
    })),
    observe: (_parameters, state) =>
      tf.clipByValue(
        tf.mul(tf.sub(tf.add(state[name]!, moveAlongSides(state.move!)), centre), 1 / halfWidth),
        -farthest,
        farthest,
      ),
  }));
}

const pendingNames = (latency: number): string[] =>
  Array.from({ length: latency }, (_, index) => `pending${index + 1}`);

/** [B, 2]: how much deeper a rise of the mid makes a bid, and how much shallower an ask. */
const moveAlongSides = (move: tf.Tensor): tf.Tensor => tf.mul(perSide(move), inventoryDirections());
