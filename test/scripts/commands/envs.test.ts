import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { captureOutput } from '../capture-output';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'makertaker-envs-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** A module that re-uses cart-pole with some of its definition replaced. */
function writeModule(name: string, changes: string): string {
  const file = join(folder, name);
  const cartpole = resolve(__dirname, '../../../envs/cartpole.ts');
  writeFileSync(
    file,
    `const { kind } = require(${JSON.stringify(cartpole)});
     exports.kind = { ...kind, id: 'mine', create: (config) => ({ ...kind.create(config), id: 'mine', ${changes} }) };`,
  );
  return file;
}

it("describes and checks one's own environment", async () => {
  const { code, output } = await captureOutput(['envs', writeModule('mine.cjs', ''), '--check']);
  expect(code).toBe(0);
  expect(output).toMatch(/^mine: Cart–pole\n/);
  expect(output).toMatch(/\nChecked: it keeps the contract\.\n$/);
});

it('says what the checker found, with exit code 2', async () => {
  const file = writeModule('short.cjs', 'horizon: 3');
  const { code, output, errors } = await captureOutput(['envs', file, '--check']);
  expect(code).toBe(2);
  expect(output).toBe('');
  expect(errors).toMatch(/^makertaker: mine: horizon: [^\n]+\n$/);
});
