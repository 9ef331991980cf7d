import { continuousExecutionSolver } from '../../algorithms/solvers/almgren-chriss/continuous';
import { presentSolution } from './solution';

export const continuousExecutionSolution = presentSolution(
  continuousExecutionSolver,
  ({ times, holdings, rates, cost }) => ({
    summary: [
      ['cost with penalties', cost, 'quote currency'],
      ['rate at first', rates[0]!, 'shares / time'],
      ['left at the end', holdings.at(-1)!, 'shares'],
    ],
    tables: [
      {
        columns: [
          { name: 'time' },
          { name: 'holding', unit: 'shares' },
          { name: 'rate', unit: 'shares/time' },
        ],
        rows: times.map((time, i) => [time, holdings[i]!, rates[i]!]),
      },
    ],
    chart: {
      legend: { top: 8, itemGap: 28 },
      grid: { left: 90, right: 90, bottom: 60 },
      xAxis: {
        type: 'value',
        name: 'time',
        nameLocation: 'middle',
        nameGap: 30,
        max: times.at(-1)!,
      },
      yAxis: [
        { type: 'value', name: 'holding, shares' },
        { type: 'value', name: 'rate, shares / time', splitLine: { show: false } },
      ],
      series: [
        {
          name: 'holding',
          type: 'line',
          symbol: 'none',
          data: times.map((t, i) => [t, holdings[i]!]),
        },
        {
          name: 'rate',
          type: 'line',
          yAxisIndex: 1,
          symbol: 'none',
          data: times.map((t, i) => [t, rates[i]!]),
        },
      ],
    },
  }),
);
