import { duration, inThousands, type Pace, short } from './describe-iteration';

type Figures = Readonly<Record<string, number>>;

interface Column {
  readonly heading: string;
  /** Letters that it takes at least, so that it does not jump from line to line. */
  readonly width: number;
  readonly cell: string;
}

/**
 * The compact table of a terminal: two lines, of headings and of the newest figures, three where an update
 * was refused; within 80 columns for figures of usual length. Figures of a validation stay until the next.
 * @param iterations the last one
 * @param levels how many the curriculum has; of one, nothing is shown
 */
export function createLiveTable(
  iterations: number,
  levels: number,
): (iteration: number, level: number, figures: Figures, pace: Pace) => string[] {
  const validation = new Map<string, number>();
  return (iteration, level, figures, { samplesPerSecond, timeLeft }) => {
    for (const name of ['validation/return', 'validation/score', 'validation/gap']) {
      const value = figures[name];
      if (value !== undefined) validation.set(name, value);
    }
    const columns: Column[] = [
      { heading: 'iteration', width: 9, cell: `${iteration}/${iterations}` },
      ...(levels > 1 ? [{ heading: 'level', width: 5, cell: `${level + 1}/${levels}` }] : []),
      { heading: 'return', width: 8, cell: short(figures['return'], 4) },
      ...validationColumns(validation),
      { heading: 'kl', width: 7, cell: short(figures['kl'], 2) },
      { heading: 'samples/s', width: 9, cell: inThousands(samplesPerSecond) },
      { heading: 'time left', width: 9, cell: duration(timeLeft) },
    ];
    const line = (text: (column: Column) => string): string =>
      columns
        .map((column) =>
          text(column).padStart(Math.max(column.width, column.heading.length, column.cell.length)),
        )
        .join('  ');
    return [
      line(({ heading }) => heading),
      line(({ cell }) => cell),
      ...(figures['finite'] === 1 ? [] : ['update refused: not finite']),
    ];
  };
}

/** How far the policy is from the best there is, where that is known; else its mean return in validation. */
function validationColumns(validation: ReadonlyMap<string, number>): Column[] {
  const columns = ['score', 'gap'].flatMap((heading) => {
    const value = validation.get(`validation/${heading}`);
    return value === undefined ? [] : [{ heading, width: 6, cell: short(value, 4) }];
  });
  if (columns.length > 0) return columns;
  const cell = short(validation.get('validation/return'), 4);
  return [{ heading: 'validation', width: 10, cell }];
}
