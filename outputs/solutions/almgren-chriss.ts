import { almgrenChrissSolver } from '../../algorithms/solvers/almgren-chriss/solver';
import type { Chart } from '../chart';
import { presentSchedule } from './present-schedule';
import { type Presentation, presentSolution } from './solution';

export const almgrenChrissSolution = presentSolution(
  almgrenChrissSolver,
  (result): Presentation => {
    const { expectedCost, variance, utility, kappa, frontier, valueAtRisk } = result;
    const schedule = presentSchedule(result, {
      summary: [
        ['expected cost', expectedCost, 'quote currency'],
        ['standard deviation', Math.sqrt(variance), 'quote currency'],
        ['E + λV', utility, 'quote currency'],
        ['κ', kappa, '1/time'],
        ...(valueAtRisk
          ? ([
              [
                `least value-at-risk, ${100 * valueAtRisk.confidence} %`,
                valueAtRisk.value,
                'quote currency',
              ],
              ['at λ', valueAtRisk.riskAversion, '1/quote currency'],
            ] as const)
          : []),
      ],
    });
    if (!frontier) return schedule;
    const chosen = { deviation: Math.sqrt(variance), expectedCost };
    return {
      ...schedule,
      tables: [
        ...schedule.tables,
        {
          title: 'Efficient frontier',
          columns: [
            { name: 'λ', unit: '1/currency' },
            { name: 'expected cost', unit: 'currency' },
            { name: 'standard deviation', unit: 'currency' },
          ],
          rows: frontier.map((point) => [point.riskAversion, point.expectedCost, point.deviation]),
        },
      ],
      chart: withFrontier(schedule.chart, frontier, chosen, valueAtRisk),
      chartSize: { width: 1100 },
    };
  },
);

interface Point {
  readonly deviation: number;
  readonly expectedCost: number;
}

/** The schedule at the left, the cost–risk plane at the right. */
function withFrontier(
  schedule: Chart,
  frontier: readonly Point[],
  chosen: Point,
  valueAtRisk: Point | undefined,
): Chart {
  const at = ({ deviation, expectedCost }: Point) => [deviation, expectedCost];
  const point = (name: string, place: Point, symbol: string) => ({
    name,
    type: 'scatter' as const,
    xAxisIndex: 1,
    yAxisIndex: 2,
    symbol,
    symbolSize: 12,
    data: [at(place)],
  });
  return {
    ...schedule,
    legend: { top: 8, itemGap: 28 },
    grid: [
      { left: 80, width: '36%', bottom: 60, top: 70 },
      { left: '63%', right: 40, bottom: 60, top: 70 },
    ],
    xAxis: [
      schedule.xAxis as object,
      {
        gridIndex: 1,
        type: 'value',
        name: 'standard deviation, quote currency',
        nameLocation: 'middle',
        nameGap: 30,
        splitNumber: 4,
      },
    ],
    yAxis: [
      ...(schedule.yAxis as object[]),
      { gridIndex: 1, type: 'value', name: 'expected cost, quote currency', scale: true },
    ],
    series: [
      ...(schedule.series as object[]),
      {
        name: 'frontier',
        type: 'line',
        xAxisIndex: 1,
        yAxisIndex: 2,
        symbol: 'none',
        data: frontier.map(at),
      },
      point('this schedule', chosen, 'circle'),
      ...(valueAtRisk ? [point('least value-at-risk', valueAtRisk, 'diamond')] : []),
    ],
  };
}
