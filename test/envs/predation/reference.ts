/** A bear raid by the rules of the domain reference (5a), one unit and one stop at a time. */
export interface Instance {
  readonly mid: number;
  readonly tick: number;
  readonly stops: readonly { readonly level: number; readonly volume: number }[];
  readonly halfSpread: number;
  readonly maxShort: number;
  readonly maxTrade: number;
  readonly periods: number;
  readonly recovery: number;
  readonly budget: number;
  readonly maxPurchase: number;
}

export interface Raid {
  readonly period: number;
  readonly mid: number;
  /** Those that have not fired. */
  readonly live: Instance['stops'];
  readonly position: number;
  readonly cash: number;
  readonly budget: number;
}

export const begin = (instance: Instance): Raid => ({
  period: 0,
  mid: instance.mid,
  live: instance.stops,
  position: 0,
  cash: 0,
  budget: instance.budget,
});

const { abs, max, min, sign } = Math;

/** Whatever stop the mid has reached, until none is left. */
function cascade(instance: Instance, raid: Raid): Raid {
  const hit = raid.live.find(({ level }) => raid.mid <= level);
  if (!hit) return raid;
  const live = raid.live.filter((stop) => stop !== hit);
  return cascade(instance, { ...raid, live, mid: raid.mid - instance.tick * hit.volume });
}

/** Units bought, or sold where negative; what is not allowed becomes the nearest that is. */
export function attack(instance: Instance, raid: Raid, wanted: number): Raid {
  const { tick: g, halfSpread: h, maxShort, maxTrade } = instance;
  const units =
    wanted > 0
      ? min(wanted, maxTrade, -raid.position)
      : -min(-wanted, maxTrade, maxShort + raid.position);
  let next = raid;
  for (let unit = 0; unit < abs(units); unit += 1) {
    next =
      sign(units) > 0
        ? {
            ...next,
            cash: next.cash - (next.mid + g / 2 + h),
            mid: next.mid + g,
            position: next.position + 1,
          }
        : {
            ...next,
            cash: next.cash + (next.mid - g / 2 - h),
            mid: next.mid - g,
            position: next.position - 1,
          };
    next = cascade(instance, next);
  }
  return next;
}

export function defend(instance: Instance, raid: Raid, wanted: number): Raid {
  const units = min(wanted, instance.maxPurchase, raid.budget);
  return { ...raid, mid: raid.mid + instance.tick * units, budget: raid.budget - units };
}

export function finishPeriod(instance: Instance, raid: Raid, jump: number): Raid {
  const gap = instance.mid - raid.mid;
  const back = sign(gap) * min(abs(gap), instance.recovery);
  return cascade(instance, { ...raid, period: raid.period + 1, mid: raid.mid + back + jump });
}

/** Cash once the short is bought back at market, unit by unit. */
export function liquidate(
  { tick: g, halfSpread: h }: Instance,
  { cash, mid, position }: Raid,
): number {
  let left = cash;
  for (let unit = 0; unit < -position; unit += 1) left -= mid + unit * g + g / 2 + h;
  return left;
}

export const allowedTrades = (
  { maxShort, maxTrade }: Instance,
  { position }: Raid,
): readonly [number, number] => [max(-maxTrade, -maxShort - position), min(maxTrade, -position)];

/** Units that must be sold until the first k stops have fired, one by one. */
export function salesUntil(instance: Instance, raid: Raid, k: number): number {
  const goal = raid.live.length - k;
  let market = raid;
  let sales = 0;
  while (market.live.length > goal) {
    market = cascade(instance, { ...market, mid: market.mid - instance.tick });
    sales += 1;
  }
  return sales;
}
