import { basketSolver } from '../../algorithms/solvers/basket';
import { presentSolution } from './solution';

export const basketSolution = presentSolution(basketSolver, (result, input) => {
  const { holdings, trades, expectedCost, variance, utility, rates, spreadCostGap } = result;
  const { quantities, periods, horizon } = input;
  const tau = horizon / periods;
  const shown = quantities.slice(0, shownAssets).map((_, i) => i);
  return {
    summary: [
      ['expected cost', expectedCost, 'quote currency'],
      ['standard deviation', Math.sqrt(variance), 'quote currency'],
      ['E + λV', utility, 'quote currency'],
      ['at most above the least', spreadCostGap, 'quote currency'],
      ...(rates === null
        ? []
        : [
            ['slowest rate', rates[0]!, '1/time'] as const,
            ['fastest rate', rates.at(-1)!, '1/time'] as const,
          ]),
    ],
    tables: [
      {
        title: `Trades and holdings${firstOf(shownAssets, quantities.length)}`,
        columns: [
          { name: 'time', unit: 'time' },
          ...shown.map((i) => ({ name: `trade ${i + 1}`, unit: 'shares' })),
          ...shown.map((i) => ({ name: `holding ${i + 1}`, unit: 'shares' })),
        ],
        rows: trades.map((traded, k) => [
          (k + 1) * tau,
          ...shown.map((i) => traded[i]!),
          ...shown.map((i) => holdings[k + 1]![i]!),
        ]),
      },
    ],
    chart: {
      legend: { top: 8, itemGap: 24 },
      grid: { left: 100, right: 30, top: 90, bottom: 60 },
      xAxis: {
        type: 'value',
        name: 'time',
        nameLocation: 'middle',
        nameGap: 30,
        min: 0,
        max: horizon,
        axisLine: { onZero: false },
      },
      yAxis: {
        type: 'value',
        name: `holding, shares${firstOf(drawnAssets, quantities.length)}`,
        nameTextStyle: { align: 'left' },
      },
      series: quantities.slice(0, drawnAssets).map((_, i) => ({
        name: `asset ${i + 1}`,
        type: 'line' as const,
        showSymbol: periods < 60,
        data: holdings.map((held, k) => [k * tau, held[i]!]),
      })),
    },
  };
});

/** Columns of a table that fit beside each other. */
const shownAssets = 6;

/** Lines that a person can tell apart. */
const drawnAssets = 12;

const firstOf = (shown: number, all: number): string =>
  shown < all ? ` (first ${shown} of ${all} assets)` : '';
