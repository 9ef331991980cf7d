import * as tf from '@tensorflow/tfjs';

import { solveUpMove } from '../../../algorithms/solvers/limit-order-book/up-move';
import { compile } from '../../../engine/compile/compile';
import { findCompiler } from '../../../engine/compile/run/native';
import { startDevice } from '../../../engine/device';
import { scan } from '../../../engine/loops';
import { type Key, makeKey, phases, uniforms, uses } from '../../../engine/random';
import type { Tensors } from '../../../engine/tensors';
import { asColumn, asRows, bestQuotes, midOf } from '../../../envs/limit-order-book/book';
import { limitOrderBookSchema } from '../../../envs/limit-order-book/config';
import {
  createMarket,
  type Happened,
  type MarketState,
} from '../../../envs/limit-order-book/market';
import { bestOf } from '../../../envs/limit-order-book/matching';
import {
  noOrders,
  orderOf,
  ordersFrom,
  type OwnOrders,
  queueOf,
  replaceOrder,
} from '../../../envs/limit-order-book/own-orders';
import { stationaryWeights } from '../../../envs/limit-order-book/queue-reactive';

const found = findCompiler();
const withCompiler = 'compiler' in found ? describe : describe.skip;
if ('reason' in found) console.warn(`books are not simulated: ${found.reason}`);

function open(config: object, rows: number) {
  const { flow, ...rest } = limitOrderBookSchema.parse(config);
  if (flow.kind === 'replay') throw new Error('nothing to simulate');
  const market = createMarket({ ...rest, flow });
  const parameters = market.parameters();
  const key = makeKey({ seed: 0, phase: phases.test, rows });
  const books = tf.tidy(
    () => market.open(parameters, { ...key, use: uses.reset }) as never,
  ) as MarketState;
  return { market, flow, parameters, key, books };
}

/** Lets `follow` see each of so many events; its tensors are [B, …] and go from event to event. */
function watch(
  { market, parameters, key, books }: ReturnType<typeof open>,
  events: number,
  start: Tensors,
  follow: (
    seen: Tensors,
    before: MarketState,
    after: MarketState,
    happened: Happened,
    key: Key,
  ) => Tensors,
  options: { end?: number; place?: (state: MarketState, key: Key) => MarketState } = {},
): { seen: Record<string, Float32Array>; books: MarketState } {
  const play = compile(
    ({ rows, parameters: given }: { rows: Record<string, never>; parameters: Tensors }) => {
      const {
        row,
        books: from,
        seen: first,
      } = rows as unknown as {
        row: tf.Tensor1D;
        books: MarketState;
        seen: Tensors;
      };
      const { words, ...rates } = given as Tensors & { words: tf.Tensor1D };
      return scan(
        (carry: { books: MarketState; seen: Tensors }, index) => {
          const at: Key = { words, row, step: index, use: uses.dynamics };
          const before = options.place?.(carry.books, at) ?? carry.books;
          const end = options.end === undefined ? null : tf.scalar(options.end);
          const { state, happened } = market.advance(rates, before, at, end);
          const seen = follow(carry.seen, before, state, happened, at);
          return { carry: { books: state, seen }, output: {} };
        },
        { books: from, seen: first },
        events,
      ).carry;
    },
    { name: 'simulated books' },
  );
  const after = play({
    rows: { books, seen: start, row: key.row } as never,
    parameters: { ...parameters, words: key.words },
  });
  const seen = Object.fromEntries(
    Object.entries(after.seen).map(([name, tensor]) => [name, tensor.dataSync() as Float32Array]),
  );
  return { seen, books: after.books };
}

const total = (values: Float32Array): number => values.reduce((sum, value) => sum + value, 0);
const count = (condition: tf.Tensor): tf.Tensor => asRows(tf.cast(condition, 'float32'));
const sumOf = (rows: Float32Array, width: number): number[] =>
  Array.from({ length: width }, (_, column) => {
    let sum = 0;
    for (let at = column; at < rows.length; at += width) sum += rows[at]!;
    return sum;
  });

withCompiler('simulated books', () => {
  beforeAll(async () => {
    await startDevice('native');
  });

  it.each([
    ['unit orders', {}, 5000],
    ['orders of several shares', { sizes: { kind: 'geometric', mean: 3 } }, 5000],
    ['excited orders', { flow: { kind: 'poisson', excitation: { jump: 2, decay: 10 } } }, 5000],
    ['a queue-reactive book', { flow: { kind: 'queue-reactive' }, levels: 6 }, 300],
  ])(
    'never cross, and lose nobody’s shares or turn: %s, a million events',
    (_, config, leastFills) => {
      const rows = 2048;
      const opened = open(config, rows);
      const zeros = (): tf.Tensor1D => tf.zeros([rows]);
      const books: MarketState = { ...opened.books, ...noOrders(rows) };
      const names = ['crossed', 'odd', 'overtaken', 'lost', 'missized', 'fills', 'queued'];
      const { levels } = opened.market;
      /** Now and then a side is quoted anew, at the best price or behind it, three shares. */
      const place = (state: MarketState, key: Key): MarketState => {
        const own = state as unknown as OwnOrders;
        const [when, where] = tf.split(uniforms(key, 9, 2), 2, 1) as [tf.Tensor, tf.Tensor];
        const best = bestOf(state, own);
        const ticks = tf.floor(tf.mul(tf.square(where), 3));
        const quote = (side: 'bid' | 'ask', chosen: tf.Tensor) =>
          replaceOrder(state.depth, orderOf(own, side), side, {
            isPlaced: chosen,
            column:
              side === 'bid'
                ? tf.maximum(tf.sub(tf.minimum(best.bid, 2 * levels - 1), ticks), 0)
                : tf.minimum(tf.add(tf.maximum(best.ask, 0), ticks), 2 * levels - 1),
            size: tf.scalar(3),
          });
        return {
          ...state,
          ...ordersFrom(
            quote('bid', tf.logicalAnd(tf.less(when, 0.03), tf.greaterEqual(best.bid, 0))),
            quote('ask', tf.logicalAnd(tf.greater(when, 0.97), tf.less(best.ask, 2 * levels))),
          ),
        };
      };
      const { seen } = watch(
        { ...opened, books },
        500,
        Object.fromEntries(names.map((name) => [name, zeros()])),
        (so, before, after, { event, effect, filled, shifted }) => {
          const [had, has] = [before, after].map((state) => state as unknown as OwnOrders);
          const best = bestOf(after, has!);
          const sides = ['bid', 'ask'] as const;
          const shares = (state: MarketState, sign: number) =>
            tf.sum(tf.relu(tf.mul(state.depth, sign)), 1, true);
          const change = tf.concat(
            [-1, 1].map((sign) => tf.sub(shares(after, sign), shares(before, sign))),
            1,
          );
          const onSide = tf.concat([tf.logicalNot(event.isAsk), event.isAsk], 1);
          const explained = tf.add(
            tf.mul(
              tf.cast(onSide, 'float32'),
              tf.sub(effect.added, tf.add(effect.cancelled, effect.traded)),
            ),
            shifted,
          );
          const taken = tf.add(effect.traded, tf.sum(filled!, 1, true));
          const odd = sides.map((side) => {
            const order = orderOf(has!, side);
            const behind = tf.sub(queueOf(after.depth, order, side), order.ahead);
            const isResting = tf.greater(order.size, 0);
            return tf.logicalOr(
              tf.less(tf.minimum(order.size, order.ahead), 0),
              tf.logicalAnd(isResting, tf.less(behind, 0)),
            );
          });
          const overtaken = sides.map((side, index) => {
            const [old, order] = [orderOf(had!, side), orderOf(has!, side)];
            const fill = tf.slice(filled!, [0, index], [-1, 1]);
            // Filled though others were first, or others behind served while shares of it rested.
            const tooEarly = tf.logicalAnd(tf.greater(fill, 0), tf.greater(order.ahead, 0));
            const tooLate = tf.logicalAnd(
              tf.logicalAnd(tf.greater(fill, 0), tf.greater(order.size, 0)),
              tf.greater(effect.traded, old.ahead),
            );
            return tf.logicalOr(tooEarly, tooLate);
          });
          const paid = tf.sub(tf.sub(had!.ownSize, has!.ownSize), filled!);
          const any = (conditions: readonly tf.Tensor[]) =>
            count(conditions.reduce((one, other) => tf.logicalOr(one, other)));
          return {
            crossed: tf.add(so.crossed!, count(tf.greaterEqual(best.bid, best.ask))),
            odd: tf.add(so.odd!, any(odd)),
            overtaken: tf.add(so.overtaken!, any(overtaken)),
            lost: tf.add(so.lost!, tf.sum(tf.abs(tf.sub(change, explained)), 1)),
            missized: tf.add(
              tf.add(so.missized!, count(tf.greater(taken, event.size))),
              tf.sum(tf.abs(paid), 1),
            ),
            fills: tf.add(so.fills!, tf.sum(filled!, 1)),
            queued: tf.add(so.queued!, count(tf.greater(orderOf(has!, 'bid').ahead, 0))),
          };
        },
        { place },
      );
      for (const name of ['crossed', 'odd', 'overtaken', 'lost', 'missized']) {
        expect([name, total(seen[name]!)]).toEqual([name, 0]);
      }
      expect(total(seen.fills!)).toBeGreaterThan(leastFills);
      expect(total(seen.queued!)).toBeGreaterThan(50_000);
    },
  );

  it('have the statistics of Cont, Stoikov and Talreja, in ten million events', () => {
    const rows = 20_000;
    const opened = open({ warmUp: 300 }, rows);
    const events = 500;
    const { levels } = opened.market;
    const { seen, books } = watch(
      opened,
      events,
      {
        spread: tf.zeros([rows, 5]),
        width: tf.zeros([rows]),
        depth: tf.zeros([rows, 10]),
        moves: tf.zeros([rows]),
        variation: tf.zeros([rows]),
      },
      (so, before, after) => {
        const [best, next] = [bestQuotes(before.depth), bestQuotes(after.depth)];
        const time = asColumn(tf.sub(after.time, before.time));
        const width = tf.sub(best.ask, best.bid);
        const at = (column: tf.Tensor, sign: number) =>
          tf.sum(
            tf.mul(
              tf.cast(tf.equal(tf.range(0, 2 * levels).reshape([1, -1]), column), 'float32'),
              tf.relu(tf.mul(before.depth, sign)),
            ),
            1,
            true,
          );
        const depths = Array.from({ length: 10 }, (_, index) =>
          tf.mul(
            tf.add(at(tf.sub(best.ask, index + 1), -1), at(tf.add(best.bid, index + 1), 1)),
            0.5,
          ),
        );
        const move = tf.sub(midOf(after, next), midOf(before, best));
        const ticks = tf.reshape(tf.range(1, 6), [1, 5]);
        return {
          spread: tf.add(so.spread!, tf.mul(tf.cast(tf.equal(width, ticks), 'float32'), time)),
          width: tf.add(so.width!, asRows(tf.mul(width, time))),
          depth: tf.add(so.depth!, tf.mul(tf.concat(depths, 1), time)),
          moves: tf.add(so.moves!, count(tf.notEqual(move, 0))),
          variation: tf.add(so.variation!, asRows(tf.square(move))),
        };
      },
    );
    const minutes = total(books.time.dataSync() as Float32Array);
    const spread = sumOf(seen.spread!, 5).map((time) => time / minutes);
    [0.743, 0.187, 0.05, 0.014, 0.004].forEach((share, index) =>
      expect(Math.abs(spread[index]! - share)).toBeLessThan(0.002),
    );
    const within = (value: number, right: number, share: number) =>
      expect(Math.abs(value / right - 1)).toBeLessThan(share);
    within(total(seen.width!) / minutes, 1.354, 0.02);
    const depth = sumOf(seen.depth!, 10).map((sum) => sum / minutes);
    [1.59, 1.65, 1.58, 1.57, 1.58, 1.56].forEach((mean, index) =>
      within(depth[index]!, mean, 0.02),
    );
    expect(Math.max(...depth)).toBe(depth[1]);
    within(depth[9]!, 1.25, 0.03);
    within(total(seen.moves!) / minutes, 2.5, 0.03);
    within(total(seen.variation!) / minutes, 1.4, 0.05);

    // Each book has gone on for thirteen minutes: what bounces has averaged out, as at a lag of ten.
    const moved = asRows(midOf(books, bestQuotes(books.depth))).dataSync<'float32'>();
    const first = asRows(midOf(opened.books, bestQuotes(opened.books.depth))).dataSync();
    const squares = moved.reduce((sum, value, row) => sum + (value - first[row]!) ** 2, 0);
    expect(Math.abs(squares / minutes - 1)).toBeLessThan(0.06);
  });

  it('move up next as often as the race of the best queues says', () => {
    const rows = 8192;
    const opened = open({ warmUp: 100 }, rows);
    const most = 3;
    const { seen } = watch(
      opened,
      600,
      {
        start: tf.zeros([rows, 1]),
        races: tf.zeros([rows, most * most]),
        ups: tf.zeros([rows, most * most]),
      },
      (so, before, after, _happened, { step }) => {
        const [best, next] = [bestQuotes(before.depth), bestQuotes(after.depth)];
        const columns = tf.reshape(tf.range(0, before.depth.shape[1]), [1, -1]);
        const at = (column: tf.Tensor) =>
          tf.sum(
            tf.mul(tf.cast(tf.equal(columns, column), 'float32'), tf.abs(before.depth)),
            1,
            true,
          );
        const move = tf.sub(midOf(after, next), midOf(before, best));
        const [bid, ask] = [at(best.bid), at(best.ask)];
        const isOpen = tf.logicalAnd(
          tf.equal(tf.sub(best.ask, best.bid), 1),
          tf.lessEqual(tf.maximum(bid, ask), most),
        );
        // A race starts where none is on; its number is 1 + most (b − 1) + a − 1, 0: none.
        const number = tf.add(tf.mul(tf.sub(bid, 1), most), ask);
        // None starts so late that it might not end: the long ones end otherwise than the short ones.
        const inTime = tf.less(step, tf.scalar(300, 'int32'));
        const isNew = tf.logicalAnd(tf.logicalAnd(tf.equal(so.start!, 0), isOpen), inTime);
        const start = tf.where(isNew, number, so.start!);
        const ends = tf.logicalAnd(tf.notEqual(move, 0), tf.greater(start, 0));
        const isIt = tf.logicalAnd(
          ends,
          tf.equal(start, tf.reshape(tf.range(1, most * most + 1), [1, -1])),
        );
        const isUp = tf.logicalAnd(isIt, tf.greater(move, 0));
        return {
          start: tf.mul(start, tf.cast(tf.logicalNot(ends), 'float32')),
          races: tf.add(so.races!, tf.cast(isIt, 'float32')),
          ups: tf.add(so.ups!, tf.cast(isUp, 'float32')),
        };
      },
    );
    const [races, ups] = [sumOf(seen.races!, most * most), sumOf(seen.ups!, most * most)];
    const expected = solveUpMove({ limit: 1.85, cancel: 0.71, market: 0.94 }, most);
    expected.flat().forEach((probability, index) => {
      const deviation = Math.sqrt((probability * (1 - probability)) / races[index]!);
      expect(races[index]).toBeGreaterThan(500);
      expect(Math.abs(ups[index]! / races[index]! - probability)).toBeLessThan(4 * deviation);
    });
  });

  it('get as many excited market orders as Hawkes says', () => {
    const rows = 100_000;
    const excitation = { of: 'market', jump: 0.6, decay: 1 };
    // Few orders of other kinds: they make no difference to market orders.
    const few = { limit: [0.1], cancel: [0.1], beyond: { scale: 0 } };
    const flow = { kind: 'poisson', market: 1.2, excitation, ...few };
    const opened = open({ flow, warmUp: 0 }, rows);
    const { seen, books } = watch(
      opened,
      30,
      { orders: tf.zeros([rows, 2]) },
      (so, _before, _after, { event }) => {
        const isMarket = tf.logicalAnd(event.happens, event.isMarket);
        const bySide = tf.concat([tf.logicalNot(event.isAsk), event.isAsk], 1);
        return {
          orders: tf.add(so.orders!, tf.cast(tf.logicalAnd(isMarket, bySide), 'float32')),
        };
      },
      { end: 1 },
    );
    expect(books.time.min().dataSync()[0]).toBe(1);
    // The standard deviation of the count is about 1.7.
    for (const sum of sumOf(seen.orders!, 2)) {
      expect(Math.abs(sum / rows - 1.51644)).toBeLessThan((4 * 1.7) / Math.sqrt(rows));
    }
  });

  it('are the same without excitation and with one of nothing', () => {
    const play = (flow: object) => {
      const opened = open({ flow: { kind: 'poisson', ...flow } }, 64);
      const { books } = watch(opened, 100, { none: tf.zeros([64]) }, (so) => so);
      return [books.depth, books.anchor].map((tensor) => Array.from(tensor.dataSync()));
    };
    expect(play({ excitation: { jump: 0, decay: 3 } })).toEqual(play({}));
  });

  it('have the stationary law of each level where rates depend on its queue', () => {
    const rows = 20_000;
    const queue = (at: (n: number) => number) => Array.from({ length: 12 }, (_, n) => at(n));
    const tables = {
      limit: [queue((n) => 3 + 4 / (1 + n)), queue(() => 4)],
      cancel: [queue((n) => 0.8 * n), queue((n) => 1.1 * n)],
      market: [queue((n) => (n === 0 ? 0 : 1 + 2 / n)), queue(() => 0)],
    };
    const flow = { kind: 'queue-reactive', ...tables, referenceMove: 0, redraw: 0 };
    const opened = open({ flow, levels: 3, observedLevels: 1, warmUp: 0 }, rows);
    const sizes = 16;
    const { seen } = watch(
      opened,
      300,
      { first: tf.zeros([rows, sizes]), second: tf.zeros([rows, sizes]) },
      (so, before, after) => {
        const time = asColumn(tf.sub(after.time, before.time));
        const law = (column: number) =>
          tf.mul(
            tf.cast(
              tf.equal(
                tf.abs(tf.slice(before.depth, [0, column], [-1, 1])),
                tf.reshape(tf.range(0, sizes), [1, -1]),
              ),
              'float32',
            ),
            time,
          );
        return { first: tf.add(so.first!, law(3)), second: tf.add(so.second!, law(1)) };
      },
    );
    (['first', 'second'] as const).forEach((name, index) => {
      const weights = stationaryWeights(opened.flow as never, index + 1);
      const sum = weights.reduce((one, other) => one + other, 0);
      const times = sumOf(seen[name]!, sizes);
      const whole = times.reduce((one, other) => one + other, 0);
      times.forEach((time, n) =>
        expect(Math.abs(time / whole - (weights[n] ?? 0) / sum)).toBeLessThan(0.003),
      );
    });
  });
});
