import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { solvers } from '../../algorithms/solvers/registry';
import { solutions } from '../../outputs/solutions/registry';
import { describeParameters } from '../../scripts/describe-parameters';
import { describeSolvers } from '../../scripts/describe-solvers';

it('docs/solvers.md is what the solvers say (else: npm run docs)', () => {
  const committed = readFileSync(join(__dirname, '../../docs/solvers.md'), 'utf8');
  expect(committed).toBe(describeSolvers(solutions, solvers));
});

it.each(solutions.map(({ solver }) => [solver.name, solver] as const))(
  '%s describes every key',
  (_, { schema, title, description, source }) => {
    [title, description, source].forEach((text) => expect(text).toMatch(/\w{3}/));
    const rows = describeParameters(schema);
    expect(rows.length).toBeGreaterThan(0);
    expect(rows.filter((row) => row.description === '').map(({ name }) => name)).toEqual([]);
  },
);
