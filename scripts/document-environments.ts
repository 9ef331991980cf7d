import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { environmentKinds } from '../envs/registry';
import { describeEnvironments } from './describe-environments';

/** `npm run docs`, from the repository's root: writes docs/environments.md anew. */
writeFileSync(join('docs', 'environments.md'), describeEnvironments(environmentKinds));
