import { cpSync, mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';

import { transformFileSync } from '@swc/core';
import * as ts from 'typescript';

const root = resolve(__dirname, '../..');
/** What `npm run build` compiles. */
const { fileNames } = ts.parseJsonConfigFileContent(
  ts.readConfigFile(join(root, 'tsconfig.build.json'), ts.sys.readFile).config,
  ts.sys,
  root,
);

/**
 * A temporary folder in which makertaker is installed as npm would install it, built from the present
 * sources: what a program or a shell in it finds is the package, not the repository.
 * @returns the folder; the caller removes it
 */
export function installPackage(): string {
  const folder = mkdtempSync(join(tmpdir(), 'makertaker-installed-'));
  const installed = join(folder, 'node_modules', 'makertaker');
  mkdirSync(installed, { recursive: true });
  cpSync(join(root, 'package.json'), join(installed, 'package.json'));
  symlinkSync(join(root, 'node_modules'), join(installed, 'node_modules'));
  for (const file of fileNames) {
    const built = join(installed, 'dist', relative(root, file).replace(/\.ts$/, '.js'));
    mkdirSync(dirname(built), { recursive: true });
    writeFileSync(built, compile(file));
  }
  return folder;
}

/** The program that `makertaker` runs there. */
export const programOf = (folder: string): string =>
  join(folder, 'node_modules/makertaker/dist/scripts/makertaker.js');

/** By the compiler of the tests, which is faster than that of `npm run build`; types aside, the same. */
const compile = (file: string): string =>
  transformFileSync(file, {
    swcrc: false,
    jsc: { parser: { syntax: 'typescript' }, target: 'es2022' },
    module: { type: 'commonjs', ignoreDynamic: true, exportInteropAnnotation: true },
  }).code;
