import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describeCompiler } from './describe-compiler';

/** `npm run docs`, from the repository's root: writes docs/compiler.md anew. */
writeFileSync(join('docs', 'compiler.md'), describeCompiler());
