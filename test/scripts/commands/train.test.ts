import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';

import { parseConfig } from '../../../configs/parse-config';
import { findCheckpoint, loadCheckpoint } from '../../../outputs/checkpoint';
import { readMetrics } from '../../../outputs/metrics-log';
import { captureOutput } from '../capture-output';

const folder = mkdtempSync(join(tmpdir(), 'makertaker-'));
const file = join(folder, 'small.yaml');
const out = join(folder, 'runs');
const run = join(out, 'small');

writeFileSync(
  file,
  `seed: 0
device: cpu
env: { id: market-making, steps: 8, arrivals: { kind: poisson, rate: 5 }, inventory: { scale: 4 } }
policy: { hidden: [8] }
value: { hidden: [8], fit: { kind: adam, epochs: 1, minibatch: 64 } }
training: { environments: 16, steps: 8, iterations: 5 }
evaluation: { baselines: [symmetric], every: 2, episodes: 16, testEpisodes: 32 }
`,
);
const train = (...words: string[]) => captureOutput(['train', file, '--out', out, ...words]);

/** The figures of a run, times aside. */
const figuresOf = (path: string) =>
  readMetrics(join(path, 'metrics.jsonl')).map((line) =>
    Object.entries(line).filter(([name]) => !name.startsWith('time/')),
  );
const bytesOf = (path: string): Buffer =>
  readFileSync(join(loadCheckpoint(path, { which: 'last' }).folder, 'arrays.safetensors'));

beforeAll(async () => {
  const { code, errors, output } = await train();
  expect(errors).toBe('');
  expect(output).toContain('Paired differences');
  expect(code).toBe(0);
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('train', () => {
  it('leaves checkpoints, curves, the config and the comparison behind', () => {
    expect(readdirSync(run).sort()).toEqual([
      'checkpoints',
      'config.yaml',
      'evaluation.json',
      'metrics.jsonl',
      'tensorboard',
    ]);
    const lines = readMetrics(join(run, 'metrics.jsonl'));
    expect(lines.map(({ iteration }) => iteration)).toEqual([1, 2, 3, 4, 5]);
    expect(lines[4]).toMatchObject({ environmentSteps: 640, finite: 1, failures: 0 });
    expect(lines.map((line) => typeof line['validation/return'])).toEqual([
      'undefined',
      'number',
      'object',
      'number',
      'number',
    ]);
    const last = loadCheckpoint(run, { which: 'last' });
    expect(last.iteration).toBe(5);
    const validations = [lines[1], lines[3], lines[4]].map((line) => line!['validation/return']);
    const { iteration } = loadCheckpoint(run, { which: 'best' });
    const best = lines.find((line) => line.iteration === iteration)!['validation/return'];
    expect(best).toBe(Math.max(...(validations as number[])));
  });

  it('writes a config that gives the same config again', () => {
    const text = readFileSync(join(run, 'config.yaml'), 'utf8');
    expect(parseConfig(text, 'anything.yaml')).toEqual(
      parseConfig(readFileSync(file, 'utf8'), file),
    );
  });

  it('has as many live tensors after every iteration', () => {
    const live = readMetrics(join(run, 'metrics.jsonl')).map((line) => line['liveTensors']);
    expect(new Set(live).size).toBe(1);
  });

  it('gives the same bytes for the same seed, in a folder of its own, and others for another', async () => {
    expect((await train()).code).toBe(0);
    expect(figuresOf(`${run}-2`)).toEqual(figuresOf(run));
    expect(bytesOf(`${run}-2`).equals(bytesOf(run))).toBe(true);
    expect((await train('--seeds', '1,2')).code).toBe(0);
    expect(bytesOf(`${run}-seed1`).equals(bytesOf(run))).toBe(false);
    expect(bytesOf(`${run}-seed2`).equals(bytesOf(`${run}-seed1`))).toBe(false);
  });

  it('stops in good order when interrupted, and goes on to the same bytes', async () => {
    const name = ['--set', 'name=stopped'];
    const stopped = await captureOutput(['train', file, '--out', out, ...name], (text) => {
      if (text.startsWith('3/5')) process.emit('SIGINT');
    });
    expect(stopped.code).toBe(130);
    const path = join(out, 'stopped');
    expect(stopped.output).toContain(`makertaker train --resume ${path}`);
    expect(loadCheckpoint(path, { which: 'last' }).iteration).toBe(3);
    expect(existsSync(join(path, 'evaluation.json'))).toBe(false);
    const resumed = await captureOutput(['train', '--resume', path]);
    expect(resumed.code).toBe(0);
    expect(figuresOf(path)).toEqual(figuresOf(run));
    expect(bytesOf(path).equals(bytesOf(run))).toBe(true);
    expect(readFileSync(join(path, 'evaluation.json'), 'utf8')).toBe(
      readFileSync(join(run, 'evaluation.json'), 'utf8'),
    );
  });

  it('keeps a second training out of a run, and takes over from one that died', async () => {
    const lock = join(run, '.lock');
    writeFileSync(lock, `${process.pid} on ${hostname()}`);
    const second = await captureOutput(['train', '--resume', run]);
    expect(second.code).toBe(2);
    expect(second.errors).toContain(`process ${process.pid} on ${hostname()} is training there`);
    writeFileSync(lock, `4194305 on ${hostname()}`);
    expect((await captureOutput(['train', '--resume', run])).code).toBe(0);
    expect(existsSync(lock)).toBe(false);
  });

  it('evaluates a finished run anew, as it is asked to', async () => {
    const fewer = [
      '--set',
      'evaluation.testEpisodes=8',
      '--set',
      'evaluation.baselines=[no-quotes]',
    ];
    const { output } = await captureOutput(['train', '--resume', `${run}-2`, ...fewer]);
    expect(output).toContain('market-making: 8 test episodes');
    expect(output).toMatch(/^trained − no-quotes/m);
  });

  it('stops after too many updates that are not finite', async () => {
    const { code, errors } = await train(
      ...['--set', 'env.mid={kind: brownian, volatility: 1e+39}', '--set', 'name=infinite'],
      ...['--set', 'training.maximumFailures=2'],
    );
    expect(code).toBe(1);
    expect(errors).toMatch(/^makertaker: 2 updates in a row were refused .* not finite; [^\n]+\n$/);
    expect(errors).toContain('no checkpoint had been saved in');
  });

  it('says that threads have no effect on a device that has one', async () => {
    const { output } = await train('--threads', '2', '--set', 'training.iterations=1');
    expect(output).toMatch(/^threads: 2 has no effect, the device cpu computes in one thread$/m);
    expect(output).toMatch(/^1\/1 {2}return .* {2}0:00 left$/m);
  });

  it('refuses to go on with another config', async () => {
    const { code, errors } = await captureOutput([
      'train',
      '--resume',
      run,
      '--set',
      'trpo.damping=3',
    ]);
    expect(code).toBe(2);
    expect(errors).toContain('trpo.damping is 3 now and was 0.1');
    const checkpoint = loadCheckpoint(run).folder;
    const wrong = await captureOutput(['train', '--resume', checkpoint]);
    expect(wrong.errors).toContain('this is a checkpoint; give its run');
  });

  it('goes on for longer when asked, as if it had been asked at first', async () => {
    const longer = ['--set', 'training.iterations=6'];
    expect((await train(...longer, '--set', 'name=longer')).code).toBe(0);
    expect((await captureOutput(['train', '--resume', `${run}-2`, ...longer])).code).toBe(0);
    expect(bytesOf(`${run}-2`).equals(bytesOf(join(out, 'longer')))).toBe(true);
  });

  it('leaves no folder behind when the input is wrong', async () => {
    const { code } = await train('--set', 'name=never', '--set', 'evaluation.baselines=[twap]');
    expect(code).toBe(2);
    expect(existsSync(join(out, 'never'))).toBe(false);
  });
});

describe('a trained run', () => {
  it('is evaluated against its baselines, to the same figures each time', async () => {
    const { code, output } = await captureOutput(['evaluate', run, '--exact', '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(output)).toEqual(
      JSON.parse(readFileSync(join(run, 'evaluation.json'), 'utf8')),
    );
    const { policies, exact } = JSON.parse(output) as { policies: object[]; exact: object[] };
    expect(exact).toMatchObject([
      { policy: 'trained' },
      { policy: 'symmetric' },
      { policy: 'optimum' },
    ]);
    expect(policies).toMatchObject([
      { name: 'trained', kind: 'trained' },
      { name: 'symmetric', kind: 'classical' },
    ]);
  });

  it.each(['tfjs', 'javascript'])('is exported as %s, which agrees with it', async (format) => {
    const target = join(folder, format);
    const { code, output, errors } = await captureOutput([
      ...['export', run, '--format', format, '--out', target],
    ]);
    expect(errors).toBe('');
    expect(code).toBe(0);
    expect(output).toContain('agrees with the trained policy on 10000 observations');
    expect(existsSync(join(target, 'policy.json'))).toBe(true);
  });

  it('is exported as a checkpoint of the policy alone, which plays the same', async () => {
    const target = join(folder, 'alone');
    const words = ['export', run, '--format', 'checkpoint', '--out', target];
    const { code, output } = await captureOutput(words);
    expect(code).toBe(0);
    expect(output.trim().split('\n').sort()).toEqual(
      readdirSync(target)
        .map((file) => join(target, file))
        .sort(),
    );
    const evaluate = async (path: string) =>
      (await captureOutput(['evaluate', path, '--episodes', '8', '--json'])).output;
    expect(await evaluate(target)).toBe(await evaluate(run));
    const whole = statSync(join(findCheckpoint(run), 'arrays.safetensors')).size;
    expect(statSync(join(target, 'arrays.safetensors')).size).toBeLessThan(whole / 2);
    const { errors } = await captureOutput(['train', '--resume', target]);
    expect(errors).toContain('this is a checkpoint; give its run');
  });
});
