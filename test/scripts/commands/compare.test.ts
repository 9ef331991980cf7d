import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { RunComparison } from '../../../outputs/comparison/comparison';
import { captureOutput } from '../capture-output';

const folder = mkdtempSync(join(tmpdir(), 'makertaker-'));
afterAll(() => rmSync(folder, { recursive: true }));

interface Described {
  readonly env?: string;
  readonly config?: string;
  readonly seed: number;
  /** Of three validations, every second iteration. */
  readonly returns: readonly number[];
  /** On the test streams; none: not evaluated yet. */
  readonly final?: number;
  readonly score?: number;
}

/** A run's folder as a training leaves it, without checkpoints. */
function writeRun(name: string, described: Described): string {
  const { env = '{ id: pendulum }', config = '', seed, returns, final, score } = described;
  const path = join(folder, name);
  mkdirSync(path, { recursive: true });
  writeFileSync(join(path, 'config.yaml'), `env: ${env}\nseed: ${seed}\n${config}\n`);
  const lines = returns.flatMap((value, index) => [
    { iteration: 2 * index + 1, environmentSteps: (2 * index + 1) * 5000, return: value - 1 },
    {
      iteration: 2 * index + 2,
      environmentSteps: (2 * index + 2) * 5000,
      return: value - 1,
      'validation/return': value,
    },
  ]);
  writeFileSync(
    join(path, 'metrics.jsonl'),
    lines.map((line) => `${JSON.stringify(line)}\n`).join(''),
  );
  if (final !== undefined) {
    const evaluation = {
      env: 'pendulum',
      policies: [
        { name: 'random', kind: 'classical', metrics: { return: { mean: -1000 } } },
        { name: 'trained', kind: 'trained', metrics: { return: { mean: final } } },
      ],
      ...(score === undefined
        ? {}
        : { score: { policies: [{ policy: 'trained', normalised: { value: score } }] } }),
    };
    writeFileSync(join(path, 'evaluation.json'), JSON.stringify(evaluation));
  }
  return path;
}

const small = [3, 1, 4, 5].map((final, seed) =>
  writeRun(`small-seed${seed}`, { seed, returns: [seed, 2, 3], final, score: final / 10 }),
);
const large = [6, 9, 2, 8].map((final, seed) =>
  writeRun(`large-seed${seed}`, {
    config: 'trpo: { trustRegion: 0.05 }',
    seed,
    returns: [1, 2, 3 + seed],
    final,
    score: final / 10,
  }),
);

const compare = (...words: string[]) => captureOutput(['compare', ...words]);
async function compareAsJson(...words: string[]): Promise<RunComparison> {
  const { code, errors, output } = await compare(...words, '--json');
  expect(errors).toBe('');
  expect(code).toBe(0);
  return JSON.parse(output) as RunComparison;
}

describe('compare', () => {
  it('groups seeds, and finds interquartile means and the probability of improvement', async () => {
    const { env, source, groups, measures, notes } = await compareAsJson(...small, ...large);
    expect([env, source]).toEqual(['pendulum', 'test']);
    expect(groups).toMatchObject([
      { label: 'small', differences: { 'trpo.trustRegion': 0.01 } },
      { label: 'large', differences: { 'trpo.trustRegion': 0.05 } },
    ]);
    expect(groups[1]!.runs[3]).toMatchObject({
      path: large[3],
      seed: 3,
      iterations: 6,
      scores: { return: 8, score: 0.8 },
    });
    expect(measures.map(({ name }) => name)).toEqual(['score', 'return']);
    const { groups: means, pairs } = measures[1]!;
    // Of 1, 3, 4, 5 and of 2, 6, 8, 9 the middle two.
    expect(means.map(({ interquartileMean }) => interquartileMean.value)).toEqual([3.5, 7]);
    // 2 beats 1; 6, 8 and 9 beat all four.
    expect(pairs).toMatchObject([
      {
        group: 'large',
        against: 'small',
        probabilityOfImprovement: { value: 13 / 16 },
        difference: { value: 3.5 },
      },
    ]);
    expect(notes).toEqual(['intervals over fewer than 5 seeds are too narrow']);
  });

  it('has curves over the steps, a point a validation', async () => {
    const { curves } = await compareAsJson(...small, ...large);
    expect(curves.map(({ metric }) => metric)).toEqual(['validation/return', 'return']);
    const [own, other] = curves[0]!.groups;
    // Of the seeds 0, 1, 2, 3 the middle two; of 3, 4, 5, 6.
    expect(own!.points.map(({ steps, value }) => [steps, value.value])).toEqual([
      [10_000, 1.5],
      [20_000, 2],
      [30_000, 3],
    ]);
    expect(other!.points.at(-1)).toMatchObject({ value: { value: 4.5 }, least: 3, most: 6 });
    expect(curves[1]!.groups[0]!.points).toHaveLength(6);
  });

  it('prints tables', async () => {
    const { output } = await compare(...small, ...large);
    expect(output).toMatch(/^pendulum: 8 runs, test streams/);
    expect(output).toMatch(/^small +4 +0\.35 \[0\.\d+, 0\.\d+\] +3\.5 \[\S+ \S+\] +0\.1 … 0\.5$/m);
    expect(output).toMatch(/^large over small +0\.81 \[0\.\d+, 1\] +0\.35 \[/m);
    expect(output).toMatch(/^trpo\.trustRegion +0\.01 +0\.05$/m);
  });

  it('takes labels, and the runs of a folder', async () => {
    const labelled = await compareAsJson(folder, '--label', 'A', '--label', 'B');
    expect(labelled.groups.map(({ label, runs }) => [label, runs.length])).toEqual([
      ['A', 4],
      ['B', 4],
    ]);
    expect(labelled.groups[0]!.runs[0]!.path).toBe(large[0]);
  });

  it('draws the curves and writes the page', async () => {
    const [plot, html] = [join(folder, 'a.svg'), join(folder, 'a.html')];
    const { code } = await compare(...small, ...large, '--plot', plot, '--html', html);
    expect(code).toBe(0);
    const svg = readFileSync(plot, 'utf8');
    expect(svg).toContain('Return in validation');
    expect(svg).toContain('environment steps, thousands');
    expect(readFileSync(html, 'utf8')).toContain('Probability of improvement in score');
  });

  it('counts with the last validations where a run is not evaluated yet', async () => {
    const unfinished = writeRun('other/small-seed9', { seed: 9, returns: [7, 8] });
    const { source, measures, notes, curves } = await compareAsJson(...small, unfinished);
    expect(source).toBe('validation');
    expect(measures.map(({ name }) => name)).toEqual(['return']);
    expect(measures[0]!.groups[0]).toMatchObject({ runs: 5, mean: (4 * 3 + 8) / 5 });
    expect(notes[0]).toContain(`not evaluated yet: ${unfinished}`);
    expect(notes[1]).toContain('its runs have 4 to 6 iterations');
    expect(curves[0]!.groups[0]!.points).toHaveLength(2);
  });

  it('warns that returns of differing environments are not the same', async () => {
    const steeper = writeRun('steep/pendulum-seed0', {
      env: '{ id: pendulum, gravity: 12 }',
      seed: 0,
      returns: [1],
      final: 2,
    });
    const { notes } = await compareAsJson(small[0]!, steeper);
    expect(notes).toEqual([
      'the environments differ in env.gravity: returns measure different problems',
      'a group of one seed has no interval',
    ]);
  });

  it('tells groups of the same name apart by their folders', async () => {
    const runs = [0.02, 0.03].map((trustRegion) =>
      writeRun(`at${trustRegion}/same-seed0`, {
        config: `trpo: { trustRegion: ${trustRegion} }`,
        seed: 0,
        returns: [1],
        final: 1,
      }),
    );
    const { groups } = await compareAsJson(...runs);
    expect(groups.map(({ label }) => label)).toEqual(['at0.02/same', 'at0.03/same']);
  });

  it.each<[string, () => string[], string]>([
    ['a folder that is not there', () => [join(folder, 'no')], 'no such folder; give runs'],
    ['a file', () => [join(small[0]!, 'config.yaml')], 'config.yaml: a file; give runs'],
    ['a run twice', () => [small[0]!, small[0]!], 'the same config and seed (0) as'],
    ['a label too few', () => [...small, ...large, '--label', 'A'], '1 given for 2 groups of runs'],
    [
      'a label twice',
      () => [...small, ...large, '--label', 'A', '--label', 'A'],
      '--label A: given to two groups',
    ],
    [
      'another environment',
      () => [
        small[0]!,
        writeRun('else/pole', { env: '{ id: cartpole }', seed: 1, returns: [1], final: 1 }),
      ],
      `${small[0]} is of pendulum, ${join(folder, 'else/pole')} of cartpole; give runs of one`,
    ],
    [
      'a run without a figure',
      () => [small[0]!, writeRun('new/small-seed8', { seed: 8, returns: [] })],
      'its metrics.jsonl has no iteration yet; go on with: makertaker train --resume',
    ],
    ['nothing', () => [], 'an argument is missing; see makertaker compare --help'],
  ])('refuses %s', async (_, words, expected) => {
    const { code, errors } = await compare(...words());
    expect(errors).toMatch(/^makertaker: [^\n]+\n$/);
    expect(errors).toContain(expected);
    expect(code).toBe(2);
  });

  it('writes nothing where one of the places is bad', async () => {
    const { code, errors } = await compare(...small, '--html', join(small[0]!, 'config.yaml', 'x'));
    expect(code).toBe(2);
    expect(errors).toContain('--html');
  });
});
