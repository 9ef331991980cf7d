import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { loadCheckpoint } from '../../../outputs/checkpoint';
import { captureOutput } from '../capture-output';

const folder = mkdtempSync(join(tmpdir(), 'makertaker-'));
const file = join(folder, 'tiny.yaml');
const out = join(folder, 'runs');
const run = join(out, 'tiny');
const names = ['1-quotes', '2-order'] as const;
const [first, second] = [join(run, names[0]), join(run, names[1])];
afterAll(() => rmSync(folder, { recursive: true }));

writeFileSync(
  file,
  `device: cpu
policy: { hidden: [4] }
value: { hidden: [4], fit: { kind: adam, epochs: 1, minibatch: 16 } }
training: { environments: 4, steps: 4, iterations: 3 }
evaluation: { every: 2, episodes: 4, testEpisodes: 8 }
stages:
  - name: quotes
    env: { id: market-making, steps: 4, arrivals: { kind: poisson, rate: 5 }, inventory: { scale: 4 } }
    training: { iterations: 2 }
  - name: order
    env: { id: execution, periods: 4, horizon: 4 }
    curriculum: { initialise: { from: twap, rounds: 1, criticIterations: 1 } }
`,
);
const bytesOf = (path: string): Buffer =>
  readFileSync(join(loadCheckpoint(path, { which: 'last' }).folder, 'arrays.safetensors'));

describe('train with stages', () => {
  it('reports what is wrong in any stage before one trains', async () => {
    const words = ['train', file, '--out', out, '--set'];
    const misfit = await captureOutput([...words, 'stages.1.evaluation.baselines=[no-quotes]']);
    expect(misfit.code).toBe(2);
    expect(misfit.errors).toContain("stage 2-order: policy 'no-quotes' does not play execution");
    const solver = 'stages.1.curriculum.initialise.from=symmetric';
    expect((await captureOutput([...words, solver])).errors).toContain(
      "stage 2-order: policy 'symmetric' does not play execution",
    );
    const references = 'stages.1.curriculum.references={naive: twap, optimum: tour}';
    expect((await captureOutput([...words, references])).errors).toContain(
      "stage 2-order: policy 'tour' does not play execution",
    );
    const key = await captureOutput([...words, 'stages.1.training.stepz=1']);
    expect(key.code).toBe(2);
    expect(key.errors).toContain('--set stages.1.training.stepz=1: training.stepz: unknown key');
    expect(existsSync(out)).toBe(false);
  });

  it('stops when interrupted, goes on, skips what has ended, and ends in a table', async () => {
    const stopped = await captureOutput(['train', file, '--out', out], (text) => {
      // In the second stage.
      if (text.startsWith('2/3')) process.emit('SIGINT');
    });
    expect(stopped.code).toBe(130);
    expect(stopped.output).toContain('stage 2 of 2: 2-order\n');
    expect(stopped.output).toContain(`makertaker train --resume ${run}\n`);
    expect(readdirSync(run).sort()).toEqual([...names, 'stages.json']);
    expect(loadCheckpoint(second).iteration).toBe(2);
    expect(existsSync(join(second, 'evaluation.json'))).toBe(false);

    const resumed = await captureOutput(['train', '--resume', run]);
    expect(resumed.errors).toBe('');
    expect(resumed.code).toBe(0);
    expect(resumed.output).toContain('stage 1 of 2: 1-quotes: done before\n');
    expect(resumed.output).toContain(`going on after iteration 2 in ${second}`);
    const [heading, ...rows] = resumed.output.trimEnd().split('\n').slice(-3);
    expect(heading).toMatch(/^stage +environment +iterations +validation of the best +folder$/);
    expect(rows[0]).toMatch(/^1-quotes +market-making +2 +score \S+ +/);
    expect(rows[1]).toMatch(/^2-order +execution +3 +score \S+ +/);
    expect(rows.map((row) => row.split(/ +/).at(-1))).toEqual([first, second]);
  });

  it('trains each to the bytes of a run of its own', async () => {
    const alone = join(folder, 'alone.yaml');
    const [shared] = readFileSync(file, 'utf8').split('stages:');
    writeFileSync(
      alone,
      `${shared}env: { id: execution, periods: 4, horizon: 4 }
curriculum: { initialise: { from: twap, rounds: 1, criticIterations: 1 } }`,
    );
    expect((await captureOutput(['train', alone, '--out', out])).code).toBe(0);
    expect(bytesOf(join(out, 'alone')).equals(bytesOf(second))).toBe(true);
  });

  it('goes on with a config that is given again, unless it is another', async () => {
    const again = ['train', file, '--resume', run];
    const longer = await captureOutput([...again, '--set', 'stages.0.training.iterations=3']);
    expect(longer.code).toBe(0);
    expect(longer.output).toContain(`going on after iteration 2 in ${first}`);
    expect(longer.output).toContain('stage 2 of 2: 2-order: done before\n');
    const changed = await captureOutput([...again, '--set', 'trpo.damping=3']);
    expect(changed.code).toBe(2);
    expect(changed.errors).toContain("1-quotes: trpo.damping differs from the stages'; start anew");
    const none = await captureOutput(['train', join(folder, 'alone.yaml'), '--resume', run]);
    expect(none.errors).toContain("alone.yaml has none; give the stages' config, or none");
    const missing = await captureOutput(['train', '--resume', run, '--set', 'stages.4.seed=1']);
    expect(missing.errors).toContain('there is no stage 4; expected stages.0 to stages.1');
  });

  it('is no run for the commands that look at one', async () => {
    const hint = `${run}: the folder of stages; give one of its stages: ${first}, ${second}`;
    const words = [
      ['evaluate', run],
      ['watch', run],
      ['export', run, '--format', 'onnx', '--out', join(folder, 'policy')],
      ['export', run, '--format', 'checkpoint', '--out', join(folder, 'policy')],
    ];
    for (const given of words) {
      const { code, errors } = await captureOutput(given);
      expect(code).toBe(2);
      expect(errors).toContain(hint);
    }
    expect(existsSync(join(folder, 'policy'))).toBe(false);
    expect((await captureOutput(['compare', run])).errors).toContain(
      `${first} is of market-making, ${second} of execution; give runs of one environment`,
    );
    expect((await captureOutput(['compare', first])).code).toBe(0);
  });

  it('trains them once a seed, and stops where a stage fails', async () => {
    const seeds = ['train', file, '--out', out, '--set', 'name=seeds', '--seeds', '0,1'];
    const { code, output } = await captureOutput([...seeds, '--set', 'training.iterations=1']);
    expect(code).toBe(0);
    const [zero, one] = [join(out, 'seeds-seed0'), join(out, 'seeds-seed1')];
    expect(output).toContain(`compare ${join(zero, names[1])} ${join(one, names[1])}\n`);

    const broken = await captureOutput([
      ...['train', file, '--out', out, '--set', 'name=broken'],
      ...['--set', 'stages.0.env.mid={kind: brownian, volatility: 1e+39}'],
      ...['--set', 'training.maximumFailures=1'],
    ]);
    expect(broken.code).toBe(1);
    expect(broken.output).toContain('1-quotes failed: 1 updates in a row were refused');
    expect(existsSync(join(out, 'broken', names[1]))).toBe(false);
  });
});
