import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

import { codeBlocks } from './code-blocks';
import { installPackage } from './install-package';

const root = resolve(__dirname, '../..');
const documents = ['README.md', 'docs/tutorial.md', 'docs/development.md'];

it('runs the example of the library', () => {
  const folder = installPackage();
  try {
    const [example] = codeBlocks('README.md').filter(({ language }) => language === 'js');
    writeFileSync(join(folder, example!.file!), example!.text);
    const printed = execFileSync(process.execPath, [example!.file!], {
      cwd: folder,
      encoding: 'utf8',
    });
    expect(printed).toMatch(/^\[ 1000 \] \[/);
    expect(printed).toMatch(/policy: 'almgren-chriss',\n\s+baseline: 'twap',/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

it.each(documents)('%s refers to files that exist', (document) => {
  const text = readFileSync(join(root, document), 'utf8');
  const links = [...text.matchAll(/(?<!!)\[[^\]]*\]\(([^)#]+)\)/g)].map(([, link]) =>
    join(root, dirname(document), link!),
  );
  const configs = [...text.matchAll(/configs\/[\w-]+\.yaml/g)].map(([path]) => join(root, path));
  expect([...links, ...configs].filter((path) => !existsSync(path))).toEqual([]);
});

it('lists every config and every command', () => {
  const text = readFileSync(join(root, 'README.md'), 'utf8');
  const configs = readdirSync(join(root, 'configs')).filter((file) => file.endsWith('.yaml'));
  const commands = readdirSync(join(root, 'scripts/commands')).map((file) => file.slice(0, -3));
  expect(configs.filter((file) => !text.includes(`\`${file}\``))).toEqual([]);
  expect(commands.filter((name) => !text.includes(`| \`${name}`))).toEqual([]);
});
