import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

import type { Calibration } from '../../../algorithms/calibration/calibrate';
import { parseConfig } from '../../../configs/parse-config';
import { createRandom, simulateBook, simulateMarket } from '../../algorithms/calibration/simulate';
import { captureOutput } from '../capture-output';

let folder: string;
const at = (name: string) => join(folder, name);
const write = (name: string, lines: readonly string[]) => {
  const text = lines.map((line) => `${line}\n`).join('');
  writeFileSync(at(name), name.endsWith('.gz') ? gzipSync(text) : text);
  return at(name);
};
const calibrateFiles = (...words: string[]) => captureOutput(['calibrate', ...words]);

const market = {
  seconds: 1200,
  open: 34_200,
  volatility: 0.02,
  arrivalRate: 0.5,
  fillDecay: 40,
  halfSpread: 0.01,
  tick: 0.01,
};

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'calibrate-'));
  const random = createRandom(11);
  for (const day of [1, 2]) {
    const { trades, quotes } = simulateMarket(market, random);
    write(`day${day}-trades.csv`, trades);
    write(`day${day}-quotes.csv.gz`, quotes);
  }
  const perSecond = (rate: number) => rate / 6;
  const { messages, books } = simulateBook(
    {
      seconds: 300,
      open: 34_200,
      limitOrders: [1.85, 1.51, 1.09, 0.88, 0.77, 0.756, 0.698].map(perSecond),
      cancellations: [0.71, 0.81, 0.68, 0.56, 0.47].map(perSecond),
      marketOrders: perSecond(0.94),
      levels: 5,
      unit: 100,
    },
    random,
  );
  write('SIM_message_5.csv', messages);
  write('SIM_orderbook_5.csv.gz', books);
  write('rows-of-messages.csv', messages);
  write('rows-of-books.csv', books);
  write('SHORT_orderbook_5.csv', books.slice(0, -3));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const csv = () =>
  ['day1-trades.csv', 'day2-quotes.csv.gz', 'day2-trades.csv', 'day1-quotes.csv.gz'].map(at);
const lobster = () => ['SIM_message_5.csv', 'SIM_orderbook_5.csv.gz'].map(at);

describe('calibrate', () => {
  it('pairs the files of each day and prints one JSON object', async () => {
    const { code, output } = await calibrateFiles(...csv(), '--json', '--time-unit', 'min');
    expect(code).toBe(0);
    const calibration = JSON.parse(output) as Calibration;
    expect(calibration).toMatchObject({ timeUnit: 'min', secondsPerTimeUnit: 60, days: 2 });
    expect(calibration.orderFlow).toBeNull();
    const { fillCurve, volatility } = calibration;
    for (const [estimate, truth] of [
      [fillCurve!.fillDecay, 40],
      [fillCurve!.arrivalRate, 30],
      [volatility!, 0.02 * Math.sqrt(60)],
    ] as const) {
      expect(Math.abs(estimate.value - truth)).toBeLessThan(3 * estimate.error!);
    }
  });

  it('writes a config for market making that evaluate takes', async () => {
    const out = at('env.yaml');
    const { output } = await calibrateFiles(...csv(), '--json', '--out', out);
    const { fillCurve, volatility, mid } = JSON.parse(output) as Calibration;
    const text = readFileSync(out, 'utf8');
    const { env } = parseConfig(text, out);
    const six = (value: number) => Number(value.toPrecision(6));
    expect(env).toMatchObject({
      id: 'market-making',
      mid: { kind: 'brownian', volatility: six(volatility!.value), initial: six(mid.last) },
      arrivals: { kind: 'poisson', rate: six(fillCurve!.arrivalRate.value) },
      fills: { kind: 'exponential', decay: six(fillCurve!.fillDecay.value) },
    });
    expect(text).toMatch(/^# +fill decay \(k\): [\d.]+ ± [\d.]+ 1 \/ quote currency; /m);
    const evaluated = await captureOutput(
      ['evaluate', '--env', out, '--device', 'cpu', '--episodes', '50'].concat([
        '--policy',
        'avellaneda-stoikov',
        'symmetric',
      ]),
    );
    expect(evaluated).toMatchObject({ code: 0 });
  });

  it('writes a config for execution, with the volume curve', async () => {
    const out = at('execution.yaml');
    const words = ['--env', 'execution', '--time-unit', 'day', '--buckets', '5', '--out', out];
    const { output } = await calibrateFiles(...csv(), '--json', ...words);
    const { volumeCurve, spread } = JSON.parse(output) as Calibration;
    const { env } = parseConfig(readFileSync(out, 'utf8'), out) as unknown as {
      env: { periods: number; horizon: number; spread: number; marketVolume: number[] };
    };
    expect(env).toMatchObject({ id: 'execution', periods: 5, horizon: 1 });
    expect(env.spread).toBeCloseTo(spread!.value / 2, 6);
    expect(env.marketVolume).toHaveLength(5);
    const total = env.marketVolume.reduce((sum, volume) => sum + volume, 0);
    expect(total).toBeCloseTo(volumeCurve!.dailyVolume.value, -1);
    const evaluated = await captureOutput([
      'evaluate',
      '--env',
      out,
      '--device',
      'cpu',
      '--episodes',
      '20',
      '--policy',
      'twap',
    ]);
    expect(evaluated).toMatchObject({ code: 0 });
  });

  it('prints the rates of an order book, and draws', async () => {
    const plot = at('plot.svg');
    const { code, output } = await calibrateFiles(...lobster(), '--sampling', '10', '--plot', plot);
    expect(code).toBe(0);
    expect(output).toContain('Order flow by distance from the opposite best quote');
    expect(output).toMatch(/^ +spread +ticks +share of time$/m);
    expect(readFileSync(plot, 'utf8')).toMatch(/^<svg/);
  });

  it('tells LOBSTER files by their rows too', async () => {
    const words = ['--sampling', '10', '--json'];
    const named = await calibrateFiles(...lobster(), ...words);
    const files = ['rows-of-books.csv', 'rows-of-messages.csv'].map(at);
    expect((await calibrateFiles(...files, ...words)).output).toBe(named.output);
  });

  it.each([
    [['nowhere.csv'], 'nowhere.csv: no such file'],
    [['.'], ': a folder; name its files'],
    [['prose.csv'], 'prose.csv: not recognised; expected a header time,price,size[,side]'],
    [['day1-trades.csv'], 'day1-trades.csv: no file of quotes of that day'],
    [['day1-trades.csv', 'day1-trades.csv'], 'day1-trades.csv: named twice'],
    [
      ['day1-trades.csv', 'day2-trades.csv', 'day1-quotes.csv.gz', 'day3-quotes.csv'],
      'day2-trades.csv: no file of quotes of that day',
    ],
    [
      ['day1-trades.csv', 'SIM_message_5.csv', 'SIM_orderbook_5.csv.gz'],
      'day1-trades.csv: trades or quotes beside LOBSTER files',
    ],
    [
      ['SIM_message_5.csv', 'SHORT_orderbook_5.csv', '--sampling', '10'],
      'no order book belongs to it',
    ],
    [['day1-trades.csv', 'damaged-quotes.csv.gz'], 'damaged-quotes.csv.gz: a damaged gzip file'],
    [
      ['day1-trades.csv', 'bad-quotes.csv'],
      "bad-quotes.csv:3: bid 'x'; expected a positive number",
    ],
    [['@csv', '--tick', '0'], '--tick 0: expected a positive number'],
    [['@lobster', '--tick', '0.00015'], '--tick 0.00015: expected a multiple of 0.0001'],
    [['@lobster', '--tick', '0.03'], 'a price between ticks of 0.03; give --tick'],
    [['@csv', '--sampling', '-1'], '--sampling -1: expected seconds'],
    [['@csv', '--buckets', '0'], '--buckets 0: expected an integer of at least 1'],
    [['@csv', '--session', '10:00-09:00'], '--session 10:00-09:00: expected two times in order'],
    [['@csv', '--session', '9-10'], '--session 9-10: expected two times in order'],
    [['@csv', '--session', '01:00-02:00'], 'no moment has both a bid and an ask'],
    [['@csv', '--time-unit', 'h'], 'time-unit'],
    [['@csv', '--sampling', '5000', '--out', 'x.yaml'], 'too short for the volatility'],
    [
      ['@csv', '--env', 'execution', '--buckets', '1200', '--out', 'x.yaml'],
      'give fewer --buckets',
    ],
    [[], 'an argument is missing'],
  ])('refuses %j with exit code 2', async (words, expected) => {
    write('prose.csv', ['once upon a time, there was']);
    write('day3-quotes.csv', ['time,bid,ask']);
    write('bad-quotes.csv', ['time,bid,ask', '1,2,3', '2,x,3']);
    writeFileSync(
      at('damaged-quotes.csv.gz'),
      readFileSync(at('day1-quotes.csv.gz')).subarray(0, 3000),
    );
    const isFile = (word: string) => word === '.' || /\.(csv|gz|yaml)$/.test(word);
    const { code, errors } = await calibrateFiles(
      ...words.flatMap((word) =>
        word === '@csv' ? csv() : word === '@lobster' ? lobster() : isFile(word) ? at(word) : word,
      ),
    );
    expect(errors).toMatch(/^makertaker: [^\n]+\n$/);
    expect(errors).toContain(expected);
    expect(code).toBe(2);
    expect(existsSync(at('x.yaml'))).toBe(false);
  });
});
