import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describeCompiler } from '../../scripts/describe-compiler';

it('docs/compiler.md shows what the compiler prints (npm run docs)', () => {
  const page = readFileSync(join(__dirname, '../../docs/compiler.md'), 'utf8');
  expect(page).toBe(describeCompiler());
});
