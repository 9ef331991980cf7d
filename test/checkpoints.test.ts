import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

import type { Evaluation } from '../algorithms/evaluation/evaluate';
import { captureOutput } from './scripts/capture-output';

const folder = join(__dirname, '../checkpoints');

// Cold, the programs of each environment are compiled first.
jest.setTimeout(300_000);

async function evaluate(name: string, episodes: number): Promise<Evaluation> {
  const words = ['evaluate', join(folder, name), '--episodes', String(episodes), '--json'];
  const { code, output, errors } = await captureOutput(words);
  expect(errors).not.toContain('runs eagerly');
  expect(code).toBe(0);
  return JSON.parse(output) as Evaluation;
}

/** Least normalised score on unseen instances; environments whose optimum is known. */
const scores = {
  'market-making': 0.97,
  'almgren-chriss': 0.99,
  'basket-sizing': 0.97,
  'trade-sequencing': 0.97,
  'order-choice': 0.99,
  'order-placement': 0.99,
  predation: 0.99,
} as const;

/** Their optimum is not known: they beat every baseline. */
const others = ['limit-order-book', 'order-book-making'] as const;

it('are all tested here, and small', () => {
  const names = readdirSync(folder);
  expect(names.sort()).toEqual([...Object.keys(scores), ...others, 'raid-self-play'].sort());
  const bytes = names
    .flatMap((name) => readdirSync(join(folder, name)).map((file) => join(folder, name, file)))
    .reduce((sum, file) => sum + statSync(file).size, 0);
  expect(bytes).toBeLessThan(700_000);
});

it.each(Object.entries(scores))('%s reaches a score of %d', async (name, least) => {
  const { score } = await evaluate(name, 1000);
  const trained = score!.policies.find(({ policy }) => policy === 'trained')!;
  expect(trained.normalised!.value).toBeGreaterThanOrEqual(least);
});

it('predation loses nothing where abstaining is best', async () => {
  const { comparisons } = await evaluate('predation', 1000);
  const against = comparisons.find(
    ({ baseline, metric }) => baseline === 'raid' && metric === 'return',
  )!;
  expect(against.meanDifference).toBeGreaterThan(-0.01);
});

it.each(others)('%s beats every classical policy', async (name) => {
  const { comparisons } = await evaluate(name, 2000);
  const returns = comparisons.filter(({ metric }) => metric === 'return');
  expect(returns.length).toBeGreaterThan(1);
  returns.forEach(({ ci95 }) => expect(ci95[0]).toBeGreaterThan(0));
});

it('raid-self-play: best responses gain at most 2 half-ticks on both players', async () => {
  const { exploitability } = await evaluate('raid-self-play', 2);
  expect(exploitability!.value).toBe(4);
  expect(exploitability!.exploitability).toBeLessThanOrEqual(2);
});
