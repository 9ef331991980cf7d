import { InputError } from '../../../engine/input-error';

/** A trade to be done as a whole, once those before it are done. */
export interface Trade {
  /** q, shares; negative for a sale. */
  readonly quantity: number;
  /** σ, quote currency: standard deviation of a day's price move. */
  readonly volatility: number;
  /** ADV, shares of a day. */
  readonly dailyVolume: number;
  /** θ, 1/time: how fast impact on its asset's price decays. */
  readonly resilience: number;
  /** τ, time. */
  readonly duration: number;
  /** Ask less bid, quote currency. */
  readonly spread: number;
}

export interface TradeList {
  readonly trades: readonly Trade[];
  /** ρ of the trades' assets. [n, n] */
  readonly correlation: readonly (readonly number[])[];
  /** β: the share of the impact that reaches a wholly correlated other asset. */
  readonly crossImpact: number;
  /** Y, in front of σ/ADV. */
  readonly impact: number;
}

/** What an order of trades costs, quote currency. */
export interface OrderCost {
  /** Own cost and what each trade pays for the one just before it. */
  readonly oneStepCost: number;
  /** Own cost and what each trade pays for all before it, each decayed over the time since it ended. */
  readonly fullCost: number;
  /** Σ ½Λ_jj q_j² + ½ spread_j |q_j|, in every order the same. */
  readonly ownCost: number;
}

/**
 * Λ_jk, quote currency per share: how far a unit of trade k moves the price of trade j.
 * @throws InputError if the correlations are not a symmetric matrix with ones on its diagonal
 */
export function crossImpactMatrix(list: TradeList): Float64Array {
  const { trades, correlation, crossImpact, impact } = list;
  const n = trades.length;
  checkCorrelation(correlation, n);
  const lambda = new Float64Array(n * n);
  trades.forEach(({ volatility }, j) => {
    trades.forEach(({ dailyVolume }, k) => {
      const share = j === k ? 1 : crossImpact * correlation[j]![k]!;
      lambda[j * n + k] = (share * impact * volatility) / dailyVolume;
    });
  });
  return lambda;
}

/** d_ij = q_i q_j Λ_ji e^{−θ_j τ_j}, quote currency: what j pays for being done right after i. */
export function costsOfTrades(list: TradeList): (number | null)[][] {
  const { trades } = list;
  const n = trades.length;
  const lambda = crossImpactMatrix(list);
  return trades.map((first, i) =>
    trades.map((next, j) =>
      i === j
        ? null
        : first.quantity *
          next.quantity *
          lambda[j * n + i]! *
          Math.exp(-next.resilience * next.duration),
    ),
  );
}

/**
 * An order's cost under impact of one step and of all steps, O(n²).
 * @param order the trades from 0 on, each once
 */
export function costOfOrder(list: TradeList, order: readonly number[]): OrderCost {
  const { trades } = list;
  const n = trades.length;
  const lambda = crossImpactMatrix(list);
  let ownCost = 0;
  let oneStep = 0;
  let full = 0;
  order.forEach((j, place) => {
    const { quantity, resilience, spread } = trades[j]!;
    ownCost += lambda[j * n + j]! * quantity ** 2 * 0.5 + spread * Math.abs(quantity) * 0.5;
    let elapsed = 0;
    for (let k = place - 1; k >= 0; k--) {
      const i = order[k]!;
      elapsed += trades[order[k + 1]!]!.duration;
      const cost =
        trades[i]!.quantity * quantity * lambda[j * n + i]! * Math.exp(-resilience * elapsed);
      full += cost;
      if (k === place - 1) oneStep += cost;
    }
  });
  return { oneStepCost: ownCost + oneStep, fullCost: ownCost + full, ownCost };
}

function checkCorrelation(correlation: TradeList['correlation'], n: number): void {
  if (correlation.length !== n) {
    throw new InputError(
      `correlation: ${correlation.length} rows; it must have one for each of the ${n} trades`,
    );
  }
  correlation.forEach((row, j) => {
    if (row.length !== n) {
      throw new InputError(
        `correlation.${j}: ${row.length} numbers; a row for each of the ${n} trades must have ${n}`,
      );
    }
  });
  correlation.forEach((row, j) => {
    row.forEach((rho, k) => {
      if (j === k && rho !== 1) {
        throw new InputError(`correlation.${j}.${k}: ${rho}; a trade's own correlation is 1`);
      }
      if (rho !== correlation[k]?.[j]) {
        throw new InputError(
          `correlation.${j}.${k}: ${rho}, but correlation.${k}.${j} is ${correlation[k]?.[j]}; they must be equal`,
        );
      }
    });
  });
}
