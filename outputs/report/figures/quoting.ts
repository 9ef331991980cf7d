import type { EChartsOption } from 'echarts';

import type { QuotingPath, QuotingPaths } from '../../../algorithms/evaluation/quoting-paths';
import type { Distribution } from '../../../algorithms/evaluation/distributions';
import { quantile } from '../../../algorithms/evaluation/statistics';
import {
  bandCaption,
  bandSeries,
  categoryAxis,
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

type Side = 'bid' | 'ask';
type Quotes = NonNullable<QuotingPath['quotes']>;
interface Quoting {
  readonly policy: string;
  readonly quotes: Quotes;
}

const sides = ['bid', 'ask'] as const;
const sideColours = { bid: '#0072b2', ask: '#d55e00' } as const;

/** How a market is made: quotes, inventory, wealth. */
export function quotingSection(
  paths: QuotingPaths,
  distributions: readonly Distribution[],
  episodes: number,
): Section {
  const colours = policyColours(paths.policies.map(({ policy }) => policy));
  const quoting = paths.policies.flatMap(({ policy, quotes }) =>
    quotes && sides.some((side) => quotes[side].flat().some((depth) => depth !== null))
      ? [{ policy, quotes }]
      : [],
  );
  return {
    title: 'Market making',
    ...(paths.isComplete
      ? {}
      : {
          note: 'Quotes are those at the state in which an episode begins; here they depend on more than step and inventory.',
        }),
    figures: [
      ...quoteFigures(paths, quoting),
      pathFigure(paths, colours, episodes, {
        key: 'inventory',
        title: 'Inventory',
        axis: 'inventory, shares',
        isStep: true,
      }),
      pathFigure(paths, colours, episodes, {
        key: 'wealth',
        title: 'Wealth',
        axis: 'profit so far, quote currency',
        isStep: false,
      }),
      midFigure(paths),
      ...finalInventoryFigure(distributions, colours),
    ],
  };
}

function quoteFigures(paths: QuotingPaths, quoting: readonly Quoting[]): Figure[] {
  const [first, ...others] = quoting;
  if (first === undefined) return [];
  const lines = (against: Quoting | null): EChartsOption => quoteLines(paths, first, against);
  return [
    {
      id: 'quotes',
      title: 'Quotes half-way through an episode',
      caption: `Solid: ${first.policy}${others.length > 0 ? '; dashed: the policy chosen' : ''}.`,
      choice: 'policy',
      views:
        others.length > 0
          ? others.map((one) => ({ label: one.policy, option: lines(one) }))
          : [{ label: first.policy, option: lines(null) }],
    },
    ...sides.map((side) => ({
      id: `quotes-${side}`,
      title: `Depth of the ${side} by time and inventory`,
      caption: 'How far from the mid price it stands; white: no quote.',
      choice: 'policy',
      views: quoting.map(({ policy, quotes }) => ({
        label: policy,
        option: heatmap(
          paths,
          quotes[side],
          rangeOf(quoting.map((one) => one.quotes[side])),
          depthColours,
        ),
      })),
    })),
    ...(others.length > 0
      ? sides.map((side) => ({
          id: `quotes-${side}-difference`,
          title: `Depth of the ${side}: ${first.policy} less the policy chosen`,
          caption: 'Red: it quotes deeper, blue: nearer to the mid.',
          choice: 'policy',
          views: others.map(({ policy, quotes }) => {
            const difference = lessThan(first.quotes[side], quotes[side]);
            return {
              label: policy,
              option: heatmap(paths, difference, symmetric(difference), differenceColours),
            };
          }),
        }))
      : []),
  ];
}

function quoteLines(
  { quotedSteps, quotedInventories }: QuotingPaths,
  first: Quoting,
  against: Quoting | null,
): EChartsOption {
  const row = Math.floor(quotedSteps.length / 2);
  return {
    xAxis: xAxis('inventory, shares'),
    yAxis: yAxis('depth, quote currency'),
    series: [first, ...(against ? [against] : [])].flatMap(({ policy, quotes }, index) =>
      sides.map((side) =>
        lineSeries({
          name: `${side}, ${policy}`,
          colour: sideColours[side],
          isDashed: index > 0,
          points: quotedInventories.map((held, column) => [held, quotes[side][row]![column]!]),
        }),
      ),
    ),
  };
}

type Table = Quotes[Side];

const depthColours = ['#fff7bc', '#fec44f', '#d95f0e', '#662506'];
const differenceColours = ['#2166ac', '#92c5de', '#f7f7f7', '#f4a582', '#b2182b'];

function heatmap(
  { quotedSteps, quotedInventories, stepLength }: QuotingPaths,
  table: Table,
  [min, max]: readonly [number, number],
  colours: readonly string[],
): EChartsOption {
  return {
    tooltip: { trigger: 'item' },
    xAxis: categoryAxis(
      'time',
      quotedSteps.map((step) => Number((step * stepLength).toPrecision(3))),
    ),
    yAxis: { ...categoryAxis('inventory, shares', quotedInventories), nameGap: 40 },
    visualMap: {
      type: 'continuous',
      min,
      max,
      calculable: true,
      orient: 'vertical',
      right: 0,
      top: 'middle',
      itemHeight: 180,
      inRange: { color: [...colours] },
    },
    series: [
      {
        type: 'heatmap',
        name: 'depth',
        data: table.flatMap((row, x) =>
          row.flatMap((depth, y) => (depth === null ? [] : [[x, y, depth]])),
        ),
      },
    ],
  };
}

/** Of most depths of all policies: a few that are far off do not flatten the rest. */
function rangeOf(tables: readonly Table[]): [number, number] {
  const sorted = Float64Array.from(valuesOf(tables)).sort();
  const [low, high] = [quantile(sorted, 0.01), quantile(sorted, 0.99)];
  return high > low ? [low, high] : [low - 0.5, low + 0.5];
}

function symmetric(table: Table): [number, number] {
  const sorted = Float64Array.from(valuesOf([table]).map(Math.abs)).sort();
  const most = sorted.length > 0 ? quantile(sorted, 0.98) : 0;
  return most > 0 ? [-most, most] : [-1, 1];
}

const valuesOf = (tables: readonly Table[]): number[] =>
  tables.flatMap((table) => table.flat().filter((depth) => depth !== null));

const lessThan = (own: Table, other: Table): (number | null)[][] =>
  own.map((row, x) =>
    row.map((depth, y) => {
      const against = other[x]![y]!;
      return depth === null || against === null ? null : depth - against;
    }),
  );

interface PathLook {
  readonly key: 'inventory' | 'wealth';
  readonly title: string;
  readonly axis: string;
  readonly isStep: boolean;
}

function pathFigure(
  { policies, stepLength }: QuotingPaths,
  colours: Map<string, string>,
  episodes: number,
  { key, title, axis, isStep }: PathLook,
): Figure {
  const names = policies.map(({ policy }) => policy);
  const axes = { xAxis: xAxis('time'), yAxis: yAxis(axis) };
  const timeOf = (step: number): number => step * stepLength;
  return {
    id: key,
    title,
    caption: bandCaption(episodes, policies.length),
    choice: 'what',
    views: [
      {
        label: 'all episodes',
        option: {
          ...axes,
          ...firstSelected(names, 'bands'),
          series: policies.flatMap(({ policy, [key]: band }) =>
            bandSeries(policy, colours.get(policy)!, indices(band.mean.length).map(timeOf), band),
          ),
        },
      },
      ...episodeViews(policies[0]?.episodes.length ?? 0, (episode) => ({
        ...axes,
        ...firstSelected(names),
        series: policies.map(({ policy, episodes: shown }) =>
          lineSeries({
            name: policy,
            colour: colours.get(policy)!,
            isStep,
            points: shown[episode]![key].map((value, step) => [timeOf(step), value]),
          }),
        ),
      })),
    ],
  };
}

function midFigure({ mids, stepLength }: QuotingPaths): Figure {
  const colour = '#444444';
  return {
    id: 'mid',
    title: 'Mid price',
    caption: 'The same for every policy: they meet the same noise.',
    choice: 'what',
    views: episodeViews(mids.length, (episode) => ({
      xAxis: xAxis('time'),
      yAxis: yAxis('mid price, quote currency'),
      series: [
        lineSeries({
          name: 'mid price',
          colour,
          points: mids[episode]!.map((mid, step) => [step * stepLength, mid]),
        }),
      ],
    })),
  };
}

function finalInventoryFigure(
  distributions: readonly Distribution[],
  colours: Map<string, string>,
): Figure[] {
  const found = distributions.find(({ metric }) => metric === 'finalInventory');
  if (!found) return [];
  const { edges, policies, unit } = found;
  const middles = indices(edges.length - 1).map((bin) => (edges[bin]! + edges[bin + 1]!) / 2);
  return [
    {
      id: 'final-inventory',
      title: 'Final inventory',
      caption: 'Share of all evaluated episodes by what is held at the horizon.',
      views: [
        {
          label: 'finalInventory',
          option: {
            ...firstSelected(policies.map(({ label }) => label)),
            xAxis: categoryAxis(
              `final inventory, ${unit}`,
              middles.map((middle) => Number(middle.toPrecision(4))),
            ),
            yAxis: { ...yAxis('share of the episodes'), scale: false },
            series: policies.map(({ label, counts }) => {
              const total = counts.reduce((sum, count) => sum + count, 0);
              return {
                type: 'bar' as const,
                name: label,
                color: colours.get(label)!,
                data: counts.map((count) => count / total),
              };
            }),
          },
        },
      ],
    },
  ];
}
