import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import * as tf from '@tensorflow/tfjs';

import {
  type EnvironmentPaths,
  recordPaths,
} from '../../../algorithms/evaluation/environment-paths';
import type { PlayedPolicy } from '../../../algorithms/evaluation/compare';
import { simulate } from '../../../algorithms/evaluation/simulate';
import { estimateMean } from '../../../algorithms/evaluation/statistics';
import { findSolver } from '../../../algorithms/solvers/registry';
import { parseConfig } from '../../../configs/parse-config';
import { parseConfig as parseParameters } from '../../../envs/parse-config';
import { defineEnvironment } from '../../../envs/environment';
import { environmentOf } from '../../../envs/game';
import { findKind, makeFromKind } from '../../../envs/registry';

beforeAll(() => tf.setBackend('cpu'));

/** Paths of classical policies on a config file, and the episodes that an evaluation plays. */
async function record<Kind extends EnvironmentPaths['kind']>(
  expected: Kind,
  name: string,
  solvers: readonly string[],
  overrides: readonly string[] = [],
  episodes = 12,
) {
  const file = join(__dirname, '../../../configs', `${name}.yaml`);
  const { env } = parseConfig(readFileSync(file, 'utf8'), file, overrides);
  const { id, ...given } = env as { id: string };
  const kind = findKind(id);
  const parameters = parseParameters(kind.schema, given, 'env') as object;
  const environment = makeFromKind(kind, parameters);
  const policies = solvers.map((solver) =>
    findSolver(solver).create(id, parameters, environment.definition),
  );
  const played: PlayedPolicy[] = [];
  for (const policy of policies) {
    const metrics = await simulate(environment, policy, { episodes, seed: 1, phase: 'test' });
    played.push({ name: policy.name, kind: policy.kind, metrics });
  }
  const recorded = recordPaths({
    kind,
    parameters,
    environment,
    policies,
    played,
    episodes,
    shown: 12,
    seed: 1,
    phase: 'test',
  });
  policies.forEach((policy) => policy.dispose?.());
  const paths = recorded.environment;
  if (paths?.kind !== expected) throw new Error(`paths of ${paths?.kind}`);
  return {
    paths: paths as Extract<EnvironmentPaths, { kind: Kind }>,
    played,
    recorded,
    parameters,
  };
}

describe('execution', () => {
  test('the example of Almgren and Chriss', async () => {
    const { paths, played } = await record('execution', 'almgren-chriss', [
      'almgren-chriss',
      'twap',
    ]);
    const holdings = [1e6, 541_956, 289_854, 147_897, 62_142, 0];
    const [best, even] = paths.policies;
    holdings.forEach((held, period) => {
      expect(Math.abs(paths.optimum![period]! - held)).toBeLessThan(1);
      expect(Math.abs(best!.remaining.median[period]! - held)).toBeLessThan(2);
      expect(Math.abs(even!.remaining.low[period]! - 2e5 * (5 - period))).toBeLessThan(2);
    });
    even!.trade.mean.forEach((trade) => expect(Math.abs(trade - 2e5)).toBeLessThan(2));
    // The point of λ = 1e-6 lies on the frontier, between two of its points.
    const [left, right] = [
      paths.frontier!.findLast(({ deviation }) => deviation >= 603_430.67)!,
      paths.frontier!.find(({ deviation }) => deviation < 603_430.67)!,
    ];
    const share = (603_430.67 - left.deviation) / (right.deviation - left.deviation);
    const cost = left.expectedCost + share * (right.expectedCost - left.expectedCost);
    expect(Math.abs(cost / 911_226.99 - 1)).toBeLessThan(2e-3);
    expect(paths.marginalCosts).toBeNull();
    paths.costRisk!.forEach(({ mean, deviation }, index) => {
      const { mean: average, std } = estimateMean(played[index]!.metrics.shortfall!);
      expect(mean.value / average).toBeCloseTo(1, 9);
      expect(deviation.value / std).toBeCloseTo(1, 9);
      expect(deviation.ci95[0]).toBeLessThan(std);
      expect(deviation.ci95[1]).toBeGreaterThan(std);
    });
  });

  test('marginal costs under caps are equal where the cheapest schedule leaves caps slack', async () => {
    const { paths, played } = await record('execution', 'execution-caps', ['schedule', 'twap']);
    const { episodes, ratios } = paths.marginalCosts!;
    episodes.forEach(({ level, caps, cheapest, policies }, episode) => {
      const [schedule, even] = policies;
      // What an independent rule makes of λ: x = min(cap, λ/a) adds up to the order.
      const slopes = schedule!.trades.map((trade, period) => schedule!.costs[period]! / trade);
      const traded = slopes.reduce(
        (sum, slope, period) => sum + Math.min(caps![period]!, level / slope),
        0,
      );
      expect(traded).toBeCloseTo(12, 3);
      schedule!.costs.forEach((cost, period) => {
        expect(cost).toBeCloseTo(cheapest[period]!, 3);
        const isBound = caps![period]! * slopes[period]! < level * (1 - 1e-5);
        expect(Math.abs(cost - level) < 1e-3 * level).toBe(!isBound);
        expect(even!.costs[period]! / even!.trades[period]!).toBeCloseTo(slopes[period]!, 3);
      });
      // ½Σ a x² is the shortfall, as nothing else costs.
      const cost = even!.trades.reduce(
        (sum, trade, period) => sum + 0.5 * even!.costs[period]! * trade,
        0,
      );
      expect(cost / played[1]!.metrics.shortfall![episode]!).toBeCloseTo(1, 4);
    });
    ratios[0]!.periods.flat().forEach((ratio) => expect(ratio).toBeCloseTo(1, 3));
    expect(Math.max(...ratios[1]!.periods.map((five) => five![4]!))).toBeGreaterThan(1.3);
    expect([paths.frontier, paths.costRisk, paths.optimum]).toEqual([null, null, null]);
  });
});

describe('market making', () => {
  test('quotes, inventory and wealth', async () => {
    const { paths, played } = await record(
      'market-making',
      'market-making',
      ['cartea-jaimungal', 'fixed-depth', 'no-quotes', 'random'],
      ['env.steps=20', 'env.inventory.maximum=12'],
    );
    const [skewed, fixed, none, random] = paths.policies;
    expect(paths.isComplete).toBe(true);
    expect(paths.quotedSteps).toEqual(Array.from({ length: 20 }, (_, step) => step));
    fixed!.quotes!.bid.flat().forEach((depth) => expect(depth).toBeCloseTo(1, 6));
    expect(none!.quotes!.ask.flat().every((depth) => depth === null)).toBe(true);
    expect(random!.quotes).toBeNull();
    // The market has no side: a bid at q is an ask at −q, and skews towards an even book.
    const { bid, ask } = skewed!.quotes!;
    const last = paths.quotedInventories.length - 1;
    bid.forEach((row, step) =>
      row.forEach((depth, column) => expect(depth).toBeCloseTo(ask[step]![last - column]!, 4)),
    );
    expect(bid[0]![last]!).toBeGreaterThan(bid[0]![0]!);
    paths.policies.forEach(({ episodes }, index) =>
      episodes.forEach(({ inventory, wealth }, episode) => {
        const { finalInventory, profit } = played[index]!.metrics;
        expect(inventory).toHaveLength(21);
        expect(inventory[20]).toBe(finalInventory![episode]!);
        expect(wealth[20]).toBeCloseTo(profit![episode]!, 4);
      }),
    );
    // What is held without quotes earns the moves of the mid.
    paths.mids.forEach((mid, episode) => {
      const { inventory, wealth } = none!.episodes[episode]!;
      expect(wealth[20]).toBeCloseTo(inventory[0]! * (mid[20]! - mid[0]!), 3);
    });
  });
});

describe('order book', () => {
  // Few events: step by step on the host, each is a few hundred operations.
  const quick = ['env.horizon=1', 'env.interval=0.5', 'env.events=3', 'env.warmUp=2'];

  test.each([
    ['sell', ['join-best', 'twap']],
    ['buy', ['join-best']],
  ])('fills of an order to %s add up to what it cost', async (side, policies) => {
    const { paths, played } = await record(
      'limit-order-book',
      'limit-order-book',
      policies,
      [`env.task.side=${side}`, 'env.fees.maker=0.25', 'env.fees.taker=0.5', ...quick],
      24,
    );
    const sign = side === 'sell' ? -1 : 1;
    let limits = 0;
    paths.policies.forEach(({ episodes, inventory }, index) => {
      expect(inventory.mean[0]).toBe(-sign * 6);
      expect(inventory.high.at(-1)).toBe(0);
      episodes.forEach(({ fills, times, mid, ...replay }, episode) => {
        expect(fills.reduce((sum, { shares }) => sum + shares, 0)).toBe(sign * 6);
        const paid = fills.reduce((sum, { price, shares }) => sum + price! * shares, 0);
        const fees = fills.reduce(
          (sum, { kind, shares }) => sum + Math.abs(shares) * (kind === 'limit' ? 0.25 : 0.5),
          0,
        );
        const passive = fills.reduce(
          (sum, { kind, shares }) => sum + (kind === 'limit' ? Math.abs(shares) : 0),
          0,
        );
        limits += passive;
        const { shortfall, passiveShare, duration } = played[index]!.metrics;
        // Paid less 6 shares at the mid of the start.
        expect(paid + fees - sign * 6 * mid[0]!).toBeCloseTo(shortfall![episode]!, 3);
        expect(passive / 6).toBeCloseTo(passiveShare![episode]!, 5);
        expect(times.at(-1)).toBeCloseTo(duration![episode]!, 4);
        expect(replay.inventory.at(-1)).toBe(0);
        expect(replay.wealth.at(-1)).toBeCloseTo(-shortfall![episode]!, 3);
        // Limit orders are filled at prices at which they rest.
        const own = side === 'sell' ? replay.ownAsk : replay.ownBid;
        for (const { kind, price, time } of fills) {
          if (kind === 'market') continue;
          expect(own[times.indexOf(time) - 1]).toBe(price);
        }
      });
    });
    expect(limits).toBeGreaterThan(0);
  });

  test('a market maker’s fills', async () => {
    const { paths, played } = await record(
      'limit-order-book',
      'limit-order-book',
      ['join-quotes'],
      ['env.task={kind: make, size: 1, maximumInventory: 3}', ...quick],
      24,
    );
    paths.policies[0]!.episodes.forEach(({ fills, inventory, mid }, episode) => {
      const traded = fills.reduce((sum, { shares }) => sum + Math.abs(shares), 0);
      expect(traded).toBe(played[0]!.metrics.traded![episode]!);
      expect(fills.reduce((sum, { shares }) => sum + shares, 0)).toBe(inventory.at(-1)!);
      const earned = fills.reduce((sum, { shares, price }) => sum - shares * price!, 0);
      expect(earned + inventory.at(-1)! * mid.at(-1)!).toBeCloseTo(
        played[0]!.metrics.profit![episode]!,
        3,
      );
    });
  });
});

describe('raid', () => {
  test('price paths follow from trades and stops', async () => {
    const { paths, played, parameters } = await record(
      'predation',
      'predation',
      ['raid', 'abstain', 'random'],
      [],
      10,
    );
    const { mid: start, tick } = parameters as { mid: number; tick: number };
    paths.policies.forEach(({ episodes }, index) =>
      episodes.forEach(({ times, mid, trades, short, fired, profit }, episode) => {
        const stops = paths.stops[episode]!;
        expect(times).toHaveLength(2 * trades.length + 1);
        let price = start;
        let next = 0;
        let isShort = 0;
        trades.forEach((units, period) => {
          expect(mid[2 * period]).toBe(price);
          for (let unit = 0; unit < Math.abs(units); unit += 1) {
            price += Math.sign(units) * tick;
            while (next < stops.length && price <= stops[next]!.level) {
              price -= tick * stops[next]!.volume;
              next += 1;
            }
          }
          isShort -= units;
          expect(mid[2 * period + 1]).toBe(price);
          expect(short[period + 1]).toBe(isShort);
          expect(fired[period + 1]).toBe(next);
        });
        expect(profit.at(-1)).toBe(played[index]!.metrics.profit![episode]!);
      }),
    );
    expect(paths.policies[1]!.mid.low).toEqual(new Array(7).fill(start));
  });
});

test('an environment without figures of its own has returns alone', async () => {
  const kind = findKind('cartpole');
  const environment = makeFromKind(kind);
  const policy = findSolver('random').create('cartpole', {}, environment.definition);
  const {
    environment: own,
    returns,
    episodes,
  } = recordPaths({
    kind,
    parameters: {},
    environment,
    policies: [policy],
    played: [],
    episodes: 4,
    shown: 2,
    seed: 0,
    phase: 'test',
  });
  expect(own).toBeNull();
  expect(episodes).toBe(4);
  expect(returns[0]!.episodes).toHaveLength(2);
});

test('the defender of a raid has returns alone', () => {
  const kind = findKind('predation');
  const parameters = parseParameters(
    kind.schema,
    { defender: { budget: 2, maxTrade: 1 } },
    'env',
  ) as object;
  const game = kind.createGame!(parameters)!;
  const still = {
    parameters: () => ({}),
    act: ({ observation }: { observation: tf.Tensor2D }) =>
      tf.fill([observation.shape[0]], 3, 'int32'),
  };
  const sides = ([0, 1] as const).map((side) => {
    const environment = defineEnvironment(environmentOf(game, side, still));
    const { environment: own } = recordPaths({
      kind,
      parameters,
      environment,
      policies: [findSolver('random').create('predation', parameters, environment.definition)],
      played: [],
      episodes: 2,
      shown: 1,
      seed: 0,
      phase: 'test',
    });
    return own?.kind ?? null;
  });
  expect(sides).toEqual(['predation', null]);
});
