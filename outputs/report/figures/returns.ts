import type { RecordedPaths } from '../../../algorithms/evaluation/environment-paths';
import {
  bandCaption,
  bandSeries,
  episodeViews,
  type Figure,
  firstSelected,
  indices,
  lineSeries,
  policyColours,
  xAxis,
  yAxis,
} from '../figure';

/** How the return of an episode comes together. */
export function returnFigure({ returns, episodes }: RecordedPaths): Figure {
  const names = returns.map(({ policy }) => policy);
  const colours = policyColours(names);
  const axes = { xAxis: xAxis('steps'), yAxis: yAxis('return so far, units of the reward') };
  return {
    id: 'returns',
    title: 'Return so far',
    caption: `${bandCaption(episodes, names.length)} An episode that is over keeps its return.`,
    choice: 'what',
    views: [
      {
        label: 'all episodes',
        option: {
          ...axes,
          ...firstSelected(names, 'bands'),
          series: returns.flatMap(({ policy, band }) =>
            bandSeries(policy, colours.get(policy)!, indices(band.median.length), band),
          ),
        },
      },
      ...episodeViews(returns[0]?.episodes.length ?? 0, (episode) => ({
        ...axes,
        series: returns.map(({ policy, episodes: paths }) =>
          lineSeries({
            name: policy,
            colour: colours.get(policy)!,
            points: paths[episode]!.map((value, step) => [step, value]),
          }),
        ),
      })),
    ],
  };
}
