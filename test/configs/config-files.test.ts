import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { parseConfig } from '../../configs/parse-config';
import { parseStages } from '../../configs/stages';
import { configJsonSchema } from '../../scripts/config-json-schema';

const folder = join(__dirname, '../../configs');
const files = readdirSync(folder).filter((file) => file.endsWith('.yaml'));

describe('the configs of the repository', () => {
  it.each(files)('%s is valid and names its schema for editors', (file) => {
    const text = readFileSync(join(folder, file), 'utf8');
    expect(text).toMatch(/^# yaml-language-server: \$schema=\.\/config\.schema\.json\n/);
    const config = parseStages(text, join(folder, file)) ?? parseConfig(text, join(folder, file));
    expect(config.name).toBe(file.replace('.yaml', ''));
  });

  it('have a JSON Schema that is current (npm run docs)', () => {
    expect(readFileSync(join(folder, 'config.schema.json'), 'utf8')).toBe(configJsonSchema());
  });
});
