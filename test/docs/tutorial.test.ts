import { execFileSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { codeBlocks, commandsOf } from './code-blocks';
import { installPackage, programOf } from './install-package';

const blocks = codeBlocks('docs/tutorial.md');
const commands = commandsOf(blocks);
let folder: string;

beforeAll(() => {
  folder = installPackage();
  for (const { file, text } of blocks)
    if (file !== undefined) writeFileSync(join(folder, file), text);
});
afterAll(() => rmSync(folder, { recursive: true }));

/** In place of what a reader waits for. */
const small = {
  train: ['environments=8', 'iterations=2'].map((value) => `training.${value}`),
  resume: ['training.iterations=3'],
  evaluation: ['episodes=16', 'testEpisodes=16'].map((value) => `evaluation.${value}`),
};

function shorten(words: readonly string[]): string[] {
  const shorter = words.map((word, index) => (words[index - 1] === '--episodes' ? '16' : word));
  if (!words.includes('train')) return shorter;
  const overrides = words.includes('--resume')
    ? small.resume
    : [...small.train, ...small.evaluation];
  return [...shorter, ...overrides.flatMap((override) => ['--set', override])];
}

/** Runs a line of the tutorial, `npx makertaker …` or `node FILE`. */
function run(line: string): string {
  const [program, ...words] = line.split(/\s+/);
  const given = program === 'npx' ? [programOf(folder), ...shorten(words.slice(1))] : words;
  return execFileSync(process.execPath, given, { cwd: folder, encoding: 'utf8', stdio: 'pipe' });
}

it('has blocks of known kinds, and files in those that are no commands', () => {
  for (const { language, file } of blocks) {
    expect(['js', 'yaml', 'sh', 'text', 'console']).toContain(language);
    if (language === 'js' || language === 'yaml') expect(file).toBeDefined();
  }
});

it('does what it says, command by command', () => {
  const outputs = new Map(commands.map((line) => [line, run(line)]));
  const outputOf = (pattern: RegExp): string =>
    [...outputs].find(([line]) => pattern.test(line))?.[1] ?? `no command like ${pattern}`;

  expect(outputOf(/envs/)).toMatch(/\nChecked: it keeps the contract\.\n$/);
  expect(outputOf(/play\.mjs/)).toMatch(/^Tensor\n[^]*Tensor\n[^]*Tensor\n {4}\[false, false\]\n$/);
  const meanOf = (policy: string): number =>
    Number(new RegExp(`\\n${policy} +(\\S+) ±`).exec(outputOf(/--env/))?.[1]);
  expect(meanOf('garleanu-pedersen')).toBeGreaterThan(meanOf('markowitz'));
  expect(outputOf(/train reversion/)).toMatch(/trained − garleanu-pedersen +return/);
  expect(outputOf(/--resume/)).toMatch(/going on after iteration 2 in runs\/reversion\n/);
  expect(outputOf(/evaluate runs/)).toMatch(/\ntrained .*\ngarleanu-pedersen .*\nmarkowitz /);
  expect(outputOf(/export/)).toMatch(/agrees with the trained policy on 10000 observations/);
  expect(outputOf(/trade\.cjs/)).toMatch(/^(deviation .*\n){5}unusable: trade 0\n$/);
}, 120_000);
