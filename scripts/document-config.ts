import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { configJsonSchema } from './config-json-schema';

/** `npm run docs`, from the repository's root: writes configs/config.schema.json anew. */
writeFileSync(join('configs', 'config.schema.json'), configJsonSchema());
