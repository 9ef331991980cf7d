import type { EChartsOption, LineSeriesOption, SeriesOption } from 'echarts';

import type { Band } from '../../../algorithms/evaluation/bands';
import type { RaidPath, RaidPaths } from '../../../algorithms/evaluation/raid-paths';
import {
  bandCaption,
  bandSeries,
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

/** Raids on a ladder of stops. */
export function raidSection(paths: RaidPaths, episodes: number): Section {
  const colours = policyColours(paths.policies.map(({ policy }) => policy));
  return {
    title: 'Raid',
    figures: [
      priceFigure(paths, colours),
      pathFigure(paths, colours, episodes, {
        id: 'short',
        title: 'Short position',
        axis: 'units short',
        bandOf: ({ short }) => short,
        valuesOf: ({ short }) => short,
      }),
      pathFigure(paths, colours, episodes, {
        id: 'raid-profit',
        title: 'Profit, were the short covered at once',
        axis: 'profit so far, half-ticks',
        bandOf: null,
        valuesOf: ({ profit }) => profit,
      }),
      pathFigure(paths, colours, episodes, {
        id: 'raid-mid',
        title: 'Mid price at the ends of periods',
        axis: 'mid price, half-ticks',
        bandOf: ({ mid }) => mid,
        valuesOf: null,
      }),
    ],
  };
}

function priceFigure(paths: RaidPaths, colours: Map<string, string>): Figure {
  return {
    id: 'raid-price',
    title: 'Price path of an episode, with its stops',
    caption:
      'Horizontals: the stops, with the units each sells once the price is there. Each period begins with the predator’s trade (triangle up: bought, down: sold, with its units) and the stops that it fires; then a defender, the recovery and noise, if any.',
    choice: 'what',
    isWide: true,
    height: 420,
    views: episodeViews(paths.stops.length, (episode) => priceOption(paths, colours, episode)),
  };
}

function priceOption(
  { stops, policies, periods }: RaidPaths,
  colours: Map<string, string>,
  episode: number,
): EChartsOption {
  const levels = stops[episode]!;
  const lines = policies.map(({ policy, episodes }): LineSeriesOption => {
    const { times, mid } = episodes[episode]!;
    return lineSeries({
      name: policy,
      colour: colours.get(policy)!,
      points: times.map((time, index) => [time, mid[index]!]),
    });
  });
  lines[0]!.markLine = {
    silent: true,
    symbol: 'none',
    lineStyle: { color: '#333333', type: 'dotted', width: 1.5 },
    data: levels.map(({ level, volume }) => ({
      yAxis: level,
      label: { formatter: `stop at ${level}: ${volume}`, position: 'insideEndTop' as const },
    })),
  };
  return {
    ...firstSelected(
      policies.map(({ policy }) => policy),
      'bands',
    ),
    xAxis: { ...xAxis('periods'), min: 0, max: periods, minInterval: 1 },
    yAxis: yAxis('mid price, half-ticks'),
    series: [
      ...lines,
      ...policies.map(({ policy, episodes }) =>
        tradeMarks(policy, colours.get(policy)!, episodes[episode]!),
      ),
      // Unseen: the axis reaches to every stop.
      {
        type: 'line',
        name: '~stops',
        data: levels.map(({ level }) => [0, level]),
        symbol: 'none',
        lineStyle: { opacity: 0 },
        silent: true,
      },
    ],
  };
}

/** At the price to which the trade and the stops it fired have brought the market. */
function tradeMarks(policy: string, colour: string, { trades, mid }: RaidPath): SeriesOption {
  return {
    type: 'scatter',
    name: policy,
    color: colour,
    symbol: 'triangle',
    z: 5,
    label: {
      show: true,
      color: colour,
      fontWeight: 'bold',
      textBorderColor: '#ffffff',
      textBorderWidth: 3,
    },
    data: trades.flatMap((units, period) =>
      units === 0
        ? []
        : [
            {
              value: [period + 0.5, mid[2 * period + 1]!],
              symbolRotate: units > 0 ? 0 : 180,
              symbolSize: Math.min(22, 9 + 2 * Math.abs(units)),
              label: {
                formatter: `${units > 0 ? '+' : '−'}${Math.abs(units)}`,
                position: units > 0 ? 'top' : 'bottom',
              },
            },
          ],
    ),
  };
}

interface PathLook {
  readonly id: string;
  readonly title: string;
  readonly axis: string;
  readonly bandOf: ((policy: RaidPaths['policies'][number]) => Band) | null;
  readonly valuesOf: ((path: RaidPath) => readonly number[]) | null;
}

function pathFigure(
  { policies, periods }: RaidPaths,
  colours: Map<string, string>,
  episodes: number,
  { id, title, axis, bandOf, valuesOf }: PathLook,
): Figure {
  const names = policies.map(({ policy }) => policy);
  const axes = { xAxis: xAxis('periods done'), yAxis: yAxis(axis) };
  return {
    id,
    title,
    caption: bandOf ? bandCaption(episodes, policies.length) : 'One episode.',
    choice: 'what',
    views: [
      ...(bandOf
        ? [
            {
              label: 'all episodes',
              option: {
                ...axes,
                ...firstSelected(names, 'bands'),
                series: policies.flatMap((one) =>
                  bandSeries(
                    one.policy,
                    colours.get(one.policy)!,
                    indices(periods + 1),
                    bandOf(one),
                  ),
                ),
              },
            },
          ]
        : []),
      ...(valuesOf
        ? episodeViews(policies[0]?.episodes.length ?? 0, (episode) => ({
            ...axes,
            ...firstSelected(names),
            series: policies.map(({ policy, episodes: shown }) =>
              lineSeries({
                name: policy,
                colour: colours.get(policy)!,
                points: valuesOf(shown[episode]!).map((value, period) => [period, value]),
              }),
            ),
          }))
        : []),
    ],
  };
}
