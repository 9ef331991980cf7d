import { createLiveTable } from '../../scripts/live-table';

const pace = { samplesPerSecond: 240_000, timeLeft: 65 };
const figures = { return: 4.93456, kl: 0.00351, finite: 1 };

/** Cells by heading. */
const cellsOf = ([head, row]: readonly string[]): Record<string, string> => {
  const [names, cells] = [head, row].map((line) => line!.trim().split(/ {2,}/));
  return Object.fromEntries(names!.map((name, index) => [name, cells![index]!]));
};

describe('the live table', () => {
  it('shows the mean return in validation where no optimum is known, until the next', () => {
    const table = createLiveTable(60, 1);
    expect(cellsOf(table(19, 0, figures, pace))).toEqual({
      iteration: '19/60',
      return: '4.935',
      validation: '–',
      kl: '0.0035',
      'samples/s': '240k',
      'time left': '1:05',
    });
    table(20, 0, { ...figures, 'validation/return': 5.0923 }, pace);
    expect(cellsOf(table(21, 0, figures, pace))['validation']).toBe('5.092');
  });

  it('shows score, gap and level where there are any', () => {
    const table = createLiveTable(60, 4);
    const validated = { 'validation/return': 5, 'validation/score': 0.98, 'validation/gap': 0.06 };
    table(20, 1, { ...figures, ...validated }, pace);
    expect(cellsOf(table(21, 2, figures, pace))).toMatchObject({
      level: '3/4',
      score: '0.98',
      gap: '0.06',
    });
  });

  it('stays within 80 columns, its columns in their places', () => {
    const table = createLiveTable(10_000, 4);
    const wide = {
      return: -1275355.56,
      kl: 0.000953,
      finite: 1,
      'validation/score': -12.3456,
      'validation/gap': 1275000,
    };
    const lines = [wide, { ...wide, return: 1 }].map((one, index) =>
      table(9_998 + index, 0, one, { samplesPerSecond: 1_250_000, timeLeft: 7_265 }),
    );
    const [first, second] = lines as [string[], string[]];
    expect(first).toHaveLength(2);
    for (const line of [...first, ...second]) expect(line.length).toBeLessThan(80);
    expect(second[0]).toBe(first[0]);
    expect(second[1]!.length).toBe(first[1]!.length);
  });

  it('says that an update was refused', () => {
    const [, row, refused] = createLiveTable(9, 1)(1, 0, { return: NaN, finite: 0 }, pace);
    expect(row).toContain('–');
    expect(refused).toBe('update refused: not finite');
  });
});
