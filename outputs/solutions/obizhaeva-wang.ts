import { obizhaevaWangSolver } from '../../algorithms/solvers/obizhaeva-wang';
import { presentSolution } from './solution';

export const obizhaevaWangSolution = presentSolution(
  obizhaevaWangSolver,
  ({ trades, cost, times, continuous }) => ({
    summary: [
      ['cost', cost, 'quote currency'],
      ['first trade', trades[0]!, 'shares'],
      ...(continuous
        ? ([
            ['blocks of the continuous limit', continuous.block, 'shares'],
            ['rate between them', continuous.rate, 'shares / time'],
            ['its cost', continuous.cost, 'quote currency'],
          ] as const)
        : []),
    ],
    tables: [
      {
        columns: [{ name: 'trade' }, { name: 'time' }, { name: 'size', unit: 'shares' }],
        rows: trades.map((trade, i) => [i, times[i]!, trade]),
      },
    ],
    chart: {
      grid: { left: 90, right: 40, bottom: 60 },
      xAxis: {
        type: 'value',
        name: 'time',
        nameLocation: 'middle',
        nameGap: 30,
        max: times.at(-1)!,
      },
      yAxis: { type: 'value', name: 'trade, shares' },
      series: [
        {
          type: 'bar',
          barWidth: trades.length < 60 ? 8 : 2,
          data: trades.map((trade, i) => [times[i]!, trade]),
        },
      ],
    },
  }),
);
