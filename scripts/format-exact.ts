import type { ExactFigures } from '../algorithms/evaluation/exact';
import type { ExactQuotes } from '../algorithms/evaluation/exact-quotes';
import type { ExactSchedule } from '../algorithms/evaluation/exact-schedule';
import { alignColumns } from './align-columns';
import { numeral } from './numeral';

/** Schedules of more periods are left to `--json`. */
const longestSchedule = 12;

/** The exact figures as tables for a terminal. */
export const formatExact = (exact: ExactFigures): string =>
  isOfSchedules(exact) ? formatSchedules(exact) : formatQuotes(exact as readonly ExactQuotes[]);

const isOfSchedules = (exact: ExactFigures): exact is readonly ExactSchedule[] =>
  exact.some((figures) => 'holdings' in figures);

const formatQuotes = (exact: readonly ExactQuotes[]): string =>
  [
    'Exact, without simulation: mean actions by step and inventory; optimum: of the return',
    table([
      ['policy', 'return', 'profit', 'profit sd', 'finalInventory sd', 'certaintyEquivalent'],
      ...exact.map(({ policy, expectedReturn, profit, finalInventory, certaintyEquivalent }) => [
        policy,
        numeral(expectedReturn, 6),
        numeral(profit.mean, 6),
        numeral(profit.std),
        numeral(finalInventory.std),
        numeral(certaintyEquivalent),
      ]),
    ]),
  ].join('\n');

function formatSchedules(exact: readonly ExactSchedule[]): string {
  const longest = Math.max(...exact.map(({ holdings }) => holdings.length));
  const costs = table([
    ['policy', 'E', '√V', 'E + λV', 'above the optimum', 'holdings off by at most'],
    ...exact.map(({ policy, expectedCost, variance, utility, utilityRatio, largestDeviation }) => [
      policy,
      numeral(expectedCost, 9),
      numeral(Math.sqrt(variance), 9),
      numeral(utility, 9),
      utilityRatio === null ? '–' : percent(utilityRatio - 1),
      largestDeviation === null ? '–' : `${percent(largestDeviation)} of the order`,
    ]),
  ]);
  const holdings = table([
    ['holdings', ...Array.from({ length: longest }, (_, k) => String(k))],
    ...exact.map(({ policy, holdings: held }) => [policy, ...held.map((x) => numeral(x, 6))]),
  ]);
  return [
    'Exact, without simulation: the schedules of mean actions while no noise moves the price',
    costs,
    ...(longest <= longestSchedule ? ['', holdings] : []),
  ].join('\n');
}

const table = (rows: readonly (readonly string[])[]): string =>
  alignColumns(rows, (column) => column > 0);

/** Rounding of the arithmetic counts as zero. */
const percent = (fraction: number): string => `${numeral(roundTiny(fraction) * 100, 3)} %`;

const roundTiny = (fraction: number): number => (Math.abs(fraction) < 1e-6 ? 0 : fraction);
