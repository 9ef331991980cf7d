import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

import * as tf from '@tensorflow/tfjs';

import { parseConfig } from '../../configs/parse-config';
import type { Recording } from '../../envs/limit-order-book/replay/recording';
import { fileSource } from '../../scripts/file-source';
import { openEnvironment } from '../../scripts/open-environment';
import { createRandom } from '../algorithms/calibration/simulate';
import { simulateDay } from '../envs/limit-order-book/replay/simulate-day';

let folder: string;
const at = (...names: string[]) => join(folder, ...names);
const dates = ['2012-06-20', '2012-06-21', '2012-06-22'];

beforeAll(async () => {
  await tf.setBackend('cpu');
  folder = mkdtempSync(join(tmpdir(), 'replay-'));
  mkdirSync(at('days'));
  dates.forEach((date, index) => {
    const day = simulateDay(createRandom(index), { events: 100, levels: 10, middle: 1000 });
    for (const [kind, lines] of [
      ['message', day.messages],
      ['orderbook', day.books],
    ] as const) {
      const name = at('days', `X_${date}_34200000_57600000_${kind}_10.csv`);
      const text = `${lines.join('\n')}\n`;
      if (index === 0) writeFileSync(name, text);
      else writeFileSync(`${name}.gz`, gzipSync(text));
    }
  });
  writeFileSync(at('days', 'readme.txt'), 'not a day');
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const open = (files: string) => {
  const text = `env: { id: limit-order-book, horizon: 0.5, flow: { kind: replay, files: ${files} } }`;
  const { env } = parseConfig(text, at('replay.yaml'));
  return openEnvironment(env);
};

describe('a replay of files', () => {
  it('opens a folder beside the config, plain and gzipped days alike', async () => {
    const { choice, data, environment } = await open('[days]');
    expect(choice).toMatchObject({ flow: { files: [at('days')], tick: 0.01 } });
    const { days, ranges } = data as Recording;
    expect(days.map(({ date }) => date)).toEqual(dates);
    expect(days.every(({ first, last }) => last - first > 50)).toBe(true);
    expect(ranges.training.count).toBeGreaterThan(ranges.test.count);
    expect(environment.definition.id).toBe('limit-order-book');
    const again = await openEnvironment(choice);
    expect((again.data as Recording).tape).toEqual((data as Recording).tape);
  });

  it('takes files by name', async () => {
    const pair = (date: string, end: string) =>
      ['message', 'orderbook'].map(
        (kind) => `days/X_${date}_34200000_57600000_${kind}_10.csv${end}`,
      );
    const names = [...pair(dates[0]!, ''), ...pair(dates[2]!, '.gz')];
    const { data } = await open(`[${names.join(', ')}]`);
    expect((data as Recording).days.map(({ date }) => date)).toEqual([dates[0], dates[2]]);
  });

  it('says which file is wrong', async () => {
    await expect(open('[nowhere]')).rejects.toThrow(`${at('nowhere')}: no such file`);
    const alone = `days/X_${dates[0]!}_34200000_57600000_message_10.csv`;
    await expect(open(`[${alone}]`)).rejects.toThrow(
      `${at(alone)}: no order-book file of that day`,
    );
    mkdirSync(at('empty'));
    await expect(open('[empty]')).rejects.toThrow('no LOBSTER files in this folder');
    writeFileSync(at('t.csv'), 'time,price,size\n1,2,3\n');
    writeFileSync(at('q.csv'), 'time,bid,ask\n1,2,3\n');
    await expect(open('[t.csv, q.csv]')).rejects.toThrow("expected LOBSTER's message");
  });

  it('does not open what is not read', async () => {
    const days = await fileSource.lobsterDays([at('days')]);
    rmSync(at('days'), { recursive: true });
    expect(existsSync(at('days'))).toBe(false);
    expect(days).toHaveLength(3);
  });
});
