import * as tf from '@tensorflow/tfjs';

import type { Tensors } from '../../engine/tensors';
import type { MetricField } from '../environment';
import type { MarketMakingConfig } from './config';

/** Sums that an episode's metrics are made of; each [B], those by side [B, 2] (bid, ask). */
export type Ledger = {
  /** Profit so far, inventory marked to the mid. */
  readonly wealth: tf.Tensor1D;
  /** What fills earned against the mid they happened at, less maker fees. */
  readonly spreadProfit: tf.Tensor1D;
  readonly turnover: tf.Tensor1D;
  readonly fills: tf.Tensor2D;
  readonly quotedSteps: tf.Tensor2D;
  /** Sum of depths over the quoted steps. */
  readonly quotedDepth: tf.Tensor2D;
  /** Sum of |q| after each step. */
  readonly absoluteInventory: tf.Tensor1D;
  readonly largestInventory: tf.Tensor1D;
  /** Sum over fills of the next move of the mid in the fill's direction. */
  readonly markout: tf.Tensor1D;
  readonly peakWealth: tf.Tensor1D;
  readonly drawdown: tf.Tensor1D;
};

export const openLedger = (inventory: tf.Tensor1D): Ledger => {
  const zeros = () => tf.zerosLike(inventory);
  const bothSides = () => tf.zeros([inventory.size, 2]) as tf.Tensor2D;
  return {
    wealth: zeros(),
    spreadProfit: zeros(),
    turnover: zeros(),
    fills: bothSides(),
    quotedSteps: bothSides(),
    quotedDepth: bothSides(),
    absoluteInventory: zeros(),
    largestInventory: tf.abs(inventory),
    markout: zeros(),
    peakWealth: zeros(),
    drawdown: zeros(),
  };
};

/** What happened in a step. */
export interface Trades {
  /** [B, 2] 1 where a quote was open, else 0. */
  readonly quoted: tf.Tensor;
  /** [B, 2] quote currency */
  readonly depths: tf.Tensor;
  /** [B, 2] 1 where a quote was filled, else 0. */
  readonly filled: tf.Tensor;
  /** [B] fills' earnings against the mid, less fees. */
  readonly edge: tf.Tensor;
  /** [B] price times shares, summed over the fills. */
  readonly notional: tf.Tensor;
  /** [B] bought less sold. */
  readonly bought: tf.Tensor;
  /** [B] inventory after the fills. */
  readonly inventory: tf.Tensor;
  /** [B] move of the mid after the fills; null: it never moves. */
  readonly change: tf.Tensor | null;
  /** [B] change of wealth. */
  readonly pnl: tf.Tensor;
}

export function enter(ledger: Ledger, trades: Trades): Ledger {
  const { quoted, depths, filled, edge, notional, bought, inventory, change, pnl } = trades;
  const size = tf.abs(inventory);
  const wealth = tf.add(ledger.wealth, pnl) as tf.Tensor1D;
  const peakWealth = tf.maximum(ledger.peakWealth, wealth) as tf.Tensor1D;
  return {
    wealth,
    spreadProfit: tf.add(ledger.spreadProfit, edge),
    turnover: tf.add(ledger.turnover, notional),
    fills: tf.add(ledger.fills, filled),
    quotedSteps: tf.add(ledger.quotedSteps, quoted),
    quotedDepth: tf.add(ledger.quotedDepth, tf.mul(depths, quoted)),
    absoluteInventory: tf.add(ledger.absoluteInventory, size),
    largestInventory: tf.maximum(ledger.largestInventory, size),
    markout: change ? tf.add(ledger.markout, tf.mul(bought, change)) : ledger.markout,
    peakWealth,
    drawdown: tf.maximum(ledger.drawdown, tf.sub(peakWealth, wealth)),
  };
}

/**
 * The market order that ends the inventory at the horizon.
 * @param inventory [B]; @param mid [B]
 * @returns cost against the mid with its fee, and notional traded, each [B] quote currency
 */
export function crossSpread(
  parameters: Tensors,
  inventory: tf.Tensor,
  mid: tf.Tensor,
): { readonly cost: tf.Tensor; readonly notional: tf.Tensor; readonly fee: tf.Tensor } {
  const { halfSpread, takerFee } = parameters;
  const size = tf.abs(inventory);
  const notional = tf.sub(tf.mul(size, mid), tf.mul(inventory, halfSpread!));
  const fee = takerFee ? tf.mul(takerFee, notional) : tf.zerosLike(notional);
  return { cost: tf.add(tf.mul(size, halfSpread!), fee), notional, fee };
}

const currency = (description: string): MetricField => ({ unit: 'quote currency', description });

export const marketMakingMetrics: Readonly<Record<string, MetricField>> = {
  profit: currency('Change of wealth over the episode: spreadProfit + inventoryProfit.'),
  spreadProfit: currency(
    'What fills earned against the mid price at the time, less maker fees (plus rebates).',
  ),
  inventoryProfit: currency(
    'What moves of the mid price earned on the inventory held, less the cost and taker fee of liquidation.',
  ),
  finalInventory: {
    unit: 'shares',
    description: 'Inventory at the horizon, before any liquidation.',
  },
  meanAbsInventory: {
    unit: 'shares',
    worst: 'high',
    description: 'Mean over the steps of |inventory| after the step.',
  },
  maxAbsInventory: {
    unit: 'shares',
    worst: 'high',
    description: 'Largest |inventory|, the initial one included.',
  },
  fillRateBid: {
    unit: '1/step',
    description: 'Share of the steps with a bid in which it was filled.',
  },
  fillRateAsk: {
    unit: '1/step',
    description: 'Share of the steps with an ask in which it was filled.',
  },
  quotedSpread: currency(
    'Mean depth of the bids plus mean depth of the asks, each over the steps in which there was one.',
  ),
  markout: currency(
    'Mean over the fills of the move of the mid price in the step of the fill, after it, in its favour; negative: adverse selection. 0 without fills.',
  ),
  drawdown: {
    ...currency('Largest fall of wealth from an earlier peak.'),
    worst: 'high',
  },
  turnover: currency('Notional traded, liquidation included.'),
  fees: {
    ...currency('Fees paid, rebates negative; contained in the profits above.'),
    worst: 'high',
  },
};

/** The metrics of an episode that ends in this state, each [B]. */
export function measureLedger(
  config: MarketMakingConfig,
  parameters: Tensors,
  state: Tensors & Ledger & { readonly inventory: tf.Tensor1D },
): Tensors {
  const { inventory, wealth, spreadProfit, turnover, fills } = state;
  const makerFees = parameters.makerFee
    ? tf.mul(parameters.makerFee, turnover)
    : tf.zerosLike(turnover);
  const liquidation =
    config.liquidation.kind === 'cross'
      ? crossSpread(parameters, inventory, tf.add(parameters.initialPrice!, state.move!))
      : null;
  const [fillRateBid, fillRateAsk] = tf.unstack(tf.divNoNan(fills, state.quotedSteps), 1);
  return {
    profit: wealth,
    spreadProfit,
    inventoryProfit: tf.sub(wealth, spreadProfit),
    finalInventory: inventory,
    meanAbsInventory: tf.div(state.absoluteInventory, tf.cast(state.step!, 'float32')),
    maxAbsInventory: state.largestInventory,
    fillRateBid: fillRateBid!,
    fillRateAsk: fillRateAsk!,
    quotedSpread: tf.sum(tf.divNoNan(state.quotedDepth, state.quotedSteps), 1),
    markout: tf.divNoNan(state.markout, tf.sum(fills, 1)),
    drawdown: state.drawdown,
    turnover: liquidation ? tf.add(turnover, liquidation.notional) : turnover,
    fees: liquidation ? tf.add(makerFees, liquidation.fee) : makerFees,
  };
}
