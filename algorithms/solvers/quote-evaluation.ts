import { InputError } from '../../engine/input-error';
import type { MarketMakingConfig } from '../../envs/market-making/config';
import { fillProbability, type FillsConfig } from '../../envs/processes/fills';
import { type QuoteTable, type Quotes, quotesAt, tabulateQuotes } from './quote-table';

/**
 * The market making environment where the mid price is a martingale without memory, so that fills
 * and penalties depend on step and inventory alone. Everything here is then exact, by recursion on
 * the inventory, without simulation.
 */
export interface QuoteModel {
  readonly steps: number;
  /** Length of a step, time. */
  readonly dt: number;
  /** λ·dt, market orders per side and step. */
  readonly orders: number;
  readonly fills: FillsConfig;
  /** σ, quote currency / √time. */
  readonly volatility: number;
  readonly increments: 'gaussian' | 'binomial';
  /** Q, shares. */
  readonly maximum: number;
  /** Lowest and highest initial inventory. */
  readonly initial: readonly [number, number];
  /** Least depth, quote currency; null: none. */
  readonly minimumDepth: number | null;
  /** φ and α of the reward, 0 where it has no penalty. */
  readonly running: number;
  readonly terminal: number;
}

/** The model of an environment; throws an InputError if it is not of the kind described above. */
export function quoteModel(config: MarketMakingConfig): QuoteModel {
  const { mid, arrivals, fees, reward } = config;
  const demand = (holds: boolean, what: string) => {
    if (!holds) throw new InputError(`exact evaluation of quotes needs ${what}`);
  };
  if (arrivals.kind !== 'poisson') {
    throw new InputError("exact evaluation of quotes needs arrivals of kind 'poisson'");
  }
  if (mid.kind !== 'constant' && mid.kind !== 'brownian') {
    throw new InputError("exact evaluation of quotes needs a mid of kind 'constant' or 'brownian'");
  }
  demand(mid.kind === 'constant' || mid.drift === 0, 'a mid without drift');
  demand(mid.kind === 'constant' || mid.jumps === null, 'a mid without jumps');
  demand(fees.maker === 0, 'fees.maker: 0');
  demand(config.tick === null, 'tick: null');
  demand(config.latency === 0, 'latency: 0');
  demand(config.liquidation.kind === 'mark', "liquidation of kind 'mark'");
  demand(reward.kind !== 'exponential-utility', 'a reward without utility');
  const dt = config.horizon / config.steps;
  return {
    steps: config.steps,
    dt,
    orders: arrivals.rate * dt,
    fills: config.fills,
    volatility: mid.kind === 'constant' ? 0 : mid.volatility,
    increments: mid.kind === 'constant' ? 'gaussian' : mid.increments,
    maximum: config.inventory.maximum,
    initial: config.inventory.initial,
    minimumDepth: config.depth.minimum,
    running: reward.kind === 'inventory-penalty' ? reward.running : 0,
    terminal: reward.kind === 'inventory-penalty' ? reward.terminal : 0,
  };
}

/** One way in which a step can go. */
interface Branch {
  readonly probability: number;
  /** Inventory after the fills. */
  readonly next: number;
  /** What the fills earn against the mid, quote currency. */
  readonly edge: number;
}

/** The four ways in which a step can go: each side filled or not, independently. */
function branches(model: QuoteModel, inventory: number, quotes: Quotes): Branch[] {
  const chance = (depth: number) => Math.min(1, model.orders * fillProbability(model.fills, depth));
  const bid = inventory < model.maximum ? chance(quotes.bid) : 0;
  const ask = inventory > -model.maximum ? chance(quotes.ask) : 0;
  return [
    { probability: (1 - bid) * (1 - ask), next: inventory, edge: 0 },
    { probability: bid * (1 - ask), next: inventory + 1, edge: quotes.bid },
    { probability: (1 - bid) * ask, next: inventory - 1, edge: quotes.ask },
    { probability: bid * ask, next: inventory, edge: quotes.bid + quotes.ask },
  ].filter(({ probability }) => probability > 0);
}

export interface ProfitMoments {
  /** Mean and standard deviation of an episode's profit, quote currency. */
  readonly mean: number;
  readonly deviation: number;
  /** Standard deviation of the inventory at the horizon, shares. */
  readonly inventoryDeviation: number;
}

/** Exact moments of profit, by a forward recursion on P(q), E[W; q] and E[W²; q]. */
export function profitMoments(model: QuoteModel, table: QuoteTable): ProfitMoments {
  const variance = model.volatility ** 2 * model.dt;
  let law = initialLaw(model);
  for (let step = 0; step < model.steps; step += 1) {
    const next = law.map(() => [0, 0, 0] as [number, number, number]);
    law.forEach(([mass, first, second], index) => {
      if (mass === 0) return;
      const inventory = index - model.maximum;
      for (const branch of branches(model, inventory, quotesAt(table, step, inventory))) {
        const { probability, edge } = branch;
        const target = next[branch.next + model.maximum]!;
        target[0] += probability * mass;
        target[1] += probability * (first + edge * mass);
        target[2] +=
          probability *
          (second + 2 * edge * first + (edge ** 2 + branch.next ** 2 * variance) * mass);
      }
    });
    law = next;
  }
  const total = (of: (entry: [number, number, number], inventory: number) => number) =>
    law.reduce((sum, entry, index) => sum + of(entry, index - model.maximum), 0);
  const mean = total(([, first]) => first);
  const meanInventory = total(([mass], inventory) => mass * inventory);
  return {
    mean,
    deviation: Math.sqrt(total(([, , second]) => second) - mean ** 2),
    inventoryDeviation: Math.sqrt(
      total(([mass], inventory) => mass * inventory ** 2) - meanInventory ** 2,
    ),
  };
}

/** Per inventory −Q … Q: its probability, and no wealth yet. */
function initialLaw({ maximum, initial: [lowest, highest] }: QuoteModel) {
  return Array.from({ length: 2 * maximum + 1 }, (_, index): [number, number, number] => {
    const inventory = index - maximum;
    const possible = inventory >= lowest && inventory <= highest;
    return [possible ? 1 / (highest - lowest + 1) : 0, 0, 0];
  });
}

/**
 * Exact certainty equivalent of profit, −ln E[exp(−γW)]/γ, by a backward recursion on q.
 * @param riskAversion γ, 1 / quote currency
 * @returns quote currency
 */
export function certaintyEquivalent(
  model: QuoteModel,
  table: QuoteTable,
  riskAversion: number,
): number {
  const scale = riskAversion * model.volatility * Math.sqrt(model.dt);
  const ofMove = (inventory: number) =>
    model.increments === 'gaussian'
      ? Math.exp((inventory * scale) ** 2 / 2)
      : Math.cosh(inventory * scale);
  const utility = sweepBack(
    model,
    () => 1,
    (step, inventory, next) =>
      branches(model, inventory, quotesAt(table, step, inventory)).reduce(
        (sum, branch) =>
          sum +
          branch.probability *
            Math.exp(-riskAversion * branch.edge) *
            ofMove(branch.next) *
            next(branch.next),
        0,
      ),
  );
  return -Math.log(meanOverStart(model, utility)) / riskAversion;
}

/**
 * Exact mean return of an episode: what the fills earn against the mid less φ·dt·q² of the
 * inventory after each step and α·q² of the last, averaged over the initial inventories. The moves
 * of the mid have mean zero and drop out.
 * @returns quote currency
 */
export function expectedReturn(model: QuoteModel, table: QuoteTable): number {
  const values = sweepBack(model, terminalValue(model), (step, inventory, next) =>
    returnToGo(model, inventory, quotesAt(table, step, inventory), next),
  );
  return meanOverStart(model, values);
}

/**
 * The quotes with the greatest expected return in discrete time, by dynamic programming. The two
 * sides' fills share a step, so their depths are improved in turn until they stand still.
 */
export function solveOptimalQuotes(model: QuoteModel): QuoteTable {
  const { fills, orders, steps, maximum } = model;
  if (fills.kind !== 'exponential') {
    throw new InputError("optimal quotes need fills of kind 'exponential'");
  }
  // No depth is worth less than the one at which every step brings a fill.
  const least = Math.max(model.minimumDepth ?? -Infinity, Math.log(orders) / fills.decay);
  const chance = (depth: number) => orders * Math.exp(-fills.decay * depth);
  /** @param own gain of this fill alone; @param other gain of the other side's, which it undoes */
  const best = (own: number, other: number, otherChance: number) => {
    const gain = otherChance === 0 ? own : (1 - otherChance) * own - otherChance * other;
    return Math.max(1 / fills.decay - gain, least);
  };
  const width = 2 * maximum + 1;
  const found: Quotes[] = new Array<Quotes>(steps * width);
  sweepBack(model, terminalValue(model), (step, inventory, next) => {
    const value = (q: number) =>
      Math.abs(q) > maximum ? -Infinity : next(q) - runningPenalty(model, q);
    const up = value(inventory + 1) - value(inventory);
    const down = value(inventory - 1) - value(inventory);
    let bid = best(up, down, 0);
    let ask = best(down, up, 0);
    for (let change = Infinity, round = 0; change > 1e-14 && round < 100; round += 1) {
      const previous = bid;
      bid = best(up, down, chance(ask));
      ask = best(down, up, chance(bid));
      change = Math.abs(bid - previous);
    }
    found[step * width + inventory + maximum] = { bid, ask };
    return returnToGo(model, inventory, { bid, ask }, next);
  });
  return tabulateQuotes(
    steps,
    maximum,
    (step, inventory) => found[step * width + inventory + maximum]!,
  );
}

type ByInventory = (inventory: number) => number;

const runningPenalty = ({ running, dt }: QuoteModel, inventory: number): number =>
  running * dt * inventory ** 2;

const terminalValue =
  ({ terminal }: QuoteModel): ByInventory =>
  (inventory) =>
    -terminal * inventory ** 2;

/** @param next expected return from the next step on, by inventory */
const returnToGo = (
  model: QuoteModel,
  inventory: number,
  quotes: Quotes,
  next: ByInventory,
): number =>
  branches(model, inventory, quotes).reduce(
    (sum, branch) =>
      sum +
      branch.probability * (branch.edge - runningPenalty(model, branch.next) + next(branch.next)),
    0,
  );

/**
 * Values by inventory −Q … Q, carried from the horizon back to the start.
 * @param update the value at a step and inventory, given the values after it
 */
function sweepBack(
  { steps, maximum }: QuoteModel,
  atHorizon: ByInventory,
  update: (step: number, inventory: number, next: ByInventory) => number,
): Float64Array {
  let values = Float64Array.from({ length: 2 * maximum + 1 }, (_, i) => atHorizon(i - maximum));
  for (let step = steps - 1; step >= 0; step -= 1) {
    const after = values;
    const next: ByInventory = (inventory) => after[inventory + maximum]!;
    values = values.map((_, index) => update(step, index - maximum, next));
  }
  return values;
}

/** The mean over the initial inventories, each as likely. */
function meanOverStart({ maximum, initial }: QuoteModel, values: Float64Array): number {
  const [lowest, highest] = initial;
  const possible = values.subarray(lowest + maximum, highest + maximum + 1);
  return possible.reduce((sum, value) => sum + value, 0) / possible.length;
}
