import { type LobsterEvent, readLobster } from '../../../envs/market-data/lobster';
import { asSource } from '../../algorithms/calibration/simulate';

const messages = [
  '34200.1,1,11,100,1000000,1',
  '34200.2,1,12,50,1000200,-1',
  '34200.2,4,12,20,1000200,-1',
  '34200.3,5,0,10,1000100,1',
  '34200.5,2,11,40,1000000,1',
];
const books = [
  '1000300,7,1000000,100,1000400,9,-9999999999,0',
  '1000200,50,1000000,100,1000300,7,-9999999999,0',
  '1000200,30,1000000,100,1000300,7,-9999999999,0',
  '1000200,30,1000000,100,1000300,7,-9999999999,0',
  '1000200,30,1000000,60,1000300,7,-9999999999,0',
];

async function read(messageLines = messages, bookLines = books): Promise<LobsterEvent[]> {
  const events: LobsterEvent[] = [];
  const source = [asSource(messageLines, 'm.csv'), asSource(bookLines, 'b.csv')] as const;
  for await (const event of readLobster(...source)) events.push(structuredClone(event));
  return events;
}

const replace = (rows: readonly string[], line: number, row: string) => rows.with(line - 1, row);

describe('readLobster', () => {
  it('gives each message the book before and after it', async () => {
    const events = await read();
    expect(events.map(({ kind, line }) => [kind, line])).toEqual([
      ['new', 1],
      ['new', 2],
      ['execution', 3],
      ['hidden-execution', 4],
      ['partial-cancel', 5],
    ]);
    expect(events[0]!.before).toBeNull();
    expect(events[2]).toMatchObject({
      time: 34200.2,
      orderId: 12,
      size: 20,
      price: 1000200,
      direction: -1,
    });
    expect([...events[2]!.before!.askSizes]).toEqual([50, 7]);
    expect([...events[2]!.book.askSizes]).toEqual([30, 7]);
    expect([...events[4]!.book.bidPrices]).toEqual([1000000, -Infinity]);
    expect([...events[4]!.book.bidSizes]).toEqual([60, 0]);
  });

  it('knows halts from their end, and lets books cross in between', async () => {
    const events = await read(
      [...messages, '34300,7,0,0,-1,-1', '34400,7,0,0,0,-1', '34500,7,0,0,1,-1'],
      [
        ...books,
        books[4]!,
        '1000000,30,1000000,60,1000300,7,-9999999999,0',
        '1000200,30,1000000,60,1000300,7,-9999999999,0',
      ],
    );
    expect(events.map(({ halted }) => halted).slice(4)).toEqual([false, true, true, false]);
  });

  it.each([
    [replace(messages, 2, '34200.05,1,12,50,1000200,-1'), books, 'm.csv:2: time 34200.05 after'],
    [replace(messages, 2, '34200.2,8,12,50,1000200,-1'), books, "m.csv:2: type '8'"],
    [replace(messages, 2, '34200.2,1,x,50,1000200,-1'), books, "m.csv:2: order id 'x'"],
    [replace(messages, 2, '34200.2,1,12,0,1000200,-1'), books, "m.csv:2: size '0'"],
    [replace(messages, 2, '34200.2,1,12,,1000200,-1'), books, "m.csv:2: size ''"],
    [replace(messages, 2, '34200.2,1,12,50,100.02,-1'), books, "m.csv:2: price '100.02'"],
    [replace(messages, 2, '34200.2,1,12,50,1000200,0'), books, "m.csv:2: direction '0'"],
    [replace(messages, 2, 'noon,1,12,50,1000200,1'), books, "m.csv:2: time 'noon'"],
    [replace(messages, 2, '34200.2,1'), books, 'm.csv:2: 2 columns; expected time, type'],
    [replace(messages, 2, ''), books, 'm.csv:2: 1 column; expected time, type'],
    [messages, replace(books, 1, '1,2,3'), 'b.csv:1: 3 columns; expected ask price'],
    [messages, replace(books, 3, '1000200,30,1000000,100'), 'b.csv:3: 4 columns; expected 8'],
    [messages, replace(books, 3, `${books[2]!},`), 'b.csv:3: 9 columns; expected 8'],
    [
      messages,
      replace(books, 3, '1000200,30,1000000,x,1000300,7,-9999999999,0'),
      "b.csv:3: column 4 'x'; expected an integer",
    ],
    [
      messages,
      replace(books, 3, '1000200,30.5,1000000,1,1000300,7,-9999999999,0'),
      "b.csv:3: column 2 '30.5'; expected an integer",
    ],
    [
      messages,
      replace(books, 3, '1000200,30,1000000,-1,1000300,7,-9999999999,0'),
      'b.csv:3: bid level 1: price 1000000, size -1',
    ],
    [
      messages,
      replace(books, 3, '1000200,30,1000000,1,1000100,7,-9999999999,0'),
      'b.csv:3: ask level 2 is not worse',
    ],
    [
      messages,
      replace(books, 3, '1000200,30,1000200,1,1000300,7,-9999999999,0'),
      'b.csv:3: the best bid is not below the best ask',
    ],
    [messages.slice(0, 4), books, 'b.csv:5: no message belongs to it: m.csv has 4 rows'],
    [messages, books.slice(0, 2), 'm.csv:3: no order book belongs to it: b.csv has 2 rows'],
    [
      replace(messages, 3, '34200.2,4,12,20,1000300,-1'),
      books,
      'm.csv:3: an execution at 1000300, but the best ask of b.csv:2 is 1000200',
    ],
  ])('refuses a bad row (case %#)', async (messageLines, bookLines, expected) => {
    await expect(read(messageLines, bookLines)).rejects.toMatchObject({
      name: 'InputError',
      message: expect.stringContaining(expected) as string,
    });
  });

  it('reads long rows', async () => {
    const levels = 400;
    const row = Array.from({ length: levels }, (_, level) =>
      [2_000_000_000 + level, 1_000_000_000, 1_999_999_999 - level, 1_000_000_000].join(','),
    ).join(',');
    const [event] = await read(messages.slice(0, 1), [row]);
    expect(event!.book.bidPrices[levels - 1]).toBe(1_999_999_999 - levels + 1);
  });
});
