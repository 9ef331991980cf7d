import type { EChartsOption, SeriesOption } from 'echarts';

import type { ExecutionPaths } from '../../../algorithms/evaluation/execution-paths';
import type { Evaluation } from '../../../algorithms/evaluation/evaluate';
import {
  bandCaption,
  bandSeries,
  categoryAxis,
  customSeries,
  episodeViews,
  type Figure,
  firstSelected,
  indices,
  lineSeries,
  policyColours,
  type Section,
  xAxis,
  yAxis,
} from '../figure';
import { marginalFigures } from './marginal-costs';

const optimumName = 'Almgren–Chriss optimum';
const optimumColour = '#222222';

/** How an order is worked, what it costs and what it risks. */
export function executionSection(
  paths: ExecutionPaths,
  evaluation: Evaluation,
  episodes: number,
): Section {
  const colours = policyColours(paths.policies.map(({ policy }) => policy));
  return {
    title: 'Execution',
    figures: [
      remainingFigure(paths, colours, episodes),
      tradeFigure(paths, colours, episodes),
      ...(paths.marginalCosts ? marginalFigures(paths.marginalCosts, colours, episodes) : []),
      ...riskFigure(paths, evaluation, colours),
    ],
  };
}

function remainingFigure(
  { periods, policies, optimum }: ExecutionPaths,
  colours: Map<string, string>,
  episodes: number,
): Figure {
  const names = policies.map(({ policy }) => policy);
  const moments = indices(periods + 1);
  const axes = { xAxis: xAxis('periods done'), yAxis: { ...yAxis('shares that remain'), min: 0 } };
  const best: SeriesOption[] = optimum
    ? [
        lineSeries({
          name: optimumName,
          colour: optimumColour,
          isDashed: true,
          points: optimum.map((held, period) => [period, held]),
        }),
      ]
    : [];
  return {
    id: 'remaining',
    title: 'Remaining quantity',
    caption: `${bandCaption(episodes, policies.length)}${optimum ? ' Dashed: the schedule of least E + λV.' : ''}`,
    choice: 'what',
    views: [
      {
        label: 'all episodes',
        option: {
          ...axes,
          ...firstSelected(names, 'bands'),
          series: [
            ...policies.flatMap(({ policy, remaining }) =>
              bandSeries(policy, colours.get(policy)!, moments, remaining),
            ),
            ...best,
          ],
        },
      },
      ...episodeViews(policies[0]?.episodes.length ?? 0, (episode) => ({
        ...axes,
        ...firstSelected(names),
        series: [
          ...policies.map(({ policy, episodes: shown }) =>
            lineSeries({
              name: policy,
              colour: colours.get(policy)!,
              points: shown[episode]!.map((held, period) => [period, held]),
            }),
          ),
          ...best,
        ],
      })),
    ],
  };
}

function tradeFigure(
  { periods, policies, optimum }: ExecutionPaths,
  colours: Map<string, string>,
  episodes: number,
): Figure {
  const names = policies.map(({ policy }) => policy);
  const best = optimum?.slice(1).map((held, period) => optimum[period]! - held);
  const axes = {
    xAxis: categoryAxis(
      'period',
      indices(periods).map((period) => period + 1),
    ),
    yAxis: { ...yAxis('shares traded'), scale: false },
  };
  const bestSeries: SeriesOption[] = best
    ? [
        customSeries('level', {
          name: optimumName,
          color: optimumColour,
          data: best.map((trade, period) => [period, trade]),
          encode: { x: 0, y: 1 },
        }),
      ]
    : [];
  const bars = (policy: string, trades: readonly number[]): SeriesOption => ({
    type: 'bar',
    name: policy,
    color: colours.get(policy)!,
    barMaxWidth: 40,
    data: [...trades],
  });
  return {
    id: 'trades',
    title: 'Schedule',
    caption: `Shares traded in each period: means of ${episodes} episodes, or one episode${optimum ? '; black: the schedule of least E + λV' : ''}.`,
    choice: 'what',
    views: [
      {
        label: 'all episodes',
        option: {
          ...axes,
          ...firstSelected(names),
          series: [...policies.map(({ policy, trade }) => bars(policy, trade.mean)), ...bestSeries],
        },
      },
      ...episodeViews(policies[0]?.episodes.length ?? 0, (episode) => ({
        ...axes,
        ...firstSelected(names),
        series: [
          ...policies.map(({ policy, episodes: shown }) =>
            bars(
              policy,
              shown[episode]!.slice(1).map((held, period) => shown[episode]![period]! - held),
            ),
          ),
          ...bestSeries,
        ],
      })),
    ],
  };
}

/** The plane of cost and risk; nothing where no chance moves the shortfall. */
function riskFigure(
  { frontier, costRisk }: ExecutionPaths,
  { episodes }: Evaluation,
  colours: Map<string, string>,
): Figure[] {
  if (costRisk === null) return [];
  const option: EChartsOption = {
    tooltip: { trigger: 'item' },
    xAxis: { ...yAxis('risk: standard deviation of the shortfall, quote currency'), nameGap: 28 },
    yAxis: yAxis('cost: mean shortfall, quote currency'),
    series: [
      ...(frontier
        ? [
            lineSeries({
              name: 'efficient frontier',
              colour: optimumColour,
              points: frontier.map(({ deviation, expectedCost }) => [deviation, expectedCost]),
            }),
          ]
        : []),
      ...costRisk.flatMap(({ policy, mean, deviation }): SeriesOption[] => {
        const look = { name: policy, color: colours.get(policy)! };
        return [
          { ...look, type: 'scatter', symbolSize: 9, data: [[deviation.value, mean.value]] },
          customSeries('interval-y', {
            ...look,
            data: [[deviation.value, ...mean.ci95]],
            encode: { x: 0, y: [1, 2] },
          }),
          customSeries('interval-x', {
            ...look,
            data: [[...deviation.ci95, mean.value]],
            encode: { x: [0, 1], y: 2 },
          }),
        ];
      }),
    ],
  };
  return [
    {
      id: 'cost-risk',
      title: 'Cost and risk',
      caption: `Each policy by ${episodes.toLocaleString('en')} episodes, with 95 % intervals of the bootstrap.${frontier ? ' The line is the efficient frontier of Almgren and Chriss (2000): but for chance, no schedule lies below it.' : ''}`,
      views: [{ label: 'shortfall', option }],
    },
  ];
}
