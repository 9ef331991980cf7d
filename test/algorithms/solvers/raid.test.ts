import fc from 'fast-check';

import { raidSolver, solveRaid } from '../../../algorithms/solvers/raid';
import { openRaid } from '../../../algorithms/solvers/raid/game';
import type { RaidProblem, RaidState } from '../../../algorithms/solvers/raid/rules';

const first: RaidProblem = {
  mid: 200,
  tick: 2,
  stops: [{ level: 190, volume: 4 }],
  halfSpread: 1,
  maxShort: 10,
  maxTrade: 5,
  periods: 4,
  recovery: 0,
  defender: null,
};
const second: RaidProblem = {
  ...first,
  stops: [{ level: 180, volume: 6 }],
  halfSpread: 8,
  maxShort: 8,
};

test('the tables of domain 5a', () => {
  const raid = solveRaid(first);
  expect(raid.value).toBe(30);
  expect(raid.line.map(({ trade }) => trade)).toEqual([-5, 5, 0, 0]);
  expect(raid.line[0]).toEqual({
    period: 1,
    trade: -5,
    defence: 0,
    mid: 182,
    fired: [0],
    position: -5,
    // 198 + 196 + 194 + 192 + 190
    cash: 970,
  });
  expect(raid.cover).toEqual({ trade: 0, mid: 192, cash: 30 });

  const abstains = solveRaid(second);
  expect(abstains.value).toBe(0);
  expect(abstains.line.every(({ trade, mid }) => trade === 0 && mid === 200)).toBe(true);

  const defended = (budget: number, maxTrade: number) =>
    solveRaid({ ...first, maxTrade, defender: { budget, maxTrade: 2 } }).value;
  expect([0, 1, 2, 3, 4, 5, 6].map((budget) => defended(budget, 5))).toEqual([
    30, 20, 10, 10, 10, 10, 10,
  ]);
  expect([0, 1, 2, 3].map((budget) => defended(budget, 2))).toEqual([30, 20, 10, 4]);
});

/** What is open to the predator and its opponents, played out in full: no memory, no ladder. */
function enumerate(problem: RaidProblem): number {
  const { tick: g, halfSpread: h } = problem;
  type Live = RaidProblem['stops'];
  const sellOne = (mid: number, live: Live): { mid: number; live: Live } => {
    let next = { mid: mid - g, live };
    for (;;) {
      const hit = next.live.find(({ level }) => next.mid <= level);
      if (!hit) return next;
      next = {
        mid: next.mid - g * hit.volume,
        live: next.live.filter((stop) => stop !== hit),
      };
    }
  };
  const play = (
    left: number,
    mid: number,
    live: Live,
    position: number,
    budget: number,
    cash: number,
  ): number => {
    if (left === 0) {
      let profit = cash;
      for (let unit = 0; unit < -position; unit += 1) profit -= mid + g * unit + g / 2 + h;
      return profit;
    }
    const reply = (midNow: number, liveNow: Live, positionNow: number, cashNow: number) => {
      const most = problem.defender ? Math.min(problem.defender.maxTrade, budget) : 0;
      let least = Infinity;
      for (let bought = 0; bought <= most; bought += 1) {
        const gap = problem.mid - (midNow + g * bought);
        const move = Math.sign(gap) * Math.min(Math.abs(gap), problem.recovery);
        const midNext = midNow + g * bought + move;
        least = Math.min(
          least,
          play(left - 1, midNext, liveNow, positionNow, budget - bought, cashNow),
        );
      }
      return least;
    };
    let best = reply(mid, live, position, cash);
    let at = { mid, live };
    let received = cash;
    for (
      let sold = 1;
      sold <= problem.maxTrade && position - sold >= -problem.maxShort;
      sold += 1
    ) {
      received += at.mid - g / 2 - h;
      at = sellOne(at.mid, at.live);
      best = Math.max(best, reply(at.mid, at.live, position - sold, received));
    }
    let paid = cash;
    for (let bought = 1; bought <= problem.maxTrade && position + bought <= 0; bought += 1) {
      paid -= mid + g * (bought - 1) + g / 2 + h;
      best = Math.max(best, reply(mid + g * bought, live, position + bought, paid));
    }
    return best;
  };
  return play(problem.periods, problem.mid, problem.stops, 0, problem.defender?.budget ?? 0, 0);
}

const stop = (depth: number) =>
  fc.record({
    level: fc.integer({ min: 100 - depth, max: 99 }),
    volume: fc.integer({ min: 1, max: 5 }),
  });

const smallRaids = fc.record({
  mid: fc.constant(100),
  tick: fc.constantFrom(1, 2, 3),
  stops: fc.array(stop(16), { maxLength: 4 }),
  halfSpread: fc.integer({ min: 0, max: 2 }),
  maxShort: fc.integer({ min: 0, max: 5 }),
  maxTrade: fc.integer({ min: 1, max: 3 }),
  periods: fc.integer({ min: 1, max: 3 }),
  recovery: fc.integer({ min: 0, max: 5 }),
  defender: fc.option(
    fc.record({
      budget: fc.integer({ min: 0, max: 3 }),
      maxTrade: fc.integer({ min: 0, max: 2 }),
    }),
  ),
});

test('equals enumeration without memory, with and without defender and recovery', () => {
  fc.assert(
    fc.property(smallRaids, (problem) => {
      const value = enumerate(problem);
      expect(solveRaid(problem).value).toBe(value);
      expect(openRaid(problem).value(openRaid(problem).start)).toBe(value);
    }),
    { numRuns: 300 },
  );
});

test('equals the formula of domain 5a without recovery, once time suffices', () => {
  const problems = fc.record({
    stops: fc.array(stop(60), { maxLength: 8 }),
    tick: fc.constantFrom(1, 2),
    halfSpread: fc.integer({ min: 0, max: 6 }),
    maxShort: fc.integer({ min: 0, max: 20 }),
    maxTrade: fc.integer({ min: 2, max: 6 }),
  });
  fc.assert(
    fc.property(problems, (some) => {
      const problem = { ...some, mid: 100, periods: 10, recovery: 0, defender: null };
      const { tick, halfSpread, maxShort } = problem;
      let best = 0;
      for (let sold = 1; sold <= maxShort; sold += 1) {
        let mid = 100;
        let gain = 0;
        const live = [...problem.stops].sort((a, b) => b.level - a.level);
        for (let unit = 1; unit <= sold; unit += 1) {
          mid -= tick;
          while (live.length > 0 && mid <= live[0]!.level) {
            const fall = tick * live.shift()!.volume;
            mid -= fall;
            gain += fall * unit;
          }
        }
        best = Math.max(best, gain - 2 * halfSpread * sold);
      }
      expect(solveRaid(problem).value).toBe(best);
    }),
    { numRuns: 200 },
  );
});

test('one stop sets off the next, whatever the order in which they are given', () => {
  const stops = [
    { level: 180, volume: 1 },
    { level: 196, volume: 6 },
    { level: 185, volume: 2 },
    { level: 180, volume: 3 },
  ];
  // Two sales take the mid from 200 to 196; the stops then fall it by 12, 4, 2 and 6.
  const raid = solveRaid({ ...first, stops, maxTrade: 2, periods: 2 });
  expect(raid.line[0]).toMatchObject({ trade: -2, fired: [1, 2, 0, 3], mid: 172 });
  expect(raid.value).toBe(2 * (12 + 4 + 2 + 6) - 2 * 2);
  expect(solveRaid({ ...first, stops: [...stops].reverse(), maxTrade: 2, periods: 2 }).value).toBe(
    raid.value,
  );
});

/** Every state that legal moves of both lead to. */
function everyState(problem: RaidProblem): RaidState[] {
  const game = openRaid(problem);
  const seen = new Map<string, RaidState>();
  const visit = (state: RaidState) => {
    const key = JSON.stringify(state);
    if (seen.has(key)) return;
    seen.set(key, state);
    if (state.period === problem.periods) return;
    for (let units = -problem.maxTrade; units <= problem.maxTrade; units += 1) {
      const position = state.position + units;
      if (position > 0 || position < -problem.maxShort) continue;
      const traded = game.trade(state, units).state;
      const most = Math.min(problem.defender?.maxTrade ?? 0, traded.budget);
      for (let bought = 0; bought <= most; bought += 1) visit(game.endPeriod(traded, bought));
    }
  };
  visit(game.start);
  return [...seen.values()];
}

test('moves and values at every state are those of a saddle point', () => {
  const problem: RaidProblem = {
    ...first,
    stops: [
      { level: 190, volume: 4 },
      { level: 178, volume: 3 },
    ],
    maxShort: 6,
    maxTrade: 3,
    recovery: 3,
    defender: { budget: 2, maxTrade: 1 },
  };
  const game = openRaid(problem);
  const states = everyState(problem);
  expect(states.length).toBeGreaterThan(200);
  for (const state of states) {
    if (state.period === problem.periods) {
      expect(game.value(state)).toBe(0 - game.costOfCovering(state));
      continue;
    }
    const traded = game.trade(state, game.bestTrade(state));
    expect(traded.cash + game.valueAfterTrade(traded.state)).toBe(game.value(state));
    const reply = game.endPeriod(traded.state, game.bestPurchase(traded.state));
    expect(game.value(reply)).toBe(game.valueAfterTrade(traded.state));
    for (const units of [-3, -2, -1, 0, 1, 2, 3]) {
      if (state.position + units > 0 || state.position + units < -problem.maxShort) continue;
      const other = game.trade(state, units);
      const guaranteed = other.cash + game.valueAfterTrade(other.state);
      expect(guaranteed).toBeLessThanOrEqual(game.value(state));
    }
  }
});

test('the line of play keeps its own books, and trades no more than it pays to', () => {
  fc.assert(
    fc.property(smallRaids, (problem) => {
      const { value, line, cover } = solveRaid(problem);
      expect(cover.cash).toBe(value);
      expect(value).toBeGreaterThanOrEqual(0);
      expect(line).toHaveLength(problem.periods);
      let position = 0;
      let bought = 0;
      for (const period of line) {
        position += period.trade;
        bought += period.defence;
        expect(period.position).toBe(position);
        expect(Math.abs(period.trade)).toBeLessThanOrEqual(problem.maxTrade);
      }
      expect(cover.trade + position).toBe(0);
      expect(bought).toBeLessThanOrEqual(problem.defender?.budget ?? 0);
      if (value === 0) expect(line.every(({ trade }) => trade === 0)).toBe(true);
    }),
    { numRuns: 200 },
  );
  // Free of charge, five sales fire the stop; more would change nothing.
  const free = solveRaid({ ...first, halfSpread: 0 });
  expect(free.value).toBe(40);
  expect(free.line.map(({ trade }) => trade)).toEqual([-5, 5, 0, 0]);
});

test('twenty stops with recovery, and with a defender', () => {
  const stops = Array.from({ length: 20 }, (_, i) => ({
    level: 994 - 9 * i,
    volume: 1 + ((7 * i) % 4),
  }));
  const ladder: RaidProblem = {
    mid: 1000,
    tick: 2,
    stops,
    halfSpread: 3,
    maxShort: 50,
    maxTrade: 10,
    periods: 20,
    recovery: 3,
    defender: null,
  };
  const raid = solveRaid(ladder);
  expect(raid.states).toBeGreaterThan(200_000);
  const defended = solveRaid({
    ...ladder,
    recovery: 0,
    defender: { budget: 10, maxTrade: 2 },
  });
  expect(defended.value).toBeLessThan(solveRaid({ ...ladder, recovery: 0 }).value);
  expect(solveRaid({ ...first, periods: 1000 }).value).toBe(30);
});

test('refuses stops that have fired already and what no table can hold', () => {
  expect(() => solveRaid({ ...first, stops: [{ level: 200, volume: 1 }] })).toThrow(
    'stops.0.level: 200 is not below the mid, so the stop has fired already; expected less than 200',
  );
  expect(() => solveRaid({ ...first, stops: [{ level: 190, volume: 1e9 }] })).toThrow('mid: 200');
  expect(() =>
    solveRaid({ ...first, periods: 1000, defender: { budget: 2e6, maxTrade: 1 } }),
  ).toThrow('combinations');
  const game = openRaid(first);
  expect(() => game.trade(game.start, 1)).toThrow('units: 1 at position 0');
  expect(() => game.trade(game.start, -6)).toThrow('at most 5');
  expect(() => game.endPeriod(game.start, 1)).toThrow('purchase: 1');
  expect(() => game.value({ ...game.start, period: 5 })).toThrow('period: 5');
  const { schema } = raidSolver;
  expect(schema.safeParse({ ...first, mid: 200.5 }).success).toBe(false);
  expect(schema.safeParse({ ...first, stops: [{ level: 190, volume: 0 }] }).success).toBe(false);
  expect(schema.safeParse(raidSolver.example).success).toBe(true);
});
