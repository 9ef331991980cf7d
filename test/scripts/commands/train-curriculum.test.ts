import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { loadCheckpoint } from '../../../outputs/checkpoint';
import { type MetricsLine, readMetrics } from '../../../outputs/metrics-log';
import { captureOutput } from '../capture-output';

const folder = mkdtempSync(join(tmpdir(), 'makertaker-'));
const out = join(folder, 'runs');
afterAll(() => rmSync(folder, { recursive: true }));

const quoting =
  'env: { id: market-making, steps: 4, arrivals: { kind: poisson, rate: 5 }, inventory: { scale: 4 } }';
// The risk is chosen by and not rewarded: no optimum is known.
const execution =
  'env: { id: execution, periods: 4, horizon: 4, reward: shortfall, riskAversion: 0.001 }';

function write(name: string, env: string, curriculum: string): string {
  const file = join(folder, `${name}.yaml`);
  writeFileSync(
    file,
    `device: cpu
${env}
policy: { hidden: [4] }
value: { hidden: [4], fit: { kind: adam, epochs: 1, minibatch: 16 } }
training: { environments: 4, steps: 4, iterations: 9 }
evaluation: { every: 1, episodes: 8, testEpisodes: 8 }
curriculum: ${curriculum}
`,
  );
  return file;
}
const train = (file: string, ...words: string[]) =>
  captureOutput(['train', file, '--out', out, ...words]);
const linesOf = (name: string): readonly MetricsLine[] =>
  readMetrics(join(out, name, 'metrics.jsonl'));
const iterationsOf = (name: string): unknown => linesOf(name).at(-1)?.iteration;
const bytesOf = (name: string): Buffer =>
  readFileSync(
    join(loadCheckpoint(join(out, name), { which: 'last' }).folder, 'arrays.safetensors'),
  );

describe('curriculum.end', () => {
  const always = 'pass: { score: -1000, evaluations: 2 }';

  it('ends training once the environment itself is passed, and for good', async () => {
    const file = write('own', quoting, `{ end: true, ${always} }`);
    const { code, output } = await train(file);
    expect(code).toBe(0);
    expect(output).toContain('level market-making passed: training ends here');
    expect(iterationsOf('own')).toBe(2);
    expect(existsSync(join(out, 'own', 'evaluation.json'))).toBe(true);

    const before = bytesOf('own');
    const resumed = await captureOutput(['train', '--resume', join(out, 'own')]);
    expect(resumed.code).toBe(0);
    expect(iterationsOf('own')).toBe(2);
    expect(bytesOf('own').equals(before)).toBe(true);
    expect(existsSync(join(out, 'own', 'evaluation.json'))).toBe(true);
  });

  it('ends after the last level, wherever training was interrupted', async () => {
    const levels = 'levels: [{ name: fewer, env: { arrivals: { rate: 4 } } }]';
    const file = write('levels', quoting, `{ end: true, ${always}, ${levels} }`);
    const stopped = await train(file, '--set', 'name=resumed');
    expect(stopped.code).toBe(0);
    expect(iterationsOf('resumed')).toBe(4);

    // Between the two passes of the last level.
    const interrupted = await captureOutput(['train', file, '--out', out], (text) => {
      if (text.startsWith('3/9')) process.emit('SIGINT');
    });
    expect(interrupted.code).toBe(130);
    const run = join(out, 'levels');
    expect((await captureOutput(['train', '--resume', run])).code).toBe(0);
    expect(iterationsOf('levels')).toBe(4);
    expect(bytesOf('levels').equals(bytesOf('resumed'))).toBe(true);
  });

  it('does not end before, nor where the config does not say so', async () => {
    const hard = write('hard', quoting, '{ end: true, pass: { score: 1000 } }');
    expect((await train(hard, '--set', 'training.iterations=3')).code).toBe(0);
    expect(iterationsOf('hard')).toBe(3);
    const endless = write('endless', quoting, `{ ${always} }`);
    expect((await train(endless, '--set', 'training.iterations=3')).code).toBe(0);
    expect(iterationsOf('endless')).toBe(3);
  });

  it('is refused where no score is known', async () => {
    const { code, errors } = await train(write('unknown', execution, '{ end: true }'));
    expect(code).toBe(2);
    expect(errors).toContain('curriculum.end: execution has no known optimum to be scored against');
    expect(existsSync(join(out, 'unknown'))).toBe(false);
  });
});

describe('curriculum.references', () => {
  const references = 'references: { naive: random, optimum: twap }';

  it('give a score where no optimum is known, at every level', async () => {
    const levels = 'levels: [{ name: small, env: { quantity: 500000 } }]';
    const pass = 'pass: { score: -1000, evaluations: 1 }';
    const missing = await train(write('unscored', execution, `{ ${levels}, ${pass} }`));
    expect(missing.code).toBe(2);
    expect(missing.errors).toContain('curriculum.levels.0: small has no known optimum');

    const body = `{ initialise: { from: twap, rounds: 1, criticIterations: 1 }, ${references}, ${levels}, ${pass}, end: true }`;
    const { code, output } = await train(write('scored', execution, body));
    expect(code).toBe(0);
    expect(output).toContain('level small passed; now target');
    const measured = "Normalised score: (return − random's) / (twap's − random's)";
    expect(output).toContain(measured);
    expect((await captureOutput(['evaluate', join(out, 'scored')])).output).toContain(measured);
    expect(linesOf('scored').map((line) => typeof line['validation/score'])).toEqual([
      'number',
      'number',
    ]);
  });

  it('take the place of the environment’s own', async () => {
    const words = ['--set', 'training.iterations=1'];
    const gaps = [];
    for (const optimum of ['value-iteration', 'symmetric']) {
      const file = write(
        optimum,
        quoting,
        `{ references: { naive: no-quotes, optimum: ${optimum} } }`,
      );
      expect((await train(file, ...words)).code).toBe(0);
      gaps.push(linesOf(optimum)[0]!['validation/gap']);
    }
    const own = write('kind', quoting, '{}');
    expect((await train(own, ...words)).code).toBe(0);
    expect(linesOf('kind')[0]!['validation/gap']).toBe(gaps[0]);
    expect(gaps[1]).not.toBe(gaps[0]);
  });

  it.each([
    [execution, '{ naive: twap, optimum: tour }', "policy 'tour' does not play execution"],
    [execution, '{ naive: twap, optimum: twapp }', "there is no policy 'twapp'"],
    [
      quoting,
      '{ naive: value-iteration, optimum: no-quotes }',
      'curriculum.references: at market-making the optimum no-quotes (0.000) earns no more in validation than the naive value-iteration (',
    ],
  ])('are refused where they do not fit: %#', async (env, given, expected) => {
    const { code, errors } = await train(write('misfit', env, `{ references: ${given} }`));
    expect(code).toBe(2);
    expect(errors).toContain(expected);
    expect(existsSync(join(out, 'misfit'))).toBe(false);
  });
});
