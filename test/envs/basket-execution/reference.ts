/**
 * A broker who works a basket, in plain numbers: prices, cash and shares, with whole matrices. Written from
 * the domain reference (section 2a), not from the environment.
 */
export interface Basket {
  readonly periods: number;
  readonly tau: number;
  /** X, shares to be sold. */
  readonly quantities: readonly number[];
  /** H, Γ and C, [m][m]. */
  readonly temporary: readonly (readonly number[])[];
  readonly permanent: readonly (readonly number[])[];
  readonly covariance: readonly (readonly number[])[];
  readonly spread: number;
  readonly riskAversion: number;
}

export interface Account {
  period: number;
  held: number[];
  prices: number[];
  cash: number;
  riskCost: number;
  /** What the moves that were chance cost. */
  luck: number;
  volume: number;
}

const arrival = 100;

export const openAccount = ({ quantities }: Basket): Account => ({
  period: 0,
  held: [...quantities],
  prices: quantities.map(() => arrival),
  cash: 0,
  riskCost: 0,
  luck: 0,
  volume: 0,
});

const sum = (values: readonly number[]): number =>
  values.reduce((total, value) => total + value, 0);
const apply = (matrix: readonly (readonly number[])[], vector: readonly number[]): number[] =>
  matrix.map((row) => sum(row.map((entry, j) => entry * vector[j]!)));

/** √(Ση_i x_i²/m) over √η_i: the basket's mean holding, in shares of each asset. */
export function meanHolding({ temporary }: Basket, held: readonly number[]): number[] {
  const mean = sum(held.map((x, i) => temporary[i]![i]! * x * x)) / held.length;
  return held.map((_, i) => Math.sqrt(mean / temporary[i]![i]!));
}

/** X·S₀ less cash, what is left marked at the mid prices. */
export const shortfallOf = ({ quantities }: Basket, account: Account): number =>
  sum(quantities.map((x) => x * arrival)) -
  account.cash -
  sum(account.held.map((x, i) => x * account.prices[i]!));

/**
 * One period.
 * @param action beyond an even pace, in mean holdings
 * @param chance what the mid prices move by chance, [m]
 * @returns minus the increment of shortfall and λ·variance, quote currency
 */
export function work(
  basket: Basket,
  account: Account,
  action: readonly number[],
  chance: readonly number[],
): number {
  const { periods, tau, temporary, permanent, covariance, spread, riskAversion } = basket;
  const before = shortfallOf(basket, account) + account.riskCost;
  const left = periods - account.period;
  const unit = meanHolding(basket, account.held);
  const trades = account.held.map((x, i) =>
    left === 1 ? x : x / left + Math.min(4, Math.max(-4, action[i]!)) * unit[i]!,
  );
  const concession = apply(temporary, trades).map((pressure) => pressure / tau);
  trades.forEach((n, i) => {
    account.cash += n * (account.prices[i]! - concession[i]!) - spread * Math.abs(n);
    account.held[i]! -= n;
    account.volume += Math.sqrt(temporary[i]![i]!) * Math.abs(n);
  });
  const pressed = apply(permanent, trades);
  account.prices = account.prices.map((price, i) => price + chance[i]! - pressed[i]!);
  account.luck -= sum(account.held.map((x, i) => x * chance[i]!));
  const exposure = sum(account.held.map((x, i) => x * apply(covariance, account.held)[i]!));
  account.riskCost += riskAversion * tau * exposure;
  account.period += 1;
  return before - shortfallOf(basket, account) - account.riskCost;
}
