import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

import fc from 'fast-check';

import { crc32c } from '../../outputs/crc32c';
import { histogramOf } from '../../outputs/histogram';
import { createEventFile } from '../../outputs/tensorboard';
import { bytesOf, doublesOf, readFields, valuesOf } from './protobuf-reader';

/** CRC-32C bit by bit, from the definition. */
function slowCrc(bytes: Uint8Array): number {
  let register = 0xffffffff;
  for (const byte of bytes) {
    register ^= byte;
    for (let bit = 0; bit < 8; bit += 1)
      register = (register >>> 1) ^ (register & 1 ? 0x82f63b78 : 0);
  }
  return ~register >>> 0;
}

const masked = (bytes: Uint8Array): number => {
  const crc = BigInt(slowCrc(bytes));
  const rotated = ((crc >> 15n) | (crc << 17n)) & 0xffffffffn;
  return Number((rotated + 0xa282ead8n) & 0xffffffffn);
};

/** The events of a file, its framing and checksums verified. */
function readEvents(path: string): Buffer[] {
  const file = readFileSync(path);
  const events: Buffer[] = [];
  for (let at = 0; at < file.length;) {
    const length = Number(file.readBigUInt64LE(at));
    expect(file.readUInt32LE(at + 8)).toBe(masked(file.subarray(at, at + 8)));
    const event = file.subarray(at + 12, at + 12 + length);
    expect(file.readUInt32LE(at + 12 + length)).toBe(masked(event));
    events.push(event);
    at += 16 + length;
  }
  return events;
}

describe('crc32c', () => {
  // RFC 3720, B.4
  it.each([
    ['the digits', Buffer.from('123456789'), 0xe3069283],
    ['32 zeros', Buffer.alloc(32), 0x8a9136aa],
    ['32 ones', Buffer.alloc(32, 0xff), 0x62a8ab43],
    ['0 … 31', Buffer.from([...Array(32).keys()]), 0x46dd794e],
    ['nothing', Buffer.alloc(0), 0],
  ])('of %s', (_, bytes, expected) => {
    expect(crc32c(bytes)).toBe(expected);
  });

  it('equals the definition', () => {
    fc.assert(fc.property(fc.uint8Array(), (bytes) => expect(crc32c(bytes)).toBe(slowCrc(bytes))));
  });
});

describe('histogramOf', () => {
  it('counts the finite values into ascending buckets', () => {
    const values = fc.array(fc.oneof(fc.double(), fc.float(), fc.integer({ min: -5, max: 5 })));
    fc.assert(
      fc.property(values, (sample) => {
        const finite = sample.filter((x) => Number.isFinite(x) && Math.abs(x) < 1e100);
        const { limits, counts, count, minimum, maximum } = histogramOf(finite);
        expect(count).toBe(finite.length);
        expect(counts.reduce((sum, n) => sum + n, 0)).toBe(finite.length);
        expect(limits).toEqual([...limits].sort((a, b) => a - b));
        if (finite.length > 0) {
          expect([minimum, maximum]).toEqual([Math.min(...finite), Math.max(...finite)]);
          expect(limits.at(-1)).toBe(maximum);
        }
      }),
    );
  });

  it('puts each value where its bucket says', () => {
    const { limits, counts } = histogramOf([...Array(31).keys(), NaN, Infinity]);
    expect(limits).toHaveLength(30);
    expect(counts).toEqual([2, ...Array(29).fill(1)]);
    expect(histogramOf([4, 4])).toMatchObject({ limits: [4], counts: [2] });
    expect(histogramOf([])).toMatchObject({ count: 0, counts: [0] });
  });
});

describe('createEventFile', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'events-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });
  const now = () => 1_700_000_000_500;

  it('starts with the version and is named so that TensorBoard finds it', () => {
    const file = createEventFile(folder, { now });
    file.close();
    expect(basename(file.path)).toMatch(/^events\.out\.tfevents\.1700000000\.[\w-]+\.\d+\.0$/);
    const [event, ...rest] = readEvents(file.path);
    expect(rest).toEqual([]);
    expect(bytesOf(event!, 1).readDoubleLE()).toBe(1_700_000_000.5);
    expect(bytesOf(event!, 3).toString()).toBe('brain.Event:2');
  });

  it('writes scalars, those that are not finite too', () => {
    const file = createEventFile(folder, { now });
    const points = [0.1, -1e30, NaN, Infinity];
    points.forEach((value, step) => file.addScalar('return/mean', value, step * 1_000_000_007));
    file.close();
    const events = readEvents(file.path).slice(1);
    expect(events.map((event) => valuesOf(event, 2)[0])).toEqual([
      0, 1_000_000_007, 2_000_000_014, 3_000_000_021,
    ]);
    expect(events.map((event) => bytesOf(event, 5, 1, 2).readFloatLE())).toEqual(
      points.map(Math.fround),
    );
    expect(bytesOf(events[0]!, 5, 1, 1).toString()).toBe('return/mean');
  });

  it('writes histograms', () => {
    const file = createEventFile(folder, { now });
    file.addHistogram('weights', Float32Array.of(-1, 0, 3), 5);
    file.close();
    const histogram = bytesOf(readEvents(file.path)[1]!, 5, 1, 5);
    const [minimum, maximum, count, sum, squares] = readFields(histogram).map(
      ({ value }) => doublesOf(value as Buffer)[0],
    );
    expect([minimum, maximum, count, sum, squares]).toEqual([-1, 3, 3, 2, 10]);
    expect(doublesOf(bytesOf(histogram, 6)).at(-1)).toBe(3);
    expect(doublesOf(bytesOf(histogram, 7)).reduce((a, b) => a + b)).toBe(3);
  });

  it('writes text for the text plugin', () => {
    const file = createEventFile(folder, { now });
    file.addText('config', '# Ü', 0);
    file.close();
    const value = bytesOf(readEvents(file.path)[1]!, 5, 1);
    expect(bytesOf(value, 9, 1, 1).toString()).toBe('text');
    expect(valuesOf(value, 9).flatMap((metadata) => valuesOf(metadata as Buffer, 4))).toEqual([2]);
    expect(valuesOf(bytesOf(value, 8), 1)).toEqual([7]);
    expect(bytesOf(value, 8, 8).toString()).toBe('# Ü');
  });

  it('keeps events until they are flushed, and continues in a new file', () => {
    const first = createEventFile(folder, { now });
    first.addScalar('a', 1, 1);
    expect(readEvents(first.path)).toHaveLength(1);
    first.flush();
    expect(readEvents(first.path)).toHaveLength(2);
    first.close();
    const second = createEventFile(folder, { now, resumesAt: 1 });
    second.close();
    expect(readdirSync(folder).sort()).toEqual([basename(first.path), basename(second.path)]);
    const start = readEvents(second.path)[1]!;
    expect(valuesOf(start, 2)).toEqual([1]);
    expect(valuesOf(bytesOf(start, 7), 1)).toEqual([1]);
  });
});
