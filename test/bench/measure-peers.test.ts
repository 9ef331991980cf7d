import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { fullScale, quickScale } from '../../bench/measure-device';
import { measurePeers } from '../../bench/measure-peers';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'peers-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A Python that answers each program with some lines of shell, and keeps what it was asked. */
function stubPython(answers: Readonly<Record<string, string>>): string {
  const path = join(folder, 'python');
  const cases = Object.entries(answers).map(([file, answer]) => `*/${file})\n${answer}\n;;`);
  writeFileSync(
    path,
    `#!/bin/sh\necho "$@" >> '${join(folder, 'asked')}'\ncase "$1" in\n${cases.join('\n')}\nesac\n`,
  );
  chmodSync(path, 0o755);
  return path;
}

const asked = (): string[] => readFileSync(join(folder, 'asked'), 'utf8').trim().split('\n');

const print = (report: object): string => `cat <<'END'\n${JSON.stringify(report)}\nEND`;
const missing = (library: string): string =>
  `echo 'Traceback (most recent call last):' >&2\necho "ModuleNotFoundError: No module named '${library}'" >&2\nexit 1`;

const torchUpdate = {
  versions: { python: '3', torch: '2' },
  device: 'cpu',
  results: [
    {
      ...{ work: 'fisherProduct', form: 'gauss-newton', threads: 2, rows: 32768 },
      ...{ within: 'conjugate gradients', difference: 1e-7 },
      seconds: { median: 0.0212345, min: 0.02, max: 0.03, runs: 7 },
      load: 2,
    },
    {
      ...{ work: 'trpoUpdate', form: 'gauss-newton', threads: 2, rows: 32768 },
      seconds: { median: 0.25, min: 0.2, max: 0.3, runs: 7 },
      load: 2,
    },
  ],
  skipped: [{ form: 'compiled', reason: 'no compiler' }],
};
const jaxUpdate = {
  versions: { python: '3', jax: '1' },
  device: 'A GPU',
  results: [
    {
      ...{ work: 'trpoUpdate', form: 'blocks', threads: 2, rows: 32768, precision: 'highest' },
      seconds: { median: 0.2, min: 0.2, max: 0.2, runs: 1 },
      load: 2,
    },
  ],
  skipped: [],
};
const books = {
  ...{ versions: { jax: '1', C: 'by cc 12' }, device: 'cpu', skipped: [] },
  results: [
    {
      ...{ work: 'orderBookEvents', form: 'books first', threads: 2 },
      ...{ environments: 16384, steps: 200 },
      seconds: { median: 0.4, min: 0.4, max: 0.8, runs: 3 },
      load: 2,
    },
  ],
};
const bookPrograms = { 'order_book_jax.py': print(books), 'order_book_c.py': print(books) };
const jaxMarket = {
  ...{ versions: { jax: '1' }, device: 'cpu', skipped: [] },
  results: [
    {
      ...{ work: 'policySteps', form: 'two words a step', threads: 2, stored: true },
      ...{ environments: 16384, steps: 128 },
      seconds: { median: 0.5, min: 0.25, max: 1, runs: 3 },
      load: 2,
    },
  ],
};

it('gives the figures of every program in their units', async () => {
  const python = stubPython({
    'trpo_update.py': print(torchUpdate),
    'trpo_update_jax.py': print(jaxUpdate),
    'market_making_jax.py': print(jaxMarket),
    ...bookPrograms,
  });
  const { figures, skipped } = await measurePeers({ python, scale: fullScale, gpu: false });
  expect(figures).toEqual([
    {
      ...{ peer: 'torch 2', name: 'fisherProduct', form: 'gauss-newton, in conjugate gradients' },
      ...{ threads: 2, device: 'cpu', batch: 32768, unit: 'ms' },
      ...{ value: 21.23, min: 20, max: 30, runs: 7, load: 2 },
    },
    {
      ...{ peer: 'torch 2', name: 'trpoUpdate', form: 'gauss-newton' },
      ...{ threads: 2, device: 'cpu', batch: 32768, unit: 'ms' },
      ...{ value: 250, min: 200, max: 300, runs: 7, load: 2 },
    },
    {
      ...{ peer: 'jax 1', name: 'trpoUpdate', form: 'blocks, precision highest' },
      ...{ threads: 2, device: 'A GPU', batch: 32768, unit: 'ms' },
      ...{ value: 200, min: 200, max: 200, runs: 1, load: 2 },
    },
    {
      ...{ peer: 'jax 1', name: 'policySteps', form: 'two words a step' },
      ...{ threads: 2, device: 'cpu', batch: 16384, unit: 'environment steps/s' },
      ...{ value: 4_194_000, min: 2_097_000, max: 8_389_000, runs: 3, load: 2 },
    },
    ...['jax 1', 'C by cc 12'].map((peer) => ({
      ...{ peer, name: 'orderBookEvents', form: 'books first' },
      ...{ threads: 2, device: 'cpu', batch: 16384, unit: 'book events/s' },
      ...{ value: 8_192_000, min: 4_096_000, max: 8_192_000, runs: 3, load: 2 },
    })),
  ]);
  expect(skipped).toEqual([{ name: 'trpo_update.py, compiled', reason: 'no compiler' }]);
});

it('asks for the sizes and the effort of the scale', async () => {
  const python = stubPython({ 'trpo_update.py': print(torchUpdate) });
  await measurePeers({ python, scale: fullScale, gpu: false });
  await measurePeers({ python, scale: quickScale, gpu: true });
  expect(asked().map((line) => line.replace(/^.*\/bench\/peers\//, ''))).toEqual([
    'trpo_update.py --rows 32768 --runs 7 --seconds 10 --least 1',
    'trpo_update_jax.py --rows 32768 --runs 7 --seconds 10 --least 1',
    'market_making_jax.py --environments 16384 --steps 128 --runs 7 --seconds 10 --least 1',
    'order_book_jax.py --books 16384 --events 200 --runs 7 --seconds 10 --least 1',
    'order_book_c.py --books 16384 --events 200 --runs 7 --seconds 10 --least 1',
    'trpo_update.py --rows 512 --runs 3 --seconds 0.5 --least 0 --gpu',
    'trpo_update_jax.py --rows 512 --runs 3 --seconds 0.5 --least 0 --gpu',
    'market_making_jax.py --environments 256 --steps 4 --runs 3 --seconds 0.5 --least 0 --gpu',
    'order_book_jax.py --books 256 --events 4 --runs 3 --seconds 0.5 --least 0 --gpu',
  ]);
});

it('leaves out the programs whose library is missing, and says so', async () => {
  const python = stubPython({
    'trpo_update.py': missing('torch'),
    'trpo_update_jax.py': 'echo no report',
    'market_making_jax.py': print(jaxMarket),
    ...bookPrograms,
  });
  const { figures, skipped } = await measurePeers({ python, scale: fullScale, gpu: false });
  expect(figures.map(({ name }) => name)).toEqual([
    'policySteps',
    'orderBookEvents',
    'orderBookEvents',
  ]);
  expect(skipped).toEqual([
    { name: 'trpo_update.py', reason: "ModuleNotFoundError: No module named 'torch'" },
    { name: 'trpo_update_jax.py', reason: 'it does not print a report' },
  ]);
});

it('refuses a Python with which none runs, each reason named once', async () => {
  const python = stubPython({
    'trpo_update.py': missing('torch'),
    'trpo_update_jax.py': missing('jax'),
    'market_making_jax.py': missing('jax'),
    'order_book_jax.py': missing('jax'),
    'order_book_c.py': missing('jax'),
  });
  await expect(measurePeers({ python, scale: fullScale, gpu: false })).rejects.toThrow(
    `--peers: ${python} does not run the comparison: ModuleNotFoundError: No module named 'torch'; ModuleNotFoundError: No module named 'jax'`,
  );
  await expect(
    measurePeers({ python: '/no/such/python', scale: fullScale, gpu: false }),
  ).rejects.toThrow(/^--peers: \/no\/such\/python does not run the comparison: spawn .* ENOENT$/);
});

it('passes on what the programs say of their progress, and nothing else', async () => {
  const said = 'echo "a warning" >&2; echo "trpo_update.py, 1 s: gauss-newton: 2 ms" >&2';
  const python = stubPython({ 'trpo_update.py': `${said}\n${print(torchUpdate)}` });
  const lines: string[] = [];
  await measurePeers({
    ...{ python, scale: fullScale, gpu: false },
    onProgress: (line) => lines.push(line),
  });
  expect(lines).toEqual(['trpo_update.py, 1 s: gauss-newton: 2 ms']);
});
