import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

import { environmentKinds } from '../../envs/registry';
import { describeEnvironments } from '../../scripts/describe-environments';
import { describeParameters } from '../../scripts/describe-parameters';

it('docs/environments.md is what the schemas say (else: npm run docs)', () => {
  const committed = readFileSync(join(__dirname, '../../docs/environments.md'), 'utf8');
  expect(committed).toBe(describeEnvironments(environmentKinds));
});

it.each(environmentKinds.map((kind) => [kind.id, kind] as const))(
  '%s describes its reward and every parameter',
  (_id, kind) => {
    expect(kind.reward).toMatch(/\w/);
    const undescribed = describeParameters(kind.schema).filter(
      ({ description }) => description === '',
    );
    expect(undescribed.map(({ name }) => name)).toEqual([]);
  },
);

it('lists nested and alternative parameters beneath their parent', () => {
  const schema = z.strictObject({
    fills: z
      .discriminatedUnion('kind', [
        z.strictObject({ kind: z.literal('exponential'), decay: z.number().positive() }),
        z.strictObject({ kind: z.literal('power'), exponent: z.number().min(1).default(2) }),
      ])
      .default({ kind: 'exponential', decay: 1.5 })
      .describe('How fills thin out.'),
    steps: z.int().min(1).default(10).meta({ unit: 'steps' }).describe('How many.'),
  });
  expect(describeParameters(schema)).toEqual([
    {
      name: '`fills`',
      type: '`exponential` or `power`',
      byDefault: '`{kind: exponential, decay: 1.5}`',
      unit: '',
      description: 'How fills thin out.',
    },
    {
      name: '`fills.decay` (exponential)',
      type: 'number > 0',
      byDefault: 'required',
      unit: '',
      description: '',
    },
    {
      name: '`fills.exponent` (power)',
      type: 'number ≥ 1',
      byDefault: '`2`',
      unit: '',
      description: '',
    },
    {
      name: '`steps`',
      type: 'integer ≥ 1',
      byDefault: '`10`',
      unit: 'steps',
      description: 'How many.',
    },
  ]);
});
