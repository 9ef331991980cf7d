import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';

import { forUse, keyAt, makeKey, phases, uniform, uniforms, uses } from '../../engine/random';
import type { Tensors } from '../../engine/tensors';
import { checkEnvironment } from '../../envs/check';
import { defineEnvironment } from '../../envs/environment';
import { environmentOf, type Opponent } from '../../envs/game';
import { kind } from '../../envs/predation';
import { type PredationConfig, predationSchema } from '../../envs/predation/config';
import { draws } from '../../envs/predation/game';
import {
  allowedTrades,
  attack,
  begin,
  defend,
  finishPeriod,
  type Instance,
  liquidate,
  type Raid,
  salesUntil,
} from './predation/reference';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const { floor, max, min } = Math;

const whole = (from: number, to: number) =>
  fc.oneof(
    fc.integer({ min: from, max: to }),
    fc
      .tuple(fc.integer({ min: from, max: to }), fc.integer({ min: from, max: to }))
      .map(([one, other]) => ({ low: min(one, other), high: max(one, other) })),
  );
const configs = fc
  .record({
    mid: fc.constantFrom(60, 201),
    tick: fc.constantFrom(1, 2, 3),
    stops: fc.oneof(
      fc.array(
        fc.record({
          level: fc.integer({ min: 30, max: 59 }),
          volume: fc.integer({ min: 1, max: 5 }),
        }),
        { minLength: 1, maxLength: 4 },
      ),
      fc.record({
        count: whole(1, 3),
        distance: whole(1, 12),
        gap: whole(0, 8),
        volume: whole(1, 5),
      }),
    ),
    halfSpread: whole(0, 4),
    maxShort: whole(1, 9),
    maxTrade: whole(1, 4),
    periods: fc.integer({ min: 1, max: 5 }),
    recovery: whole(0, 5),
    noise: whole(0, 3),
    rewardScale: fc.constantFrom(1, 0.25),
    defender: fc.option(
      fc.record({
        budget: fc.integer({ min: 0, max: 5 }),
        maxTrade: fc.integer({ min: 0, max: 3 }),
      }),
      { nil: null },
    ),
  })
  .map((config) => predationSchema.parse(config));

type Whole = PredationConfig['noise'];
const pick = (value: Whole, u: number): number =>
  typeof value === 'number' ? value : value.low + floor(u * (value.high - value.low + 1));
const largest = (value: Whole): number => (typeof value === 'number' ? value : value.high);

/** What each row drew, from the same uniforms; and the size of its noise. */
function instancesOf(config: PredationConfig, key: ReturnType<typeof makeKey>) {
  const { mid, tick, stops, periods, defender } = config;
  const u = (draw: number) => uniform(key, draw).arraySync();
  const [h, n, m, r, k] = [
    u(draws.halfSpread),
    u(draws.maxShort),
    u(draws.maxTrade),
    u(draws.recovery),
    u(draws.noiseSize),
  ];
  const stopsOf = (row: number): Instance['stops'] => {
    if (!('count' in stops)) return stops;
    const size = largest(stops.count);
    const gaps = uniforms(key, draws.gap, size).arraySync()[row]!;
    const volumes = uniforms(key, draws.volume, size).arraySync()[row]!;
    let level = mid - pick(stops.distance, u(draws.distance)[row]!);
    return Array.from({ length: pick(stops.count, u(draws.stopCount)[row]!) }, (_, place) => {
      if (place > 0) level -= pick(stops.gap, gaps[place]!);
      return { level, volume: pick(stops.volume, volumes[place]!) };
    });
  };
  return Array.from({ length: key.row.size }, (_, row) => ({
    noise: pick(config.noise, k[row]!),
    instance: {
      mid,
      tick,
      stops: stopsOf(row),
      halfSpread: pick(config.halfSpread, h[row]!),
      maxShort: pick(config.maxShort, n[row]!),
      maxTrade: pick(config.maxTrade, m[row]!),
      periods,
      recovery: pick(config.recovery, r[row]!),
      budget: defender?.budget ?? 0,
      maxPurchase: defender?.maxTrade ?? 0,
    } satisfies Instance,
  }));
}

/** The observation by name. */
function lookAt(config: PredationConfig, instance: Instance, raid: Raid): Record<string, number> {
  const { periods, stops, defender } = config;
  const unit = largest(config.maxShort);
  const size = 'count' in stops ? largest(stops.count) : stops.length;
  const greatest =
    'count' in stops ? largest(stops.volume) : max(...stops.map(({ volume }) => volume));
  const live = [...raid.live].sort((one, other) => other.level - one.level);
  const left = periods - raid.period;
  const seen: Record<string, number> = {
    timeLeft: left / periods,
    short: -raid.position / unit,
    room: (instance.maxShort + raid.position) / unit,
    reach: min(2, (instance.maxTrade * left) / unit),
    halfSpread: instance.halfSpread / max(1, largest(config.halfSpread)),
    maxTrade: instance.maxTrade / largest(config.maxTrade),
    recovery: instance.recovery / max(1, largest(config.recovery)),
    displacement: (config.mid - raid.mid) / config.tick / unit,
    budget: raid.budget / max(1, defender?.budget ?? 0),
  };
  for (let place = 0; place < size; place += 1) {
    const suffix = size === 1 ? '' : `[${place}]`;
    const stop = live[place];
    const needed = stop ? salesUntil(instance, raid, place + 1) : Infinity;
    const sales = min(2, needed / unit);
    const mostSales = min(instance.maxShort + raid.position, instance.maxTrade * left);
    seen[`sales${suffix}`] = sales;
    seen[`volume${suffix}`] = (stop?.volume ?? 0) / greatest;
    const fallen = live.slice(0, place).reduce((sum, { volume }) => sum + volume, 0);
    seen[`distance${suffix}`] = stop
      ? min(2, ((raid.mid - stop.level) / config.tick - fallen) / unit)
      : 2;
    seen[`cost${suffix}`] =
      needed <= mostSales ? (2 * instance.halfSpread * sales) / config.tick / greatest : 0;
    seen[`gain${suffix}`] =
      stop && needed <= mostSales ? (stop.volume / greatest) * (sales - raid.position / unit) : 0;
  }
  return seen;
}

const near = (actual: number, expected: number, what: string) => {
  if (!(Math.abs(actual - expected) <= 1e-5 * max(1, Math.abs(expected)))) {
    throw new Error(`${what}: ${actual}, expected ${expected}`);
  }
};

const rows = 2;

function checkSight(
  config: PredationConfig,
  fields: readonly { readonly name: string }[],
  observation: tf.Tensor2D,
  states: readonly { readonly instance: Instance; readonly noise: number; readonly raid: Raid }[],
) {
  const observed = observation.arraySync();
  states.forEach(({ instance, noise, raid }, row) => {
    const expected = {
      ...lookAt(config, instance, raid),
      noise: noise / max(1, largest(config.noise)),
    };
    fields.forEach(({ name }, index) => {
      if (!(name in expected)) throw new Error(`observed ${name}: unknown`);
      near(observed[row]![index]!, expected[name as 'noise'], `observed ${name}`);
    });
  });
}

test('equals a raid played unit by unit, over the ends of episodes', () => {
  const actions = fc.array(fc.nat(), { minLength: 36, maxLength: 36 });
  fc.assert(
    fc.property(configs, actions, fc.integer({ min: 0, max: 99 }), (given, chosen, seed) => {
      tf.tidy(() => {
        const config = { ...given, defender: null };
        const { periods, rewardScale } = config;
        const environment = defineEnvironment(kind.create(config));
        const { fields } = environment.observationSpace;
        const most = largest(config.maxTrade);
        const parameters = environment.parameters();
        const key = makeKey({ seed, phase: phases.check, rows });
        const enter = (at: typeof key) =>
          instancesOf(config, forUse(at, uses.reset)).map((drawn) => ({
            ...drawn,
            raid: begin(drawn.instance),
          }));
        let states = enter(key);
        let { state, observation, actionMask } = environment.reset(parameters, key);

        for (let step = 1; step <= 2 * periods + 1; step += 1) {
          checkSight(config, fields, observation, states);
          const mask = actionMask!.arraySync();
          states.forEach(({ instance, raid }, row) => {
            const [low, high] = allowedTrades(instance, raid);
            expect(mask[row]!.map(Boolean)).toEqual(
              Array.from({ length: 2 * most + 1 }, (_, i) => i - most >= low && i - most <= high),
            );
          });
          // Also what the mask forbids.
          const action = Array.from(
            { length: rows },
            (_, row) => chosen[step * rows + row]! % (2 * most + 1),
          );
          const stepKey = keyAt(key, tf.scalar(step, 'int32'));
          const u = uniform(forUse(stepKey, uses.dynamics), draws.noise).arraySync();
          const next = environment.step(parameters, state, tf.tensor1d(action, 'int32'), stepKey);
          const [reward, noisePart] = [next.reward.arraySync(), next.noise!.arraySync()];
          states = states.map((before, row) => {
            const { instance, noise } = before;
            const jump = floor(u[row]! * (2 * noise + 1)) - noise;
            const moved = attack(instance, before.raid, action[row]! - most);
            const raid = finishPeriod(instance, moved, jump);
            const earned = liquidate(instance, raid) - liquidate(instance, before.raid);
            near(reward[row]!, earned * rewardScale, 'reward');
            near(noisePart[row]!, moved.position * jump * rewardScale, 'noise');
            return { ...before, raid };
          });
          const done = step % periods === 0;
          expect(next.terminated.arraySync().map(Boolean)).toEqual(new Array(rows).fill(done));
          checkSight(config, fields, next.finalObservation, states);
          const measured = (name: string) => next.metrics[name]!.arraySync() as number[];
          states.forEach(({ instance, raid }, row) => {
            near(measured('profit')[row]!, done ? liquidate(instance, raid) : 0, 'profit');
            near(measured('covered')[row]!, done ? -raid.position : 0, 'covered');
            const firedStops = instance.stops.length - raid.live.length;
            near(measured('stopsFired')[row]!, done ? firedStops : 0, 'stopsFired');
          });
          if (done) states = enter(stepKey);
          ({ state, observation, actionMask } = next);
        }
      });
    }),
    { numRuns: 20 },
  );
});

/** Chooses by what it sees, so that seeing the wrong moment is noticed. @param choices how many it has */
const watcher = (choices: number, unit: number, periods: number): Opponent => ({
  parameters: () => ({ shift: tf.scalar(1) }),
  act({ parameters, observation }) {
    const [timeLeft, short] = tf.unstack(observation, 1);
    const counted = tf.add(tf.mul(timeLeft!, periods), tf.mul(short!, unit));
    const wanted = tf.round(tf.add(counted, parameters.shift!));
    return tf.cast(tf.mod(wanted, choices), 'int32');
  },
});
const watch = (choices: number, { periods }: Instance, raid: Raid): number =>
  (periods - raid.period - raid.position + 1) % choices;

test.each([0, 1] as const)(
  'as the environment of player %i it is the game played by hand',
  (side) => {
    const actions = fc.array(fc.nat(), { minLength: 36, maxLength: 36 });
    const defended = configs.filter(({ defender }) => defender !== null);
    fc.assert(
      fc.property(defended, actions, fc.integer({ min: 0, max: 99 }), (config, chosen, seed) => {
        tf.tidy(() => {
          const { periods, rewardScale } = config;
          const game = kind.createGame!(config)!;
          expect(game.players.map(({ name }) => name)).toEqual(['predator', 'defender']);
          const most = largest(config.maxTrade);
          const choices = [2 * most + 1, config.defender!.maxTrade + 1] as const;
          const opponent = watcher(choices[side === 0 ? 1 : 0], largest(config.maxShort), periods);
          const environment = defineEnvironment(environmentOf(game, side, opponent));
          const { fields } = environment.observationSpace;
          const parameters = environment.parameters();
          expect(parameters['opponent/shift']).toBeDefined();
          const key = makeKey({ seed, phase: phases.check, rows });

          const answer = (instance: Instance, raid: Raid): Raid =>
            side === 0
              ? defend(instance, raid, watch(choices[1], instance, raid))
              : attack(instance, raid, watch(choices[0], instance, raid) - most);
          const enter = (at: typeof key) =>
            instancesOf(config, forUse(at, uses.reset)).map((drawn) => {
              const start = begin(drawn.instance);
              return {
                ...drawn,
                earned: 0,
                raid: side === 0 ? start : answer(drawn.instance, start),
              };
            });
          let states = enter(key);
          let { state, observation, actionMask } = environment.reset(parameters, key);

          for (let step = 1; step <= 2 * periods + 1; step += 1) {
            checkSight(config, fields, observation, states);
            const mask = actionMask!.arraySync();
            const action = Array.from(
              { length: rows },
              (_, row) => chosen[step * rows + row]! % choices[side],
            );
            states.forEach(({ instance, raid }, row) => {
              const [low, high] =
                side === 0
                  ? allowedTrades(instance, raid).map((units) => units + most)
                  : [0, min(raid.budget, instance.maxPurchase)];
              expect(mask[row]!.map(Boolean)).toEqual(
                Array.from({ length: choices[side] }, (_, i) => i >= low! && i <= high!),
              );
            });
            const stepKey = keyAt(key, tf.scalar(step, 'int32'));
            const u = uniform(forUse(stepKey, uses.dynamics), draws.noise).arraySync();
            const next = environment.step(parameters, state, tf.tensor1d(action, 'int32'), stepKey);
            const done = step % periods === 0;
            const reward = next.reward.arraySync();
            states = states.map((before, row) => {
              const { instance, noise } = before;
              const jump = floor(u[row]! * (2 * noise + 1)) - noise;
              const mine = action[row]!;
              const both =
                side === 0
                  ? answer(instance, attack(instance, before.raid, mine - most))
                  : defend(instance, before.raid, mine);
              const settled = finishPeriod(instance, both, jump);
              // Of the predator, since the last settlement.
              const total = liquidate(instance, settled);
              near(
                reward[row]!,
                (side === 0 ? 1 : -1) * (total - before.earned) * rewardScale,
                'reward',
              );
              const raid = side === 0 || done ? settled : answer(instance, settled);
              return { ...before, raid, earned: total };
            });
            expect(next.terminated.arraySync().map(Boolean)).toEqual(new Array(rows).fill(done));
            checkSight(config, fields, next.finalObservation, states);
            if (done) {
              const profit = next.metrics.profit!.arraySync() as number[];
              states.forEach(({ earned }, row) => near(profit[row]!, earned, 'profit'));
              states = enter(stepKey);
            }
            ({ state, observation, actionMask } = next);
          }
        });
      }),
      { numRuns: 8 },
    );
  },
);

test('both players and all options keep the contract of an environment', () => {
  const configured = {
    stops: { count: { low: 1, high: 3 } },
    halfSpread: { low: 0, high: 3 },
    recovery: { low: 0, high: 2 },
    noise: 2,
    randomStart: 0.5,
  };
  expect(checkEnvironment(kind, { config: configured })).toEqual([]);
  const defended = { ...configured, defender: { budget: 3, plays: 'random' } };
  expect(checkEnvironment(kind, { config: defended })).toEqual([]);
  const game = kind.createGame!(predationSchema.parse(defended))!;
  const second = environmentOf(game, 1, watcher(11, 10, 4));
  expect(checkEnvironment(defineEnvironment(second) as never)).toEqual([]);
});

test('without a defender there is no game; with one that buys nothing, a raid as if alone', () => {
  const alone = predationSchema.parse({});
  expect(kind.createGame!(alone)).toBeNull();
  expect(kind.references!(alone)).toEqual({ naive: 'abstain', optimum: 'raid' });
  const defended = predationSchema.parse({ defender: { budget: 3 } });
  expect(kind.references!(defended)).toBeNull();
  tf.tidy(() => {
    const total = (config: PredationConfig, trades: readonly number[]) => {
      const environment = defineEnvironment(kind.create(config));
      const parameters = environment.parameters();
      const key = makeKey({ seed: 0, phase: phases.check, rows: 1 });
      let state: Tensors = environment.reset(parameters, key).state;
      let sum = 0;
      for (const units of trades) {
        const next = environment.step(parameters, state, tf.tensor1d([units + 5], 'int32'), key);
        state = next.state;
        sum += next.reward.arraySync()[0]!;
      }
      return sum;
    };
    // The published optimum: sell 5.
    for (const config of [alone, defended]) {
      expect(total(config, [-5, 0, 0, 0])).toBe(30);
      expect(total(config, [-5, 5, 0, 0])).toBe(30);
      expect(total(config, [-4, 4, -4, 0])).toBe(-16);
      expect(total(config, [-5, -5, 0, 0])).toBe(20);
    }
  });
});

test('random starts are states that play can reach, each period as likely, with nothing earned yet', () => {
  tf.tidy(() => {
    const config = predationSchema.parse({
      periods: 3,
      maxTrade: 2,
      maxShort: 3,
      stops: [{ level: 196, volume: 2 }],
      recovery: 1,
      defender: { budget: 2, maxTrade: 1 },
      randomStart: 0.75,
    });
    const instance: Instance = {
      ...(config as unknown as Instance),
      budget: 2,
      maxPurchase: 1,
    };
    const name = (raid: Raid) =>
      [raid.period, raid.mid, raid.live.length, raid.position, raid.budget].join();
    const reachable = new Set<string>();
    let open = [begin(instance)];
    for (let period = 0; period < 3; period += 1) {
      open.forEach((raid) => reachable.add(name(raid)));
      open = open.flatMap((raid) => {
        const [low, high] = allowedTrades(instance, raid);
        return Array.from({ length: high - low + 1 }, (_, i) =>
          attack(instance, raid, low + i),
        ).flatMap((moved) =>
          Array.from({ length: min(1, moved.budget) + 1 }, (_, i) =>
            finishPeriod(instance, defend(instance, moved, i), 0),
          ),
        );
      });
      open = [...new Map(open.map((raid) => [name(raid), raid])).values()];
    }
    const game = kind.createGame!(config)!;
    const parameters = game.parameters();
    const key = makeKey({ seed: 0, phase: phases.check, rows: 6000, use: uses.reset });
    const state = game.reset(parameters, key);
    const column = (of: string) => state[of]!.arraySync() as number[];
    const [step, mid, fired, position, budget, cash, profit] = [
      column('step'),
      column('mid'),
      column('fired'),
      column('position'),
      column('budget'),
      column('cash'),
      column('profit'),
    ];
    const met = new Set<string>();
    const counts = [0, 0, 0];
    for (let row = 0; row < 6000; row += 1) {
      const raid: Raid = {
        period: step[row]!,
        mid: mid[row]!,
        live: fired[row] === 1 ? [] : instance.stops,
        position: position[row]!,
        budget: budget[row]!,
        cash: cash[row]!,
      };
      counts[raid.period]! += 1;
      met.add(name(raid));
      if (profit[row] !== 0 || liquidate(instance, raid) !== 0) throw new Error(name(raid));
    }
    expect([...met].filter((state) => !reachable.has(state))).toEqual([]);
    expect([...reachable].filter((state) => !met.has(state))).toEqual([]);
    // A quarter of all begin at the start as ever, and a third of the others.
    [0.5, 0.25, 0.25].forEach((share, period) => {
      expect(Math.abs(counts[period]! / 6000 - share)).toBeLessThan(0.03);
    });
    const fresh = game.reset({ ...parameters, randomStart: tf.scalar(0) }, key);
    expect(tf.max(fresh.step!).arraySync()).toBe(0);
  });
});

test.each([
  [{ stops: [{ level: 200, volume: 1 }] }, /^env\.stops\.0\.level: 200 is not below the mid/],
  [{ halfSpread: { low: 2, high: 1 } }, /^env\.halfSpread: low 2, high 1; expected low ≤ high/],
  [{ stops: { gap: { low: 3, high: 1 } } }, /^env\.stops\.gap: low 3, high 1/],
  [{ stops: { distance: 0 } }, /^env\.stops\.distance: 0; expected 1 at least/],
  [{ stops: { volume: { low: 0, high: 3 } } }, /^env\.stops\.volume: 0; expected 1 at least/],
  [{ stops: { count: 0 } }, /^env\.stops\.count: up to 0 stops; expected 1 to 12/],
  [{ maxTrade: 0 }, /^env\.maxTrade: 0 units; expected 1 to 100/],
  [{ mid: 1e7 }, /^env\.maxShort: a short of 10 units can cost/],
])('says what is wrong with %j', (config, message) => {
  expect(() => kind.create(predationSchema.parse(config))).toThrow(message);
});
