import { z } from 'zod';

import { configSchema } from '../configs/schema';

/** The text of configs/config.schema.json, by which editors complete and check configs. */
export function configJsonSchema(): string {
  const { required, ...schema } = z.toJSONSchema(configSchema, {
    io: 'input',
    unrepresentable: 'any',
  });
  // Stages may bring what the config around them leaves out.
  const anyOf = [{ required }, { required: ['stages'] }];
  return `${JSON.stringify({ title: 'makertaker config', ...schema, anyOf }, null, 2)}\n`;
}
