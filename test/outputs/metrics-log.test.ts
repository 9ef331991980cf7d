import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { type MetricsLine, openMetricsLog, readMetrics } from '../../outputs/metrics-log';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'metrics-'));
  path = join(folder, 'run', 'metrics.jsonl');
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

const lineOf = (iteration: number): MetricsLine => ({
  iteration,
  kl: iteration / 3,
  ...(iteration % 2 === 0 ? { validation: -iteration } : {}),
  loss: iteration === 3 ? NaN : 1e-7,
});

function write(target: string, from: number, through: number): void {
  const log = openMetricsLog(target, from - 1);
  for (let iteration = from; iteration <= through; iteration += 1) log.append(lineOf(iteration));
  log.close();
}

describe('openMetricsLog', () => {
  it('writes a line an iteration, with null for what is missing or not finite', () => {
    write(path, 1, 3);
    expect(readFileSync(path, 'utf8').split('\n')).toEqual([
      '{"iteration":1,"kl":0.3333333333333333,"loss":1e-7}',
      '{"iteration":2,"kl":0.6666666666666666,"loss":1e-7,"validation":-2}',
      '{"iteration":3,"kl":1,"loss":null,"validation":null}',
      '',
    ]);
  });

  it.each([1, 2, 3, 4, 5])(
    'continued after iteration %i equals the uninterrupted log',
    (resumed) => {
      write(path, 1, 5);
      appendFileSync(path, '{"iteration":6,"k');
      write(path, resumed + 1, 8);
      const whole = join(folder, 'whole.jsonl');
      write(whole, 1, 8);
      expect(readFileSync(path, 'utf8')).toBe(readFileSync(whole, 'utf8'));
    },
  );

  it('starts anew at 0 and where there is no file', () => {
    write(path, 3, 3);
    expect(readMetrics(path)).toHaveLength(1);
    write(path, 1, 2);
    expect(readMetrics(path).map(({ iteration }) => iteration)).toEqual([1, 2]);
  });

  it('refuses to continue a file that is no log', () => {
    write(path, 1, 1);
    appendFileSync(path, 'hello\n');
    expect(() => openMetricsLog(path, 1)).toThrow('metrics.jsonl:2: not a line of metrics');
    writeFileSync(path, '[1]\n');
    expect(() => readMetrics(path)).toThrow('metrics.jsonl:1');
  });
});
