import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

import * as ts from 'typescript';

import { InputError } from '../../engine/input-error';
import { loadEnvironmentModule } from '../../scripts/load-environment';

const root = resolve(__dirname, '../..');
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'makertaker-load-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const body = `{ id: 'mine', create: (config) => ({ id: 'mine', config }) }`;

it.each([
  ['an ES module with a default export', 'a.mjs', `export default ${body};`],
  ['an ES module with an export `kind`', 'b.mjs', `export const kind = ${body};`],
  ['a CommonJS module that is the kind', 'c.cjs', `module.exports = ${body};`],
  ['a CommonJS module with `kind`', 'd.cjs', `exports.kind = ${body};`],
  ['a transpiled default export', 'e.cjs', `exports.__esModule = true; exports.default = ${body};`],
])('loads %s, as the built library does it', (_name, file, source) => {
  // Jest cannot import ES modules: the loader runs as it is built, in a process of its own.
  for (const module of ['scripts/load-environment', 'engine/input-error']) {
    const built = ts.transpileModule(readFileSync(join(root, `${module}.ts`), 'utf8'), {
      fileName: join(root, `${module}.ts`),
      compilerOptions: {
        target: ts.ScriptTarget.ES2022,
        module: ts.ModuleKind.Node20,
        esModuleInterop: true,
      },
    }).outputText;
    mkdirSync(dirname(join(folder, module)), { recursive: true });
    writeFileSync(join(folder, `${module}.js`), built);
  }
  try {
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  } catch {
    // A case before this one made the link.
  }
  writeFileSync(join(folder, file), source);
  const script = `
    require('./scripts/load-environment.js').loadEnvironmentModule('./${file}', '.').then(({ kind, policies }) => {
      const { success } = kind.schema.safeParse({ unknown: 1 });
      console.log(JSON.stringify([kind.id, kind.title, kind.description, success, kind.create({}).id, policies.length]));
    });`;
  const printed = execFileSync(process.execPath, ['-e', script], { cwd: folder, encoding: 'utf8' });
  expect(JSON.parse(printed)).toEqual(['mine', 'mine', '', false, 'mine', 0]);
});

it('brings the policies of the module along', async () => {
  const source = `exports.kind = ${body}; exports.policies = [{ name: 'still', create: () => 0 }];`;
  writeFileSync(join(folder, 'policies.cjs'), source);
  const { policies } = await loadEnvironmentModule('policies.cjs', folder);
  expect(policies).toEqual([
    { name: 'still', description: '', environments: ['mine'], create: expect.any(Function) },
  ]);
});

it.each([
  [
    'a missing file',
    'none.js',
    null,
    /^env\.module: none\.js: no such file \(looked for .*none\.js\)/,
  ],
  [
    'no kind',
    'empty.cjs',
    'exports.kind = 3;',
    /export an EnvironmentKind, as default or as 'kind'/,
  ],
  ['no id', 'anonymous.cjs', 'exports.kind = { create: () => 0 };', /'id' of the exported kind/],
  [
    'no create',
    'inert.cjs',
    `exports.kind = { id: 'a' };`,
    /'create' of the exported kind .* function/,
  ],
  [
    'a foreign schema',
    'odd.cjs',
    `exports.kind = { id: 'a', create: () => 0, schema: {} };`,
    /'schema'/,
  ],
  [
    'policies that are no list',
    'single.cjs',
    `exports.kind = { id: 'a', create: () => 0 }; exports.policies = {};`,
    /'policies' must be a list/,
  ],
  [
    'a policy without a name',
    'nameless.cjs',
    `exports.kind = { id: 'a', create: () => 0 }; exports.policies = [{ create: () => 0 }];`,
    /policies\[0\] must have a name/,
  ],
  [
    'an error',
    'broken.cjs',
    `throw new Error('no market today');`,
    /does not load: no market today/,
  ],
])('says what is wrong with %s', async (_name, file, source, message) => {
  if (source !== null) writeFileSync(join(folder, file), source);
  const load = loadEnvironmentModule(file, folder);
  await expect(load).rejects.toThrow(InputError);
  await expect(loadEnvironmentModule(file, folder)).rejects.toThrow(message);
});
