import {
  appendFileSync,
  mkdtempSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import fc from 'fast-check';

import { openMetricsLog } from '../../../outputs/metrics-log';
import { followMetrics } from '../../../outputs/watch/follow-metrics';

const folder = mkdtempSync(join(tmpdir(), 'makertaker-'));
afterAll(() => rmSync(folder, { recursive: true }));

let files = 0;
const newPath = (): string => join(folder, `${(files += 1)}.jsonl`);
const textOf = (iteration: number, figures = {}): string =>
  `${JSON.stringify({ iteration, ...figures })}\n`;

describe('following a log', () => {
  it('finds nothing before there is a file, then its lines as they come', () => {
    const path = newPath();
    const followed = followMetrics(path);
    expect(followed.read()).toMatchObject({ texts: [], newest: null, changed: null });
    const log = openMetricsLog(path, 0);
    log.append({ iteration: 1, return: 2, 'time/iteration': 3 });
    const first = followed.read();
    expect(first.newest).toEqual({ iteration: 1, return: 2, 'time/iteration': 3 });
    expect(first.secondsPerIteration).toBe(3);
    log.append({ iteration: 2, return: 5, 'time/iteration': 1, 'validation/return': 4 });
    log.append({ iteration: 3, return: 6 });
    const second = followed.read();
    expect(second.generation).toBe(first.generation);
    expect(second.iterations).toEqual([1, 2, 3]);
    expect(second.texts.map((text) => JSON.parse(text).return)).toEqual([2, 5, 6]);
    expect(second.validated).toMatchObject({ iteration: 2, 'validation/return': 4 });
    expect(second.secondsPerIteration).toBe(2);
    expect([...second.keys].sort()).toEqual([
      'iteration',
      'return',
      'time/iteration',
      'validation/return',
    ]);
    log.close();
  });

  it('reads the same whatever the pieces in which the file was written', () => {
    const whole = Buffer.from(
      [textOf(1, { name: '−σ' }), textOf(2, { name: 'ü' }), textOf(3), textOf(4)].join(''),
    );
    fc.assert(
      fc.property(
        fc
          .uniqueArray(fc.nat(whole.length), { maxLength: 6 })
          .map((cuts) => [...cuts].sort((a, b) => a - b)),
        (cuts) => {
          const path = newPath();
          writeFileSync(path, '');
          const followed = followMetrics(path);
          const places = [0, ...cuts, whole.length];
          places.slice(1).forEach((to, index) => {
            appendFileSync(path, whole.subarray(places[index], to));
            const complete = whole.subarray(0, to).toString().split('\n').length - 1;
            expect(followed.read().iterations).toHaveLength(complete);
          });
          const { texts, damaged } = followed.read();
          expect([texts.map((text) => `${text}\n`).join(''), damaged]).toEqual([
            whole.toString(),
            0,
          ]);
        },
      ),
      { numRuns: 40 },
    );
  });

  it('begins anew where a run was taken up again before its last lines', () => {
    const path = newPath();
    const before = openMetricsLog(path, 0);
    [1, 2, 3, 4].forEach((iteration) => before.append({ iteration, return: iteration }));
    before.close();
    const followed = followMetrics(path);
    const { generation } = followed.read();
    const resumed = openMetricsLog(path, 2);
    [3, 4].forEach((iteration) => resumed.append({ iteration, return: -iteration }));
    const after = followed.read();
    expect(after.generation).not.toBe(generation);
    expect(after.texts.map((text) => JSON.parse(text).return)).toEqual([1, 2, -3, -4]);
    resumed.close();
  });

  it('begins anew where the file has become shorter, and forgets one that is gone', () => {
    const path = newPath();
    writeFileSync(path, textOf(1) + textOf(2));
    const followed = followMetrics(path);
    const { generation } = followed.read();
    truncateSync(path, textOf(1).length);
    const shorter = followed.read();
    expect(shorter.iterations).toEqual([1]);
    expect(shorter.generation).not.toBe(generation);
    renameSync(path, `${path}.away`);
    expect(followed.read().iterations).toEqual([]);
  });

  it('counts lines that are none and goes on', () => {
    const path = newPath();
    writeFileSync(path, `${textOf(1)}no line\n{"iteration":"2"}\n${textOf(3)}${textOf(3)}`);
    expect(followMetrics(path).read()).toMatchObject({ iterations: [1, 3], damaged: 3 });
  });

  it('knows the level of a curriculum and where it began', () => {
    const path = newPath();
    const levels = [0, 0, 1, 1, 1];
    writeFileSync(
      path,
      levels.map((level, index) => textOf(index + 1, { 'curriculum/level': level })).join(''),
    );
    expect(followMetrics(path).read().level).toEqual({ number: 1, since: 3 });
  });

  it('reads lines that are longer than a piece of the file', () => {
    const path = newPath();
    const long = textOf(1, { text: 'x'.repeat(3 << 20) });
    writeFileSync(path, long + textOf(2));
    expect(followMetrics(path).read().iterations).toEqual([1, 2]);
  });
});
