import fc from 'fast-check';

import { splitDays } from '../../../../envs/limit-order-book/replay/recording';
import { eventColumns, eventWidth } from '../../../../envs/limit-order-book/replay/tape';
import { createRandom } from '../../../algorithms/calibration/simulate';
import { recordLines } from './record-lines';
import { windowOf } from './reference';
import { parseDay, simulateDay } from './simulate-day';

const day = (seed: number, options: Partial<Parameters<typeof simulateDay>[1]> = {}) =>
  simulateDay(createRandom(seed), { events: 200, levels: 45, middle: 1000, ...options });

describe('the tape of a recorded day', () => {
  it('has the book of every row, and each share where the message says', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 1e6 }), async (seed) => {
        const lines = day(seed);
        const rows = parseDay(lines);
        const { tape } = await recordLines({ '2012-06-21': lines }, { levels: 6 });
        const window = (at: number) => [...tape.books.slice(at * 12, at * 12 + 12)];
        const event = (at: number, column: keyof typeof eventColumns) =>
          tape.events[at * eventWidth + eventColumns[column]]!;
        const base = windowOf(rows[0]!.depth, 6).anchor;
        let at = 0;
        rows.forEach((row, index) => {
          const { anchor, shares } = windowOf(row.depth, 6);
          const isNews = index === 0 || row.type === 4 || row.type === 5;
          const isSame =
            index > 0 &&
            event(at, 'anchor') === anchor - base &&
            shares.every((one, column) => one === window(at)[column]);
          if (index > 0 && (isNews || !isSame)) at += 1;
          expect(window(at)).toEqual(shares);
          expect(event(at, 'anchor')).toBe(anchor - base);
          if (index === 0 || (isSame && !isNews)) return;
          const seconds = (event(at, 'minute') + event(at, 'fraction')) * 60;
          expect(Math.abs(seconds - row.time)).toBeLessThan(5e-6);
          expect(event(at, 'price')).toBe(row.price - base);
          expect(event(at, 'size')).toBe(-row.direction * row.size);
          // Where the window stays, the message is all that changed: no share is lost.
          if (event(at - 1, 'anchor') !== event(at, 'anchor') || row.type > 4) return;
          const change = row.direction * (row.type === 1 ? -1 : 1) * row.size;
          const column = row.price - anchor + 6;
          const before = window(at - 1);
          const changes = shares.map((one, place) => one - before[place]!);
          expect(changes).toEqual(shares.map((_, place) => (place === column ? change : 0)));
        });
        expect(tape.rows).toBe(at + 2);
      }),
      { numRuns: 5 },
    );
  });

  it('begins with the book at the begin of the session', async () => {
    const lines = day(3, { pace: 2 });
    const rows = parseDay(lines);
    const { tape, days } = await recordLines(
      { '2012-06-21': lines },
      { session: { from: '09:32', to: '09:37:30' }, levels: 6, every: 1 },
    );
    const from = 9 * 3600 + 32 * 60;
    const before = rows.filter(({ time }) => time < from).at(-1)!;
    expect([...tape.books.slice(0, 12)]).toEqual(windowOf(before.depth, 6).shares);
    expect(days[0]).toMatchObject({ date: '2012-06-21', first: 0, last: tape.rows, from });
    const inside = rows.filter(({ time }) => time >= from && time <= from + 330);
    expect(days[0]!.to).toBe(inside.at(-1)!.time);
    const last = windowOf(inside.at(-1)!.depth, 6).shares;
    expect([...tape.books.slice((tape.rows - 2) * 12, (tape.rows - 1) * 12)]).toEqual(last);
  });

  it.each<[{ messages?: number; books?: number; row?: string }, string]>([
    [{ messages: 5, row: '34210,9,1,10,100000,1' }, "X_2012-06-21_message_20.csv:5: type '9'"],
    [{ books: 7, row: '100000,x' }, 'X_2012-06-21_orderbook_20.csv:7: 2 columns; expected 180'],
    [{ books: 200 }, 'X_2012-06-21_message_20.csv:200: no order book belongs to it'],
    [{ messages: 200 }, 'X_2012-06-21_orderbook_20.csv:200: no message belongs to it'],
  ])('refuses a bad row with file, line and reason (case %#)', async (change, message) => {
    const { messages, books } = day(1);
    const patch = (lines: string[], line: number | undefined) =>
      line === undefined
        ? lines
        : lines.toSpliced(line - 1, 1, ...(change.row ? [change.row] : []));
    const bad = {
      messages: patch(messages, change.messages),
      books: patch(books, change.books),
    };
    await expect(recordLines({ '2012-06-21': bad })).rejects.toMatchObject({
      name: 'InputError',
      message: expect.stringContaining(message) as string,
    });
  });

  it.each([
    [
      { tick: 0.02 },
      '_orderbook_20.csv:1: a price between ticks of 0.02; expected another env.flow.tick',
    ],
    [{ tick: 0.00015 }, 'env.flow.tick: 0.00015; expected a multiple of 0.0001'],
    [{ horizon: 60 }, 'env.horizon: no day of training has 60 minutes without a halt'],
    [{ session: { from: '10:30' } }, '_message_20.csv: nothing in it lies in env.flow.session'],
    [{ split: {} }, 'no day is left for test: the only day is 2012-06-21'],
  ])('says what is wrong with its options (case %#)', async (options, message) => {
    await expect(recordLines({ '2012-06-21': day(1) }, options)).rejects.toMatchObject({
      name: 'InputError',
      message: expect.stringContaining(message) as string,
    });
  });

  it('refuses a window in which the quotes do not fit', async () => {
    const lines = day(1, { tick: 1000 });
    await expect(recordLines({ '2012-06-21': lines }, { levels: 6, tick: 0.0001 })).rejects.toThrow(
      /env\.levels: in \d+ % of the recorded books a window of 6 ticks a side/,
    );
  });

  it('takes no episode across a halt, nor what happens in it', async () => {
    const { messages, books } = day(5);
    const [at, to] = [100, 104];
    const time = (index: number) => messages[index]!.split(',')[0]!;
    const halted = messages.map((message, index) =>
      index === at
        ? `${time(index)},7,0,0,-1,-1`
        : index === to
          ? `${time(index)},7,0,0,1,-1`
          : message,
    );
    // What is said to happen in between would change the book by its row.
    const { tape, days, starts } = await recordLines(
      { '2012-06-21': { messages: halted, books } },
      { levels: 6, every: 0.05, horizon: 0.5 },
    );
    expect(days[0]!.halts).toEqual([[Number(time(at)), Number(time(to))]]);
    expect(tape.rows).toBeLessThan(messages.length - (to - at) + 2);
    const begins = Array.from(
      { length: starts.length / 3 },
      (_, index) => (starts[index * 3 + 1]! + starts[index * 3 + 2]!) * 60,
    );
    expect(begins.length).toBeGreaterThan(30);
    for (const begin of begins) {
      expect(begin + 30 < Number(time(at)) + 1e-3 || begin > Number(time(to)) - 1e-3).toBe(true);
    }
  });
});

describe('the split of days', () => {
  const dates = ['2012-06-20', '2012-06-18', '2012-06-22', '2012-06-19', '2012-06-21'];
  const days = dates.map((date) => ({ date, file: date }));
  const purposes = (split: Parameters<typeof splitDays>[1]) =>
    Object.fromEntries(days.map((one) => [one.date.slice(-2), splitDays(days, split)(one)]));

  it('is by date: the last fifth for the test, or as the config says', () => {
    expect(purposes({ trainUntil: null, validateUntil: null })).toEqual({
      18: 'training',
      19: 'training',
      20: 'training',
      21: 'training',
      22: 'test',
    });
    expect(purposes({ trainUntil: '2012-06-19', validateUntil: '2012-06-20' })).toEqual({
      18: 'training',
      19: 'training',
      20: 'validation',
      21: 'test',
      22: 'test',
    });
  });

  it.each([
    ['2012-06-17', null, 'no day is left for training: the days are 2012-06-18 … 2012-06-22'],
    ['2012-06-22', null, 'no day is left for test'],
    ['2012-06-20', '2012-06-20', 'no day is left for validation'],
    ['2012-06-20', '2012-06-19', 'validateUntil: 2012-06-19 is before the last day of training'],
  ])('refuses %s, %s', (trainUntil, validateUntil, message) => {
    expect(() => splitDays(days, { trainUntil, validateUntil })).toThrow(message);
  });

  it('needs dates', () => {
    const undated = [{ date: null, file: 'today_message.csv' }];
    expect(() => splitDays(undated, { trainUntil: null, validateUntil: null })).toThrow(
      'today_message.csv: no date in its name',
    );
  });
});
