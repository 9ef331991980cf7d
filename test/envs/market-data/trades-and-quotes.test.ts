import {
  mergeTradesAndQuotes,
  readQuotes,
  readTrades,
  recogniseHeader,
} from '../../../envs/market-data/trades-and-quotes';
import { asSource } from '../../algorithms/calibration/simulate';

async function collect<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const all: Item[] = [];
  for await (const item of items) all.push(item);
  return all;
}
const trades = (...lines: string[]) => collect(readTrades(asSource(lines, 't.csv')));
const quotes = (...lines: string[]) => collect(readQuotes(asSource(lines, 'q.csv')));

describe('readTrades', () => {
  it('finds columns by their names, in any order, quoted or not', async () => {
    expect(
      await trades(
        '\ufeff"Size",venue,SIDE,"price", timestamp',
        '100,"A, or ""B""",buy,"10.5",34200.25',
        '',
        '7,X,-1,10.25,34201',
        '7,X,,10.25,34201',
      ),
    ).toEqual([
      { kind: 'trade', line: 2, time: 34200.25, price: 10.5, size: 100, side: 1 },
      { kind: 'trade', line: 4, time: 34201, price: 10.25, size: 7, side: -1 },
      { kind: 'trade', line: 5, time: 34201, price: 10.25, size: 7, side: null },
    ]);
  });

  it('reads ISO times to the nanosecond as far as a double goes, in UTC', async () => {
    const rows = await trades(
      'time,price,size',
      '1970-01-02T00:00:01.123456Z,1,1',
      '1970-01-02 00:00:02,1,1',
      '1970-01-02T02:00:03.5+02:00,1,1',
    );
    expect(rows.map(({ time }) => time)).toEqual([86401.123456, 86402, 86403.5]);
  });

  it.each([
    [['price,size', '1,2'], 't.csv:1: the header has no column time'],
    [[], 't.csv:1: no header'],
    [['time,price,size', '1,2'], 't.csv:2: 2 columns; the header has 3'],
    [['time,price,size', '1,2,3', '0.5,2,3'], 't.csv:3: time 0.5 after 1'],
    [['time,price,size', 'x,2,3'], "t.csv:2: time 'x'"],
    [['time,price,size', ',2,3'], "t.csv:2: time ''"],
    [['time,price,size', '1700000000000,2,3'], 't.csv:2: time 1700000000000; expected seconds'],
    [['time,price,size', '1,-2,3'], "t.csv:2: price '-2'"],
    [['time,price,size', '1,2,0'], "t.csv:2: size '0'"],
    [['time,price,size', '1,2, '], "t.csv:2: size ' '"],
    [['time,price,size,side', '1,2,3,up'], "t.csv:2: side 'up'"],
  ])('refuses %j', async (lines, expected) => {
    await expect(trades(...lines)).rejects.toMatchObject({
      name: 'InputError',
      message: expect.stringContaining(expected) as string,
    });
  });
});

describe('readQuotes', () => {
  it('reads best quotes, or their absence', async () => {
    const rows = await quotes('time,bid,ask,bidSize,ask_size', '1,9.9,10,5,6', '2,,10,,6');
    expect(rows).toEqual([
      { kind: 'quote', line: 2, time: 1, bid: 9.9, ask: 10 },
      { kind: 'quote', line: 3, time: 2, bid: NaN, ask: 10 },
    ]);
  });

  it.each([
    [['time,bid,ask', '1,10,9'], 'q.csv:2: bid 10 above ask 9'],
    [['time,bid,ask', '1,x,9'], "q.csv:2: bid 'x'"],
    [['time,bid,ask', '1,8,0'], "q.csv:2: ask '0'"],
    [['time,bid', '1,8'], 'q.csv:1: the header has no column ask'],
  ])('refuses %j', async (lines, expected) => {
    await expect(quotes(...lines)).rejects.toThrow(expected);
  });
});

describe('mergeTradesAndQuotes', () => {
  const order = async (lag: number) => {
    const merged = mergeTradesAndQuotes(
      readTrades(asSource(['time,price,size', '1,1,1', '2,1,1'])),
      readQuotes(asSource(['time,bid,ask', '0,1,2', '1,1,2', '1.5,1,2', '3,1,2'])),
      lag,
    );
    return (await collect(merged)).map(({ kind, time }) => `${kind[0]}${time}`).join(' ');
  };

  it('puts quotes before trades of the same time', async () => {
    expect(await order(0)).toBe('q0 q1 t1 q1.5 t2 q3');
  });

  it('lets trades meet the quotes of some time before them', async () => {
    expect(await order(0.6)).toBe('q0 t1 q1 t2 q1.5 q3');
  });
});

it.each([
  ['time,price,size', 'trades'],
  ['Timestamp,bid_price,ask_price', 'quotes'],
  ['time,open,close', null],
])('recognises %s', (header, expected) => {
  expect(recogniseHeader(header)).toBe(expected);
});
