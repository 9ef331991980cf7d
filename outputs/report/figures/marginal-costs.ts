import type { BoxplotSeriesOption } from 'echarts';

import type { MarginalCosts } from '../../../algorithms/evaluation/execution-paths';
import {
  categoryAxis,
  customSeries,
  episodeViews,
  type Figure,
  firstSelected,
  indices,
  yAxis,
} from '../figure';

const cheapestColour = '#222222';
const cheapestName = 'cheapest schedule';

/** What one more share would cost in each period, against the level that the cheapest schedule has. */
export function marginalFigures(
  { episodes: shown, ratios }: MarginalCosts,
  colours: Map<string, string>,
  episodes: number,
): Figure[] {
  const names = ratios.map(({ policy }) => policy);
  const periods = ratios[0]?.periods.length ?? 0;
  const axis = categoryAxis(
    'period',
    indices(periods).map((period) => period + 1),
  );
  return [
    {
      id: 'marginal-costs',
      title: 'Marginal cost per period',
      caption:
        'What one more share would cost. Dotted: λ, the one level of the cheapest schedule; black: that schedule, which is below λ only where a period takes no more.',
      choice: 'episode',
      views: episodeViews(shown.length, (episode) => {
        const { level, cheapest, policies } = shown[episode]!;
        return {
          ...firstSelected(names),
          xAxis: axis,
          yAxis: { ...yAxis('marginal cost, quote currency / share'), scale: false, min: 0 },
          series: [
            ...policies.map(({ policy, costs }, index) => ({
              type: 'bar' as const,
              name: policy,
              color: colours.get(policy)!,
              barMaxWidth: 40,
              data: [...costs],
              ...(index === 0
                ? {
                    markLine: {
                      silent: true,
                      symbol: 'none',
                      lineStyle: { color: cheapestColour, type: 'dotted' as const, width: 1.5 },
                      data: [{ yAxis: level, label: { formatter: 'λ', position: 'end' as const } }],
                    },
                  }
                : {}),
            })),
            customSeries('level', {
              name: cheapestName,
              color: cheapestColour,
              data: cheapest.map((cost, period) => [period, cost]),
              encode: { x: 0, y: 1 },
            }),
          ],
        };
      }),
    },
    {
      id: 'marginal-ratios',
      title: 'Marginal cost against λ',
      caption: `Over ${episodes} episodes, in the periods whose cap does not bind on the cheapest schedule, which is at 1 in all of them. Box: the middle 50 %, whiskers: 90 %.`,
      views: [
        {
          label: 'all episodes',
          option: {
            ...firstSelected(names),
            tooltip: { trigger: 'item' },
            xAxis: axis,
            yAxis: { ...yAxis('marginal cost / λ'), scale: false, min: 0 },
            series: ratios.map(({ policy, periods: quantiles }, index): BoxplotSeriesOption => ({
              type: 'boxplot',
              name: policy,
              itemStyle: {
                color: `${colours.get(policy)!}33`,
                borderColor: colours.get(policy)!,
              },
              color: colours.get(policy)!,
              boxWidth: [6, 28],
              data: quantiles.map((five) => (five ? [...five] : [])),
              ...(index === 0
                ? {
                    markLine: {
                      silent: true,
                      symbol: 'none',
                      label: { show: false },
                      lineStyle: { color: cheapestColour, type: 'dotted' as const, width: 1.5 },
                      data: [{ yAxis: 1 }],
                    },
                  }
                : {}),
            })),
          },
        },
      ],
    },
  ];
}
