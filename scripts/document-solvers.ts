import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { solvers } from '../algorithms/solvers/registry';
import { solutions } from '../outputs/solutions/registry';
import { describeSolvers } from './describe-solvers';

/** `npm run docs`, from the repository's root: writes docs/solvers.md anew. */
writeFileSync(join('docs', 'solvers.md'), describeSolvers(solutions, solvers));
