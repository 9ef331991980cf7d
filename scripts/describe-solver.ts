import { stringify } from 'yaml';
import { z } from 'zod';

import type { Solver } from '../algorithms/solvers/solver';
import { alignColumns } from './align-columns';
import { describeParameters } from './describe-parameters';

/** What `solve NAME` says without a problem: the method, its keys with their units, an example. */
export function describeSolver(solver: Solver, json: boolean): string {
  const { name, title, description, source, schema, example } = solver;
  if (json) {
    const input = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
    return JSON.stringify({ name, title, description, source, input, example }, null, 2);
  }
  const keys = describeParameters(schema).map((row) =>
    [row.name, row.byDefault, row.unit, row.description].map((cell) => cell.replaceAll('`', '')),
  );
  const indented = (text: string) => text.trimEnd().replaceAll(/^/gm, '  ');
  return [
    `${name}: ${title}`,
    '',
    description,
    source,
    '',
    'Keys, with their defaults and units',
    indented(alignColumns(keys)),
    '',
    'Example',
    indented(stringify(example)),
  ].join('\n');
}
