import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { WatchAnswer } from '../../../outputs/watch/page-script';
import { installPackage, programOf } from '../../docs/install-package';
import { captureOutput } from '../capture-output';

const folder = mkdtempSync(join(tmpdir(), 'makertaker-'));
const file = join(folder, 'small.yaml');
writeFileSync(
  file,
  `seed: 0
device: cpu
env: { id: market-making, steps: 8, arrivals: { kind: poisson, rate: 5 }, inventory: { maximum: 5 } }
policy: { hidden: [4] }
value: { hidden: [4], fit: { kind: adam, epochs: 1, minibatch: 64 } }
training: { environments: 16, steps: 8, iterations: 4 }
evaluation: { baselines: [no-quotes, symmetric], every: 2, episodes: 16, testEpisodes: 16 }
`,
);
const running = new Set<ChildProcess>();
afterAll(() => {
  running.forEach((child) => child.kill('SIGKILL'));
  rmSync(folder, { recursive: true });
});

const urlIn = (output: string): string | undefined =>
  /http:\/\/127\.0\.0\.1:\d+\//.exec(output)?.[0];
const look = async (url: string): Promise<WatchAnswer> =>
  (await (await fetch(`${url}data.json`)).json()) as WatchAnswer;
const isGone = (url: string): Promise<boolean> =>
  fetch(url).then(
    () => false,
    () => true,
  );
const until = async <T>(what: () => T | Promise<T>): Promise<NonNullable<T>> => {
  for (;;) {
    const found = await what();
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
};

describe('watch', () => {
  it.each([
    [[join(folder, 'nowhere')], /nowhere: no such folder; give a run, such as runs\/quickstart/],
    [[folder], /not a run: it has neither config.yaml nor metrics.jsonl/],
    [[folder, '--port', '0'], /not a run/],
    [[], /an argument is missing; see makertaker watch --help/],
  ])('refuses %p', async (words, message) => {
    const { code, errors } = await captureOutput(['watch', ...words]);
    expect(code).toBe(2);
    expect(errors).toMatch(message);
  });

  it.each(['0', '65536', '-1', '1.5', 'http', '0x50'])('refuses the port %s', async (port) => {
    const run = join(folder, 'run');
    mkdirSync(run, { recursive: true });
    writeFileSync(join(run, 'metrics.jsonl'), '');
    const { code, errors } = await captureOutput(['watch', run, `--port=${port}`]);
    expect([code, errors]).toEqual([
      2,
      expect.stringContaining(`--port ${port}: expected a port, 1 to 65535`),
    ]);
  });

  it('refuses a port that is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const { code, errors } = await captureOutput([
      'watch',
      join(folder, 'run'),
      '--port',
      `${port}`,
    ]);
    expect([code, errors]).toEqual([2, expect.stringContaining('the port is in use')]);
    other.close();
  });

  it('serves a run until Ctrl-C', async () => {
    let heard: (url: string) => void;
    const url = new Promise<string>((resolve) => (heard = resolve));
    const outcome = captureOutput(['watch', join(folder, 'run')], (text) => {
      const found = urlIn(text);
      if (found) heard(found);
    });
    expect(await look(await url)).toMatchObject({ name: 'run', state: { kind: 'waiting' } });
    process.emit('SIGINT');
    expect((await outcome).code).toBe(0);
    expect(await isGone(await url)).toBe(true);
  });
});

describe('train --watch', () => {
  it('tells where the config goes', async () => {
    const { code, errors } = await captureOutput(['train', '--watch', file]);
    expect(code).toBe(2);
    expect(errors).toContain(`to have a free one, put --watch last: train ${file} --watch`);
  });

  describe('as it is installed', () => {
    const installed = installPackage();
    const out = join(folder, 'runs');
    afterAll(() => rmSync(installed, { recursive: true }));

    /** Its output so far, and its end. */
    function start(...words: string[]) {
      const child = spawn(
        process.execPath,
        [programOf(installed), 'train', file, '--out', out, ...words],
        {
          cwd: installed,
        },
      );
      running.add(child);
      let output = '';
      child.stdout.on('data', (piece: Buffer) => (output += piece.toString()));
      child.stderr.on('data', (piece: Buffer) => (output += piece.toString()));
      const ended = once(child, 'exit').then(([code, signal]) => {
        running.delete(child);
        return { code: code as number | null, signal: signal as string | null, output };
      });
      return { child, ended, url: () => until(() => urlIn(output)), output: () => output };
    }

    const forever = ['--set', 'training.iterations=100000'];

    it('serves the page beside the training, and an interruption takes it along', async () => {
      const { child, ended, url: findUrl } = start('--watch', ...forever);
      const url = await findUrl();
      const seen = await until(async () => {
        const answer = await look(url);
        return answer.tables[0]?.columns.includes('symmetric') && answer.picture ? answer : null;
      });
      expect(seen).toMatchObject({
        name: 'small',
        state: { kind: 'training' },
        iterations: 100_000,
      });
      expect(seen.picture!.lines.map(({ label }) => label)).toContain('bid, trained');
      child.kill('SIGINT');
      expect(await ended).toMatchObject({ code: 130, signal: null });
      expect(await until(() => isGone(url))).toBe(true);
    });

    it('ends with the training where nobody sits at a terminal', async () => {
      const { ended, url: findUrl } = start('--watch');
      const url = await findUrl();
      const { code, output } = await ended;
      expect(code).toBe(0);
      expect(output).toContain('Paired differences');
      expect(output).not.toMatch(/the page (is gone|stays)/);
      expect(await until(() => isGone(url))).toBe(true);
    });

    it('does not outlive a training that is killed', async () => {
      const { child, ended, url: findUrl } = start('--watch', ...forever);
      const url = await findUrl();
      child.kill('SIGKILL');
      expect(await ended).toMatchObject({ code: null, signal: 'SIGKILL' });
      expect(await until(() => isGone(url))).toBe(true);
    });

    it('refuses a port that is taken before there is a run', async () => {
      const other = createServer().listen(0, '127.0.0.1');
      await once(other, 'listening');
      const { port } = other.address() as AddressInfo;
      const { code, output } = await start('--watch', `${port}`, '--set', 'name=other').ended;
      expect(output).toContain(`makertaker: --watch ${port}: the port is in use`);
      expect(output).not.toContain('run: ');
      expect(code).toBe(2);
      other.close();
    });
  });
});
