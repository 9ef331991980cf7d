import type { Chart } from '../chart';
import type { Presentation } from './solution';

/** A schedule of one asset: what is traded in each period, and what is then held. */
export interface Schedule {
  /** n₁ … n_N, shares. */
  readonly trades: readonly number[];
  /** x₀ … x_N, shares. */
  readonly holdings: readonly number[];
}

/** The periods in a table, trades as bars and holdings as a line in the picture. */
export function presentSchedule(
  { trades, holdings }: Schedule,
  { summary }: Pick<Presentation, 'summary'>,
): Presentation {
  return {
    summary,
    tables: [
      {
        columns: [
          { name: 'period' },
          { name: 'trade', unit: 'shares' },
          { name: 'holding after', unit: 'shares' },
        ],
        rows: trades.map((trade, k) => [k + 1, trade, holdings[k + 1]!]),
      },
    ],
    chart: scheduleChart({ trades, holdings }),
  };
}

function scheduleChart({ trades, holdings }: Schedule): Chart {
  return {
    legend: { top: 8, itemGap: 28 },
    grid: { left: 90, right: 90, bottom: 60 },
    xAxis: {
      type: 'value',
      name: 'period',
      nameLocation: 'middle',
      nameGap: 30,
      min: 0,
      max: trades.length,
    },
    yAxis: [
      { type: 'value', name: 'trade, shares' },
      { type: 'value', name: 'holding, shares', splitLine: { show: false } },
    ],
    series: [
      {
        name: 'trade',
        type: 'bar',
        data: trades.map((trade, k) => [k + 0.5, trade]),
        barMaxWidth: 30,
      },
      {
        name: 'holding',
        type: 'line',
        yAxisIndex: 1,
        showSymbol: holdings.length < 60,
        data: holdings.map((held, k) => [k, held]),
      },
    ],
  };
}
