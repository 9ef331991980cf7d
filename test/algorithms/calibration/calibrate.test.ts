import { calibrate, type Calibration } from '../../../algorithms/calibration/calibrate';
import { createPriceGrid } from '../../../algorithms/calibration/price-grid';
import { recordTrades } from '../../../algorithms/calibration/record-trades';
import { createTape } from '../../../algorithms/calibration/tape';
import {
  mergeTradesAndQuotes,
  readQuotes,
  readTrades,
} from '../../../envs/market-data/trades-and-quotes';
import { asSource, createRandom, type Market, simulateMarket } from './simulate';

const market: Market = {
  seconds: 2400,
  open: 34_200,
  volatility: 0.02,
  arrivalRate: 0.5,
  fillDecay: 40,
  halfSpread: 0.01,
  tick: 0,
};

async function calibrateLines(
  days: readonly { readonly trades: readonly string[]; readonly quotes: readonly string[] }[],
  options: Partial<Parameters<typeof calibrate>[3]> = {},
): Promise<Calibration> {
  const settings = {
    timeUnit: 's',
    sampling: 10,
    buckets: 4,
    minimumDepth: null,
    session: null,
    ...options,
  } as const;
  const tape = createTape(settings);
  const grid = createPriceGrid();
  for (const { trades, quotes } of days) {
    const rows = mergeTradesAndQuotes(readTrades(asSource(trades)), readQuotes(asSource(quotes)));
    await recordTrades(tape, grid, rows);
  }
  return calibrate(tape.close(), grid.tick(), null, settings);
}

describe('calibration of trades and quotes', () => {
  it.each([
    [1, 0, true],
    [2, 0, false],
    [3, 0.01, true],
    [4, 0.01, false],
    [5, 0.02, false],
  ])('recovers the market of seed %i, tick %p, sides given: %p', async (seed, tick, hasSides) => {
    const random = createRandom(seed);
    const activity = (fraction: number) => (fraction < 0.5 ? 0.5 : 1);
    const days = [1, 2].map(() => simulateMarket({ ...market, tick, hasSides, activity }, random));
    const calibration = await calibrateLines(days);
    const { volatility, fillCurve, spread, volumeCurve } = calibration;
    const near = (estimate: { value: number; error: number | null }, truth: number) =>
      expect(Math.abs(estimate.value - truth)).toBeLessThan(3 * estimate.error!);
    expect(calibration.tick).toBe(tick === 0 ? null : tick);
    // Quotes on a grid round the mid to half-ticks: noise that coarse sampling drowns.
    near(volatility!, 0.02);
    near(fillCurve!.fillDecay, 40);
    near(fillCurve!.arrivalRate, 0.5 * 0.75);
    if (tick === 0) expect(spread!.value).toBeCloseTo(0.02, 9);
    [1 / 6, 1 / 6, 1 / 3, 1 / 3].forEach((share, bucket) =>
      near(volumeCurve!.buckets[bucket]!.share, share),
    );
  });

  it('is per the unit of time that is asked for; a day is a session', async () => {
    const days = [simulateMarket(market, createRandom(9))];
    const [second, minute, day] = await Promise.all(
      (['s', 'min', 'day'] as const).map((timeUnit) => calibrateLines(days, { timeUnit })),
    );
    const length = day!.secondsPerTimeUnit;
    expect(Math.abs(length - 2400)).toBeLessThan(2);
    expect(day!.session.length).toBe(1);
    for (const [other, unit] of [
      [minute!, 60],
      [day!, length],
    ] as const) {
      const ratio = other.fillCurve!.arrivalRate.value / second!.fillCurve!.arrivalRate.value;
      expect(ratio).toBeCloseTo(unit, 6);
      expect(other.volatility!.value / second!.volatility!.value).toBeCloseTo(Math.sqrt(unit), 6);
      expect(other.volatility!.error! / second!.volatility!.error!).toBeCloseTo(Math.sqrt(unit), 6);
      expect(other.fillCurve!.fillDecay).toEqual(second!.fillCurve!.fillDecay);
    }
  });

  it('ends a day at midnight, so that no move spans a night', async () => {
    const quotes = ['time,bid,ask'];
    const trades = ['time,price,size'];
    [0, 1, 2].forEach((day) => {
      for (let at = 0; at <= 600; at += 1) {
        const bid = 100 + 50 * day + (Math.floor(at / 10) % 2);
        quotes.push(`${86_400 * (19_000 + day) + 36_000 + at},${bid},${bid + 2}`);
      }
      trades.push(`${86_400 * (19_000 + day) + 36_100},${101 + 50 * day},5`);
    });
    const calibration = await calibrateLines([{ trades, quotes }]);
    expect(calibration.days).toBe(3);
    expect(calibration.volatility!.value).toBeCloseTo(Math.sqrt(1 / 10), 9);
    expect(calibration.session).toMatchObject({ from: 36_000, to: 36_600 });
    expect(calibration.volumeCurve!.dailyVolume.value).toBe(5);
  });

  it('takes executions at one time for one trade in the error of the volume', async () => {
    const quotes = ['time,bid,ask', '0,9,11', '100,9,11'];
    const trades = ['time,price,size', '10,12,1', '10,13,2', '60,12,4'];
    const { volumeCurve } = await calibrateLines([{ trades, quotes }]);
    expect(volumeCurve!.dailyVolume).toEqual({ value: 7, error: 5 });
  });

  it('counts the session only', async () => {
    const quotes = ['time,bid,ask', '90,9,11', '150,9,13', '190,9,11', '260,1,2'];
    const trades = ['time,price,size', '95,12,1', '120,12,2', '199,12,4', '250,8,8'];
    const calibration = await calibrateLines([{ trades, quotes }], {
      session: [100, 200],
      buckets: 2,
    });
    expect(calibration.spread!.value).toBeCloseTo((2 * 60 + 4 * 40) / 100, 12);
    expect(calibration.trades).toBe(2);
    expect(calibration.volumeCurve!.buckets.map(({ volume }) => volume)).toEqual([2, 4]);
    expect(calibration.mid.last).toBe(10);
  });

  it('leaves out the time without quotes', async () => {
    const quotes = ['time,bid,ask', '0,9,11', '50,,11', '70,9,11', '100,9,11'];
    const trades = ['time,price,size', '10,12,1', '60,12,1', '80,13,1', '100,9.5,1'];
    const { fillCurve, spread } = await calibrateLines([{ trades, quotes }], { timeUnit: 's' });
    // Reaches 2 and 3 of 80 seconds count; .5 falls short of the minimum 1: ticks beyond 1 are 1 and 2.
    expect(fillCurve!.orders).toBe(2);
    expect(fillCurve!.fillDecay.value).toBeCloseTo(Math.log(1 + 2 / 3), 12);
    expect(fillCurve!.arrivalRate.value).toBeCloseTo((2 * (1 + 2 / 3)) / 160, 12);
    expect(spread!.value).toBe(2);
  });

  it('says that there are no quotes', async () => {
    const quotes = ['time,bid,ask', '0,,11', '50,,11'];
    await expect(calibrateLines([{ trades: ['time,price,size'], quotes }])).rejects.toThrow(
      'calibrate: no moment has both a bid and an ask',
    );
  });
});
