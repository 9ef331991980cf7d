import * as tf from '@tensorflow/tfjs';

import { compile } from '../../../../engine/compile/compile';
import { findCompiler } from '../../../../engine/compile/run/native';
import { startDevice } from '../../../../engine/device';
import { type Key, keyAt, makeKey, phases, uniform } from '../../../../engine/random';
import type { Tensors } from '../../../../engine/tensors';
import { assertEnvironment } from '../../../../envs/check';
import { kind } from '../../../../envs/limit-order-book';
import type { AgentState } from '../../../../envs/limit-order-book/account';
import { limitOrderBookSchema } from '../../../../envs/limit-order-book/config';
import { executeChoices } from '../../../../envs/limit-order-book/execute';
import { draws } from '../../../../envs/limit-order-book/market';
import { noOrders } from '../../../../envs/limit-order-book/own-orders';
import type { Recording } from '../../../../envs/limit-order-book/replay/recording';
import {
  createReplayMarket,
  type ReplayState,
} from '../../../../envs/limit-order-book/replay/replay-market';
import { makeFromKind } from '../../../../envs/registry';
import { sampleAction } from '../../../../envs/sample-action';
import { createRandom } from '../../../algorithms/calibration/simulate';
import { recordLines } from './record-lines';
import { playRow, type Resting, windowOf } from './reference';
import { parseDay, simulateDay } from './simulate-day';

const { abs, floor, max, min } = Math;

beforeAll(() => tf.setBackend('cpu'));

const simulate = (seed: number, middle = 1000, events = 150) =>
  simulateDay(createRandom(seed), { events, levels: 45, middle });

const configOf = (given: Record<string, unknown> = {}) => ({
  flow: { kind: 'replay', files: ['recorded'], split: null, typicalSize: 30 },
  horizon: 0.5,
  interval: 1 / 12,
  events: 8,
  task: { kind: 'execute', quantity: 100, lot: 20 },
  ...given,
});

const numbers = (tensor: tf.Tensor): number[] => [...tensor.dataSync()];

describe('a replay', () => {
  it('fills the agent as a scalar reference does, and shows the recorded book', async () => {
    const levels = 16;
    const rows = 8;
    const lines = simulate(7, 1000, 200);
    const recorded = parseDay(lines);
    const recording = await recordLines(
      { '2012-06-21': lines },
      { levels, horizon: 0.5, every: 0.1 },
    );
    const market = createReplayMarket(recording);
    const random = createRandom(2);
    const whole = (from: number, to: number) => from + floor(random.uniform() * (to - from + 1));
    tf.tidy(() => {
      const parameters = market.parameters();
      const key = makeKey({ seed: 3, phase: phases.training, rows });
      // The same key for every event: one number rounds all proportions of a row.
      const rounding = numbers(uniform(key, draws.ahead));
      let state = { ...market.open(parameters, key), ...noOrders(rows) } as AgentState &
        ReplayState;
      const began = tf.unstack(state.origin).map((origin) => {
        const [minute, fraction] = numbers(origin);
        return (minute! + fraction!) * 60;
      });
      const lastBefore = (time: number) => recorded.findLastIndex((row) => row.time <= time + 5e-6);
      const at = began.map(lastBefore);
      const base = at.map((row) => windowOf(recorded[row]!.depth, levels).anchor);
      let [fills, checked] = [0, 0];
      for (let step = 1; step <= 14; step += 1) {
        const orders = at.map((row, index): Resting[] => {
          const { bid, ask, shares, anchor } = windowOf(recorded[row]!.depth, levels);
          return (['bid', 'ask'] as const).map((side) => {
            const price =
              side === 'bid' ? min(bid - whole(-1, 2), ask - 1) : max(ask + whole(-1, 2), bid + 1);
            const queue = abs(shares[price - anchor + levels]!);
            const size = step % 3 === index % 3 ? whole(1, 9) * 10 : 0;
            return { side, price, size, ahead: whole(0, queue) };
          });
        });
        const anchors = numbers(state.anchor);
        // New orders every third step; else what rests stays.
        const isNew = orders.map((pair) => pair[0]!.size > 0);
        const current = orders.map((pair, row): Resting[] => {
          if (isNew[row]) return pair;
          const [columns, sizes, aheads] = [state.ownColumn, state.ownSize, state.ownAhead].map(
            (leaf) => numbers(leaf).slice(row * 2, row * 2 + 2),
          ) as [number[], number[], number[]];
          return (['bid', 'ask'] as const).map((side, which) => ({
            side,
            price: columns[which]! - levels + anchors[row]! + base[row]!,
            size: sizes[which]!,
            ahead: aheads[which]!,
          }));
        });
        const toTensor = (value: (order: Resting, row: number) => number) =>
          tf.tensor2d(current.map((pair, row) => pair.map((order) => value(order, row))));
        state = {
          ...state,
          ownColumn: toTensor(({ price }, row) => price - base[row]! - anchors[row]! + levels),
          ownSize: toTensor(({ size }) => size),
          ownAhead: toTensor(({ ahead }) => ahead),
        };
        const end = tf.fill([rows, 1], step / 60);
        const gained = Array.from({ length: rows }, () => [0, 0, 0]);
        for (let event = 0; event < 16; event += 1) {
          const { state: next, happened } = market.advance(parameters, state, key, end);
          const [filled, price] = [numbers(happened.filled!), numbers(happened.price)];
          gained.forEach((sum, row) => {
            sum[0]! += filled[row * 2]!;
            sum[1]! += filled[row * 2 + 1]!;
            sum[2]! += (filled[row * 2]! - filled[row * 2 + 1]!) * (price[row]! + base[row]!);
          });
          state = next as AgentState & ReplayState;
        }
        const [depth, anchor] = [numbers(state.depth), numbers(state.anchor)];
        const [columns, sizes, aheads] = [state.ownColumn, state.ownSize, state.ownAhead].map(
          numbers,
        );
        at.forEach((from, row) => {
          const to = lastBefore(began[row]! + step);
          const expected = [0, 0, 0];
          const left = current[row]!.map((resting, which) => {
            let order = resting;
            for (let index = from + 1; index <= to; index += 1) {
              const before = recorded[index - 1]!.depth;
              const played = playRow(order, before, recorded[index]!, rounding[row]!);
              expected[which]! += played.filled;
              expected[2]! += (which === 0 ? 1 : -1) * played.filled * order.price;
              order = played.order;
            }
            return order;
          });
          at[row] = to;
          expect(gained[row]).toEqual(expected);
          fills += expected[0]! + expected[1]!;
          const [bid, ask] = left as [Resting, Resting];
          const window = windowOf(recorded[to]!.depth, levels);
          // What was hidden is shown again by the next event.
          if (to > from) {
            expect(anchor[row]! + base[row]!).toBe(window.anchor);
            const shown = window.shares.map((shares, column) => {
              const price = window.anchor + column - levels;
              const crosses =
                shares > 0
                  ? bid.size > 0 && price <= bid.price
                  : ask.size > 0 && price >= ask.price;
              if (crosses && shares !== 0) checked += 1;
              return crosses ? 0 : shares;
            });
            // Without −0.
            expect(
              depth.slice(row * 2 * levels, (row + 1) * 2 * levels).map((one) => one + 0),
            ).toEqual(shown);
          }
          left.forEach((order, which) => {
            const place = row * 2 + which;
            expect(sizes![place]).toBe(order.size);
            if (order.size === 0) return;
            expect(columns![place]! - levels + window.anchor).toBe(order.price);
            expect(aheads![place]).toBe(order.ahead);
          });
        });
      }
      expect(fills).toBeGreaterThan(200);
      expect(checked).toBeGreaterThan(0);
    });
  });

  const messages = [
    '34200,1,1,1,900000,1',
    '34205,4,2,25,1010000,-1',
    '34212,2,3,5,1010000,-1',
    '34215,4,4,10,1010000,-1',
    '34216,4,5,20,1020000,-1',
    '34222,1,6,5,1010000,1',
    '34224,5,0,7,1015000,1',
    '34265,1,8,1,900000,1',
  ];
  const book = (ask: number, asks: number, bid = 1_000_000, bids = 50) =>
    `${ask},${asks},${bid},${bids},1030000,90,${bid - 10_000},${bid > 1_000_000 ? 50 : 30}`;
  const books = [
    book(1_010_000, 40),
    book(1_010_000, 15),
    book(1_010_000, 10),
    book(1_020_000, 60),
    book(1_020_000, 40),
    book(1_020_000, 40, 1_010_000, 5),
    book(1_020_000, 40, 1_010_000, 5),
    book(1_020_000, 40, 1_010_000, 6),
  ];

  const sale = async () => {
    const recording = await recordLines(
      { '2012-06-21': { messages, books } },
      { tick: 1, levels: 5 },
    );
    return makeFromKind(
      kind,
      configOf({
        levels: 5,
        horizon: 1,
        interval: 1 / 6,
        task: { kind: 'execute', quantity: 30, lot: 10 },
        flow: { ...configOf().flow, tick: 1 },
      }),
      recording,
    );
  };

  it('sells as worked out by hand', async () => {
    const environment = await sale();
    tf.tidy(() => {
      const parameters = environment.parameters();
      const key = makeKey({ seed: 0, phase: phases.training, rows: 1 });
      let { state } = environment.reset(parameters, key);
      const act = (choice: number) => {
        const result = environment.step(parameters, state, tf.tensor1d([choice], 'int32'), key);
        ({ state } = result);
        return result;
      };
      const own = () => [numbers(state.ownSize!)[1], numbers(state.ownAhead!)[1]];
      // At 101 behind 40; 25 of them trade.
      act(executeChoices.join);
      expect(own()).toEqual([30, 15]);
      // 5 of the 15 are cancelled, so 5 ahead; 10 trade and use them up; then 20 trade one tick above.
      act(executeChoices.hold);
      expect(own()).toEqual([10, 0]);
      expect(numbers(state.inventory!)).toEqual([10]);
      // A buyer of 5 at 101 would have met the agent, as would nobody who sold; the bid is hidden.
      act(executeChoices.hold);
      expect(own()).toEqual([5, 0]);
      expect(numbers(state.depth!)).toEqual([0, 0, 0, -50, 0, 40, 90, 0, 0, 0]);
      // The rest at the best bid of others there is: 100.
      const { terminated, metrics, reward } = act(executeChoices.marketAll);
      expect(numbers(terminated)).toEqual([1]);
      // Sold 25 at 101 and 5 at 100, against a mid price of 100.5.
      expect(numbers(metrics.shortfall!)).toEqual([30 * 100.5 - 25 * 101 - 5 * 100]);
      expect(numbers(metrics.passiveShare!)[0]).toBeCloseTo(25 / 30, 6);
      expect(numbers(reward)[0]).toBeCloseTo(-5, 5);
    });
  });

  it('has back what the agent took at the next recorded event', async () => {
    const environment = await sale();
    tf.tidy(() => {
      const parameters = environment.parameters();
      const key = makeKey({ seed: 0, phase: phases.training, rows: 1 });
      const { state } = environment.reset(parameters, key);
      const lot = tf.tensor1d([executeChoices.marketLot], 'int32');
      const bidAt = (after: AgentState) => numbers(after.depth).at(4);
      const taken = environment.step({ ...parameters, interval: tf.scalar(0.05) }, state, lot, key);
      expect(bidAt(taken.state as AgentState)).toBe(-40);
      const next = environment.step(parameters, taken.state, lot, key);
      expect(bidAt(next.state as AgentState)).toBe(-50);
      expect(numbers(next.state.cash!)).toEqual([-20]);
    });
  });

  it('keeps the contract, and takes the days that its phase is for', async () => {
    const recording = await recordLines(
      {
        '2012-06-22': simulate(4, 1400),
        '2012-06-20': simulate(1),
        '2012-06-21': simulate(2, 1200),
        '2012-06-19': simulate(3, 1600),
      },
      { split: { trainUntil: '2012-06-20', validateUntil: '2012-06-21' }, every: 0.1 },
    );
    const definition = kind.create(limitOrderBookSchema.parse(configOf()), recording);
    assertEnvironment(definition, { rows: 3 });
    const dates = recording.days.map(({ date }) => date);
    expect(dates).toEqual(['2012-06-19', '2012-06-20', '2012-06-21', '2012-06-22']);
    const daysOf = (phase: number) =>
      tf.tidy(() => {
        const key = makeKey({ seed: 1, phase, rows: 200 });
        const { cursor } = definition.reset(definition.parameters(), key);
        const days = numbers(cursor!).map(
          (row) => recording.days.find(({ first, last }) => row > first && row < last)!.date!,
        );
        return [...new Set(days)].sort();
      });
    const training = ['2012-06-19', '2012-06-20'];
    expect(daysOf(phases.training)).toEqual(training);
    expect(daysOf(phases.imitation)).toEqual(training);
    expect(daysOf(phases.validation)).toEqual(['2012-06-21']);
    expect(daysOf(phases.test)).toEqual(['2012-06-22']);
  });

  it('keeps account of money and shares whatever the agent does', async () => {
    const recording = await recordLines({ '2012-06-21': simulate(11) }, { every: 0.1 });
    for (const task of [
      { kind: 'execute', side: 'buy', quantity: 150, lot: 30 },
      { kind: 'make', size: 20, maximumInventory: 100, inventoryPenalty: 0, close: 'cross' },
    ]) {
      const environment = makeFromKind(kind, configOf({ task }), recording);
      tf.tidy(() => playAll(environment, 12));
    }
  });

  it('says what is missing', async () => {
    const config = limitOrderBookSchema.parse(configOf());
    expect(() => kind.create(config)).toThrow('env.flow: a replay needs what was recorded');
    const recording = await recordLines({ '2012-06-21': simulate(1) }, { levels: 8 });
    expect(() => kind.create(config, recording)).toThrow('read with 8; expected the same');
  });
});

/** Random episodes to their end: others' book never crosses the agent's orders, and rewards add up. */
function playAll(environment: ReturnType<typeof makeFromKind>, rows: number): void {
  const parameters = environment.parameters();
  const first = makeKey({ seed: 0, phase: phases.training, rows });
  let { state, actionMask } = environment.reset(parameters, first);
  const sum = new Float64Array(rows);
  let ended = 0;
  const most = environment.horizon!;
  for (let step = 1; step <= most && ended < rows; step += 1) {
    const key: Key = keyAt(first, tf.scalar(step, 'int32'));
    const action = sampleAction(environment.actionSpace, key, 1000, actionMask);
    const result = environment.step(parameters, state, action, key);
    const [done, reward] = [numbers(result.terminated), numbers(result.reward)];
    const gained = numbers(
      result.metrics.return ?? result.metrics.shortfall ?? result.metrics.profit!,
    );
    done.forEach((isDone, row) => {
      sum[row]! += reward[row]!;
      if (!isDone) return;
      const sign = result.metrics.shortfall ? -1 : 1;
      expect(abs(sum[row]! - sign * gained[row]!)).toBeLessThan(0.02);
      sum[row] = 0;
      ended += 1;
    });
    ({ state, actionMask } = result);
    checkBook(state as AgentState);
  }
  expect(ended).toBeGreaterThanOrEqual(rows / 2);
}

function checkBook(state: AgentState): void {
  const [depth, columns, sizes, aheads] = [
    state.depth,
    state.ownColumn,
    state.ownSize,
    state.ownAhead,
  ].map(numbers) as [number[], number[], number[], number[]];
  const width = state.depth.shape[1];
  for (let row = 0; row < state.depth.shape[0]; row += 1) {
    const own = depth.slice(row * width, (row + 1) * width);
    const bid = max(
      own.findLastIndex((shares) => shares < 0),
      sizes[row * 2]! > 0 ? columns[row * 2]! : -1,
    );
    const ask = own.findIndex((shares) => shares > 0);
    const ownAsk = sizes[row * 2 + 1]! > 0 ? columns[row * 2 + 1]! : width;
    expect(bid).toBeLessThan(min(ask < 0 ? width : ask, ownAsk));
    expect(own.every(Number.isInteger)).toBe(true);
  }
  for (const value of [...sizes, ...aheads]) {
    expect(value >= 0 && Number.isInteger(value)).toBe(true);
  }
}

const found = findCompiler();
const withCompiler = 'compiler' in found ? describe : describe.skip;

withCompiler('a compiled replay', () => {
  it('gives what the interpreter does', async () => {
    const recording = await recordLines({ '2012-06-21': simulate(9) }, { every: 0.1 });
    const onCpu = run(recording, 'cpu');
    await startDevice('native');
    const compiled = run(recording, 'native');
    await tf.setBackend('cpu');
    expect(compiled.length).toBe(onCpu.length);
    compiled.forEach((values, index) => {
      const other = onCpu[index]!;
      values.forEach((value, place) => {
        expect(abs(value - other[place]!)).toBeLessThanOrEqual(1e-4 * max(1, abs(value)));
      });
    });
  });
});

/** What eight steps put out, as numbers. */
function run(recording: Recording, device: 'cpu' | 'native'): number[][] {
  const environment = makeFromKind(
    kind,
    configOf({ task: { kind: 'make', size: 20, maximumInventory: 60 } }),
    recording,
  );
  const outputs: number[][] = [];
  const rows = 37;
  const step = (given: {
    readonly rows: { readonly state: Tensors; readonly action: tf.Tensor; readonly row: tf.Tensor };
    readonly parameters: {
      readonly environment: Tensors;
      readonly words: tf.Tensor;
      readonly step: tf.Tensor;
    };
  }) => {
    const { words, step } = given.parameters;
    const key = { words, row: given.rows.row, step, use: 0 } as never;
    const { state, action } = given.rows;
    const next = environment.step(given.parameters.environment, state, action, key);
    return { ...next } as unknown as Record<string, tf.Tensor>;
  };
  const program = device === 'native' ? compile(step, { name: 'a step of a replay' }) : step;
  tf.tidy(() => {
    const parameters = environment.parameters();
    const key = makeKey({ seed: 5, phase: phases.test, rows });
    let { state, actionMask } = environment.reset(parameters, key);
    for (let at = 1; at <= 8; at += 1) {
      const now = keyAt(key, tf.scalar(at, 'int32'));
      const action = sampleAction(environment.actionSpace, now, 1000, actionMask);
      const result = program({
        rows: { state, action, row: key.row },
        parameters: { environment: parameters, words: key.words, step: now.step },
      }) as unknown as ReturnType<typeof environment.step>;
      outputs.push(
        numbers(action),
        numbers(result.reward),
        numbers(result.observation),
        numbers(result.terminated),
      );
      ({ state, actionMask } = result);
      outputs.push(
        ...Object.keys(state)
          .sort()
          .map((name) => numbers(state[name]!)),
      );
    }
  });
  return outputs;
}
