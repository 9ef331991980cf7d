import { scheduleSolver } from '../../algorithms/solvers/schedule';
import type { Chart } from '../chart';
import { presentSolution } from './solution';

interface Shown {
  readonly trades: readonly number[];
  readonly marginalCosts: readonly number[];
  readonly caps: readonly (number | null)[] | null;
  readonly lambda: number;
}

export const scheduleSolution = presentSolution(scheduleSolver, (result, { impact, cap }) => {
  const { trades, marginalCost, capDuals, cost } = result;
  const marginalCosts = trades.map((x, t) => impact[t]! * x);
  return {
    summary: [
      ['marginal cost', marginalCost, 'quote currency / share'],
      ['cost', cost, 'quote currency'],
    ],
    tables: [
      {
        columns: [
          { name: 'period' },
          { name: 'trade', unit: 'shares' },
          { name: 'cap', unit: 'shares' },
          { name: 'marginal cost', unit: 'currency/share' },
          { name: 'dual of the cap', unit: 'currency/share' },
        ],
        rows: trades.map((x, t) => [t + 1, x, cap?.[t] ?? null, marginalCosts[t]!, capDuals[t]!]),
      },
    ],
    chart: chartOf({ trades, marginalCosts, caps: cap, lambda: marginalCost }),
    chartSize: { width: 960 },
  };
});

/** Trades against their caps, and marginal costs against the line that they share where no cap binds. */
function chartOf({ trades, marginalCosts, caps, lambda }: Shown): Chart {
  const axis = (gridIndex: number) => ({
    gridIndex,
    type: 'category' as const,
    name: 'period',
    nameLocation: 'middle' as const,
    nameGap: 28,
    data: trades.map((_, t) => `${t + 1}`),
  });
  return {
    legend: { top: 8, itemGap: 28 },
    grid: [
      { left: 70, width: '38%', bottom: 55, top: 70 },
      { left: '57%', right: 40, bottom: 55, top: 70 },
    ],
    xAxis: [axis(0), axis(1)],
    yAxis: [
      { gridIndex: 0, type: 'value', name: 'trade, shares' },
      { gridIndex: 1, type: 'value', name: 'marginal cost, currency/share' },
    ],
    series: [
      ...(caps ? [capBars(caps)] : []),
      {
        name: 'trade',
        type: 'bar',
        data: [...trades],
        barMaxWidth: 40,
        color: colours.trade,
        large: trades.length > 2000,
      },
      {
        name: 'marginal cost',
        type: 'bar',
        xAxisIndex: 1,
        yAxisIndex: 1,
        data: [...marginalCosts],
        barMaxWidth: 40,
        color: colours.cost,
        large: trades.length > 2000,
        markLine: {
          symbol: 'none',
          lineStyle: { color: colours.level, width: 1.5 },
          data: [{ yAxis: lambda }],
          label: { formatter: 'λ', position: 'end' },
        },
      },
    ],
  };
}

const colours = { trade: '#1f77b4', cap: '#c3ccd6', cost: '#ff7f0e', level: '#333333' } as const;

/** Behind the trades, so that a trade that fills its cap hides it. */
const capBars = (caps: readonly (number | null)[]) => ({
  name: 'cap',
  type: 'bar' as const,
  barGap: '-100%',
  barMaxWidth: 40,
  color: colours.cap,
  large: caps.length > 2000,
  data: caps.map((most) => most ?? '-'),
});
