import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { RunComparison } from '../../../outputs/comparison/comparison';
import { loadCheckpoint } from '../../../outputs/checkpoint';
import { captureOutput } from '../capture-output';

const folder = mkdtempSync(join(tmpdir(), 'makertaker-'));
const file = join(folder, 'tiny.yaml');
const out = join(folder, 'runs');
const sweep = join(out, 'tiny-sweep');
afterAll(() => rmSync(folder, { recursive: true }));

writeFileSync(
  file,
  `device: cpu
env: { id: market-making, steps: 4, arrivals: { kind: poisson, rate: 5 }, inventory: { scale: 4 } }
policy: { hidden: [4] }
value: { hidden: [4], fit: { kind: adam, epochs: 1, minibatch: 16 } }
training: { environments: 4, steps: 4, iterations: 3 }
evaluation: { every: 2, episodes: 4, testEpisodes: 8 }
sweep: { trpo.trustRegion: [0.01, 0.05], seed: [0, 1] }
`,
);
const names = ['0.01-seed0', '0.01-seed1', '0.05-seed0', '0.05-seed1'].map(
  (values) => `tiny-trustRegion${values}`,
);
const bytesOf = (run: string): Buffer =>
  readFileSync(join(loadCheckpoint(run, { which: 'last' }).folder, 'arrays.safetensors'));

describe('train with a sweep', () => {
  it('reports what is wrong in the grid before anything trains', async () => {
    const bad = join(folder, 'bad.yaml');
    writeFileSync(bad, readFileSync(file, 'utf8').replace('[0.01, 0.05]', '[0.01, -1]'));
    const { code, errors } = await captureOutput(['train', bad, '--out', out]);
    expect(code).toBe(2);
    expect(errors).toContain(`${bad}:7: sweep: trpo.trustRegion: -1: `);
    const misfit = await captureOutput([
      ...['train', file, '--out', out, '--set', 'evaluation.baselines=[twap]'],
    ]);
    expect(misfit.code).toBe(2);
    expect(misfit.errors).toContain("policy 'twap' does not play market-making");
    expect(existsSync(out)).toBe(false);
  });

  it('stops when interrupted, goes on, skips what has ended, and compares', async () => {
    const stopped = await captureOutput(['train', file, '--out', out], (text) => {
      // In the second run.
      if (text.startsWith('2/3') && existsSync(join(sweep, names[1]!))) process.emit('SIGINT');
    });
    expect(stopped.code).toBe(130);
    expect(stopped.output).toContain(`makertaker train --resume ${sweep}\n`);
    expect(readdirSync(sweep).sort()).toEqual(['sweep.json', names[0], names[1]].sort());
    expect(loadCheckpoint(join(sweep, names[1]!)).iteration).toBe(2);
    const first = statSync(join(sweep, names[0]!, 'evaluation.json')).mtimeMs;

    const resumed = await captureOutput(['train', file, '--resume', sweep]);
    expect(resumed.errors).toBe('');
    expect(resumed.code).toBe(0);
    expect(resumed.output).toContain(`run 1 of 4: ${names[0]}: done before\n`);
    expect(resumed.output).toContain(`going on after iteration 2 in ${join(sweep, names[1]!)}`);
    expect(statSync(join(sweep, names[0]!, 'evaluation.json')).mtimeMs).toBe(first);

    const written = JSON.parse(
      readFileSync(join(sweep, 'comparison.json'), 'utf8'),
    ) as RunComparison;
    expect(written.groups).toMatchObject([
      { label: 'trustRegion0.01', differences: { 'trpo.trustRegion': 0.01 } },
      { label: 'trustRegion0.05', differences: { 'trpo.trustRegion': 0.05 } },
    ]);
    expect(written.groups.map(({ runs }) => runs.map(({ seed }) => seed))).toEqual([
      [0, 1],
      [0, 1],
    ]);
    const compared = await captureOutput(['compare', sweep]);
    expect(resumed.output).toContain(compared.output.trimEnd());
    expect(existsSync(join(sweep, 'comparison.html'))).toBe(true);
  });

  it('has trained each as it would have been alone', async () => {
    const alone = ['--set', 'trpo.trustRegion=0.05', '--set', 'name=alone', '--seed', '1'];
    const text = readFileSync(file, 'utf8').replace(/^sweep.*$/m, '');
    const plain = join(folder, 'plain.yaml');
    writeFileSync(plain, text);
    const { code } = await captureOutput(['train', plain, '--out', out, ...alone]);
    expect(code).toBe(0);
    expect(bytesOf(join(out, 'alone')).equals(bytesOf(join(sweep, names[3]!)))).toBe(true);
  });

  it('goes on by its folder alone, and trains what is missing', async () => {
    rmSync(join(sweep, names[2]!), { recursive: true });
    const { code, output } = await captureOutput(['train', '--resume', sweep]);
    expect(code).toBe(0);
    expect(output.match(/: done before$/gm)).toHaveLength(3);
    expect(output).toContain(`run: ${join(sweep, names[2]!)}\n`);
  });

  it('refuses to go on with another config', async () => {
    const changed = ['train', file, '--resume', sweep, '--set', 'trpo.damping=3'];
    const { code, errors } = await captureOutput(changed);
    expect(code).toBe(2);
    expect(errors).toContain(`${names[0]}: trpo.damping differs from the sweep's`);
    const none = await captureOutput(['train', join(folder, 'plain.yaml'), '--resume', sweep]);
    expect(none.code).toBe(2);
    expect(none.errors).toContain("plain.yaml has none; give the sweep's config");
  });

  it('gives the others their turn where one fails', async () => {
    const words = [
      ...['train', file, '--out', out, '--set', 'name=broken', '--seeds', '1'],
      ...['--set', 'sweep.trpo.trustRegion=[0.01]', '--set', 'training.maximumFailures=1'],
      ...['--set', 'sweep.env.mid=[{kind: brownian, volatility: 1e+39}, {kind: brownian}]'],
    ];
    const { code, output } = await captureOutput(words);
    expect(code).toBe(1);
    const failed = 'broken-trustRegion0.01-mid-1-seed1';
    expect(output).toContain(`${failed} failed: 1 updates in a row were refused`);
    expect(output).toContain(`failed, and not compared: ${failed}\n`);
    expect(output).toMatch(/^market-making: 1 run, test streams/m);
    expect(existsSync(join(out, 'broken-sweep', 'comparison.json'))).toBe(true);
  });
});
