/**
 * Rows of cells as lines of text, columns two spaces apart.
 * @param right which columns are aligned to the right; default none
 */
export function alignColumns(
  rows: readonly (readonly string[])[],
  right: (column: number) => boolean = () => false,
): string {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, column) => {
      widths[column] = Math.max(widths[column] ?? 0, cell.length);
    });
  }
  return rows
    .map((row) =>
      row
        .map((cell, column) =>
          right(column) ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!),
        )
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
