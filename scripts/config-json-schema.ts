import { z } from 'zod';

import { configSchema } from '../configs/schema';

/** The text of configs/config.schema.json, by which editors complete and check configs. */
export function configJsonSchema(): string {
  const schema = z.toJSONSchema(configSchema, { io: 'input', unrepresentable: 'any' });
  return `${JSON.stringify({ title: 'makertaker config', ...schema }, null, 2)}\n`;
}
