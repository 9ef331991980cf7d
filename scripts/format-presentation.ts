import type { Cell, Presentation, Table } from '../outputs/solutions/solution';
import { alignColumns } from './align-columns';
import { numeral } from './numeral';

/** Rows of a table that people are shown. */
const shownRows = 60;

/** A result as text: its tables, then what it comes to. */
export function formatPresentation({ summary, tables }: Presentation): string {
  return [
    ...tables.map(formatTable),
    alignColumns(summary.map(([name, value, unit = '']) => [name, format(value), unit])),
  ].join('\n\n');
}

function formatTable({ title, columns, rows }: Table): string {
  const heads = columns.map(({ name }) => name);
  const units = columns.map(({ unit = '' }) => unit);
  const cells = (some: Table['rows']) => some.map((row) => row.map(format));
  const hidden = rows.length - shownRows;
  const body =
    hidden > 0
      ? [
          ...cells(rows.slice(0, shownRows / 2)),
          columns.map(() => '…'),
          ...cells(rows.slice(-shownRows / 2)),
        ]
      : cells(rows);
  return [
    ...(title === undefined ? [] : [title]),
    alignColumns([heads, ...(units.some(Boolean) ? [units] : []), ...body], () => true),
    ...(hidden > 0 ? [`(${hidden} rows in between: --json prints all)`] : []),
  ].join('\n');
}

const format = (cell: Cell): string =>
  cell === null ? '–' : typeof cell === 'number' ? numeral(cell, 7) : cell;
