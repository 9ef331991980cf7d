import type { OrderPlacementConfig } from '../../../../envs/order-placement/config';

/** A case that can come up, in plain numbers. */
interface Case {
  readonly step: number;
  readonly left: number;
  /** Ticks below the best bid, and orders ahead; null: no order. */
  readonly order: readonly [depth: number, ahead: number] | null;
  readonly signal: number;
  readonly spread: number;
  readonly imbalance: number;
  readonly line: readonly number[];
}

type Outcomes<Value> = readonly (readonly [chance: number, value: Value])[];

const statesOf = (config: OrderPlacementConfig['signal']) => {
  if (typeof config === 'number') return { values: [config], persistence: 1 };
  if ('low' in config) throw new Error('a range cannot be enumerated');
  return config;
};

/** The next value of a chain from a given one. */
function nextOf(config: OrderPlacementConfig['signal'], now: number): Outcomes<number> {
  const { values, persistence } = statesOf(config);
  return values.map((value) => [
    (value === now ? persistence : 0) + (1 - persistence) / values.length,
    value,
  ]);
}

const product = <A, B>(first: Outcomes<A>, second: Outcomes<B>): Outcomes<readonly [A, B]> =>
  first.flatMap(([p, a]) => second.map(([q, b]) => [p * q, [a, b]] as const));

/** How many of the orders ahead stay, order by order. */
function staying(ahead: number, cancelRate: number): Outcomes<number> {
  if (ahead === 0) return [[1, 0]];
  return staying(ahead - 1, cancelRate).flatMap(([p, n]) => [
    [p * cancelRate, n],
    [p * (1 - cancelRate), n + 1],
  ]);
}

/** The bid's move in ticks. */
function movesOf(config: OrderPlacementConfig, mean: number): Outcomes<number> {
  const below = Math.floor(mean / config.tick);
  const share = mean / config.tick - below;
  return product<number, number>(
    [
      [1 - share, below],
      [share, below + 1],
    ],
    [
      [config.volatility / 2, -1],
      [1 - config.volatility, 0],
      [config.volatility / 2, 1],
    ],
  ).map(([p, [rounded, extra]]) => [p, rounded + extra]);
}

/** Minus the expected shortfall of the best orders, by trying all of them in every case. */
export function bestValue(config: OrderPlacementConfig): number {
  const { levels, quantity, steps, latency, unfinished, fees, arrivalPrice, tick } = config;
  const { probability, decay } = config.fill as { probability: number; decay: number };
  const hold = levels + 1;
  const known = new Map<string, number>();

  const valueOf = (now: Case): number => {
    if (now.left === 0) return 0;
    const name = JSON.stringify(now);
    const found = known.get(name);
    if (found !== undefined) return found;
    const choices = Array.from({ length: levels + 2 }, (_, choice) => choice).filter(
      (choice) => (choice !== 0 || config.marketOrders) && (choice !== hold || config.waiting),
    );
    const best = Math.max(...choices.map((choice) => afterDecision(now, choice)));
    known.set(name, best);
    return best;
  };

  const afterDecision = (now: Case, decision: number): number => {
    const line = [...now.line, decision];
    const choice = line.shift()!;
    const last = now.step === steps - 1;
    const taking = -now.spread / 2 - fees.taker * arrivalPrice;
    const depth = choice - 1;
    const isLimit = choice > 0 && choice < hold;
    const making = now.spread / 2 + depth * tick - fees.maker * arrivalPrice;
    const drift = now.signal + config.imbalanceDrift * now.imbalance;
    const reach = isLimit ? probability * Math.exp(-decay * depth) : 0;
    const sellers: Outcomes<{ came: boolean; reached: boolean }> = [
      [reach, { came: true, reached: true }],
      [probability - reach, { came: true, reached: false }],
      [1 - probability, { came: false, reached: false }],
    ];
    const market: Outcomes<readonly [readonly [number, number], number]> = last
      ? [[1, [[now.signal, now.spread], now.imbalance]]]
      : product(
          product(nextOf(config.signal, now.signal), nextOf(config.spread, now.spread)),
          nextOf(config.imbalance, now.imbalance),
        );

    let total = 0;
    for (const [p, { came, reached }] of sellers) {
      const mean = drift - (came ? 1 - probability : -probability) * config.adverseSelection;
      for (const [r, ticks] of movesOf(config, mean)) {
        for (const [m, [[signal, spread], imbalance]] of market) {
          if (p * r * m === 0) continue;
          const move = ticks * tick + (spread - now.spread) / 2;
          let left = now.left;
          let edge = 0;
          let order: readonly [number, number] | null = null;
          if (choice === 0) {
            left -= 1;
            edge += taking;
          }
          if (isLimit) {
            const joining = Math.round(config.queue.length * (1 + now.imbalance));
            order = now.order?.[0] === depth ? now.order : [depth, joining];
            if (reached && order[1] === 0) {
              left -= 1;
              edge += making;
              order = null;
            } else if (reached) order = [depth, order[1] - 1];
          }
          if (last) {
            if (unfinished.kind === 'cross') {
              edge += left * (taking - unfinished.penalty) - unfinished.quadratic * left ** 2;
              left = 0;
            }
            total += p * r * m * (edge - left * move);
            continue;
          }
          if (order && order[0] + ticks < 0) {
            left -= 1;
            edge += making;
            order = null;
          }
          const next = { step: now.step + 1, left, signal, spread, imbalance, line };
          const later =
            order && order[0] + ticks < levels
              ? staying(order[1], config.queue.cancelRate).reduce(
                  (sum, [s, ahead]) =>
                    sum + s * valueOf({ ...next, order: [order![0] + ticks, ahead] }),
                  0,
                )
              : valueOf({ ...next, order: null });
          total += p * r * m * (edge - left * move + later);
        }
      }
    }
    return total;
  };

  const starts = product(
    product(
      statesOf(config.signal).values.map((value) => [1, value] as const),
      statesOf(config.spread).values.map((value) => [1, value] as const),
    ),
    statesOf(config.imbalance).values.map((value) => [1, value] as const),
  );
  const sum = starts.reduce(
    (all, [, [[signal, spread], imbalance]]) =>
      all +
      valueOf({
        step: 0,
        left: quantity,
        order: null,
        signal,
        spread,
        imbalance,
        line: new Array<number>(latency).fill(hold),
      }),
    0,
  );
  return sum / starts.length;
}
