import { createOrderFlow, estimateOrderFlow } from '../../../algorithms/calibration/order-flow';
import { inferBookTick } from '../../../algorithms/calibration/price-grid';
import { recordLobster } from '../../../algorithms/calibration/record-lobster';
import { createTape } from '../../../algorithms/calibration/tape';
import { asSource, createRandom, simulateBook } from './simulate';

/** Published rates per minute (Cont, Stoikov and Talreja 2010, section 3), ten times as fast, per second. */
const perSecond = (rate: number) => rate / 6;
const limitOrders = [1.85, 1.51, 1.09, 0.88, 0.77, 0.756, 0.698, 0.651, 0.613, 0.58].map(perSecond);
const cancellations = [0.71, 0.81, 0.68, 0.56, 0.47].map(perSecond);
const marketOrders = perSecond(0.94);

async function estimate(seed: number, seconds: number, levels: number, unit = 100) {
  const market = { seconds, open: 34_200, limitOrders, cancellations, marketOrders, levels, unit };
  const { messages, books } = simulateBook(market, createRandom(seed));
  const tape = createTape({ sampling: 10, session: null });
  const flow = createOrderFlow(100, 8);
  await recordLobster({ tape, flow, session: null }, asSource(messages), asSource(books));
  return { record: tape.close(), flow: estimateOrderFlow(flow, 1)!, rows: messages.length };
}

describe('rates of the order book', () => {
  it.each([
    [1, 10],
    [2, 5],
    [3, 2],
  ])('are recovered (seed %i), however few levels the file shows (%i)', async (seed, levels) => {
    const { flow } = await estimate(seed, 2000, levels);
    expect(flow.unitSize).toEqual({ value: 100, error: 0 });
    const scores = [(flow.marketOrders.value - marketOrders) / flow.marketOrders.error!];
    for (const { distance, limitOrders: arriving, cancellations: leaving } of flow.distances) {
      if (arriving.error)
        scores.push((arriving.value - limitOrders[distance - 1]!) / arriving.error);
      const truth = cancellations[Math.min(distance, 5) - 1]!;
      if (leaving?.error) scores.push((leaving.value - truth) / leaving.error);
    }
    expect(flow.distances.length).toBe(8);
    expect(scores.length).toBeGreaterThan(12);
    expect(Math.max(...scores.map(Math.abs))).toBeLessThan(3);
  });

  it('know their errors', async () => {
    const runs = await Promise.all(
      Array.from({ length: 80 }, (_, seed) => estimate(50 + 7919 * seed, 60, 3)),
    );
    const check = (scores: number[]) => {
      const mean = scores.reduce((sum, score) => sum + score, 0) / scores.length;
      const squares = scores.reduce((sum, score) => sum + (score - mean) ** 2, 0);
      expect(Math.abs(mean)).toBeLessThan(0.4);
      expect(Math.sqrt(squares / scores.length)).toBeGreaterThan(0.8);
      expect(Math.sqrt(squares / scores.length)).toBeLessThan(1.2);
    };
    check(
      runs.map(({ flow }) => (flow.marketOrders.value - marketOrders) / flow.marketOrders.error!),
    );
    for (const index of [0, 1, 2]) {
      const at = runs.map(({ flow }) => flow.distances[index]!);
      check(at.map(({ limitOrders: { value, error } }) => (value - limitOrders[index]!) / error!));
      check(
        at.map(({ cancellations: rate }) => (rate!.value - cancellations[index]!) / rate!.error!),
      );
    }
  });

  it('give the published shape and spread of the book', async () => {
    const { flow, record } = await estimate(4, 6000, 10);
    const depths = flow.distances.map(({ depth }) => depth);
    [1.59, 1.65, 1.58, 1.57].forEach((published, index) => {
      expect(Math.abs(depths[index]! - published)).toBeLessThan(0.12);
    });
    const total = [...record.spreads!.values()].reduce((sum, seconds) => sum + seconds, 0);
    [0.743, 0.187, 0.05].forEach((published, index) => {
      const share = record.spreads!.get((index + 1) / 100)! / total;
      expect(Math.abs(share - published)).toBeLessThan(0.02);
    });
  });

  it('join the executions of one market order, and measure its reach from the mid before it', async () => {
    const messages = [
      '1,1,1,10,10300,-1',
      '2,4,5,7,10200,-1',
      '2,4,6,3,10300,-1',
      '2,5,0,9,10250,-1',
      '3,4,7,5,10000,1',
      '9,1,8,5,9900,1',
    ];
    const books = [
      '10200,7,10000,20,10300,10,9900,4',
      '10300,10,10000,20,10400,8,9900,4',
      '10300,7,10000,20,10400,8,9900,4',
      '10300,7,10000,20,10400,8,9900,4',
      '10300,7,10000,15,10400,8,9900,4',
      '10300,7,10000,15,10400,8,9900,9',
    ];
    const tape = createTape({ sampling: 1, session: [0, 100] });
    const flow = createOrderFlow(await inferBookTick(asSource(messages), asSource(books)), 3);
    expect(flow.tick).toBe(100);
    await recordLobster({ tape, flow, session: null }, asSource(messages), asSource(books));
    const record = tape.close();
    // 10300 against (10200 + 10000)/2, then (10300 + 10000)/2 against 10000.
    expect([...record.reaches].map((reach) => Math.round(reach * 1e4))).toEqual([200, 150]);
    expect(flow.marketSizes).toEqual({ sum: 15, squares: 125 });
    expect(record.trades).toBe(4);
    expect(flow.limitOrders[3]).toBe(0);
    expect(record.days[0]!.mids.map((mid) => Math.round(mid * 1e4))).toEqual([
      10100, 10150, 10150, 10150, 10150, 10150, 10150, 10150, 10150,
    ]);
    expect([...record.spreads!].map(([spread, seconds]) => [spread, seconds])).toEqual([
      [0.02, 1],
      [0.03, 7],
    ]);
  });

  it('refuse a price between ticks, with its line', async () => {
    const messages = ['1,1,1,10,10300,-1', '2,1,1,10,10400,-1'];
    const books = ['10300,10,10050,5', '10300,10,10050,5'];
    const record = {
      tape: createTape({ sampling: 1, session: null }),
      flow: createOrderFlow(100, 10),
      session: null,
    };
    await expect(
      recordLobster(record, asSource(messages, 'm.csv'), asSource(books, 'b.csv')),
    ).rejects.toThrow('b.csv:1: a price between ticks of 0.01; give --tick');
  });
});
