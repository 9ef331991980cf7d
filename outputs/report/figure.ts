import type { EChartsOption, LineSeriesOption, SeriesOption } from 'echarts';

import type { Band } from '../../algorithms/evaluation/bands';
import { colourOf } from '../comparison/draw-curves';

/** A picture of the page, with a choice between several where there are several views. */
export interface Figure {
  readonly id: string;
  readonly title: string;
  /** How to read it. */
  readonly caption: string;
  readonly views: readonly View[];
  /** What the choice is between: 'metric'. */
  readonly choice?: string;
  /** Pixels; default 340. */
  readonly height?: number;
  /** Over the full width. */
  readonly isWide?: boolean;
}

export interface View {
  readonly label: string;
  /** In the terms of ECharts, as JSON: the page adds legend, tooltip and margins. */
  readonly option: EChartsOption;
}

export interface Section {
  readonly title: string;
  readonly note?: string;
  readonly figures: readonly Figure[];
}

/** How the page's script draws a custom series. */
export type Renderer = 'band' | 'interval-x' | 'interval-y' | 'level';

/** A custom series by the name of its renderer: the page's script has the function. */
export const customSeries = (
  renderer: Renderer,
  options: {
    readonly name: string;
    readonly color: string;
    readonly data: readonly (readonly (number | null)[])[];
    readonly encode: { readonly x: number | number[]; readonly y: number | number[] };
  },
): SeriesOption =>
  ({
    type: 'custom',
    z: renderer === 'level' ? 4 : 2,
    renderItem: renderer,
    silent: true,
    clip: true,
    ...options,
  }) as unknown as SeriesOption;

/** Each policy has its colour in all figures. */
export const policyColours = (names: readonly string[]): Map<string, string> =>
  new Map(names.map((name, index) => [name, colourOf(index)]));

/** More of them would hide each other: the others wait in the legend. */
const mostAtOnce = { lines: 5, bands: 2 } as const;

export function firstSelected(
  names: readonly string[],
  of: keyof typeof mostAtOnce = 'lines',
): Pick<EChartsOption, 'legend'> {
  const most = mostAtOnce[of];
  if (names.length <= most) return {};
  return {
    legend: { selected: Object.fromEntries(names.map((name, index) => [name, index < most])) },
  };
}

export interface PathLine {
  readonly name: string;
  readonly colour: string;
  readonly points: readonly (readonly [x: number, y: number | null])[];
  readonly isDashed?: boolean;
  readonly isStep?: boolean;
  readonly width?: number;
}

export const lineSeries = (line: PathLine): LineSeriesOption => ({
  type: 'line',
  name: line.name,
  color: line.colour,
  data: line.points.map(([x, y]) => [x, y]),
  symbol: 'none',
  // A point alone is no line.
  ...(line.points.length < 2 ? { symbol: 'circle', symbolSize: 7 } : {}),
  ...(line.isStep ? { step: 'end' as const } : {}),
  lineStyle: { width: line.width ?? 2, type: line.isDashed ? 'dashed' : 'solid' },
  emphasis: { disabled: true },
});

/** Median and the middle 50 and 90 % of the episodes. */
export const bandSeries = (
  name: string,
  colour: string,
  x: readonly number[],
  band: Band,
): SeriesOption[] => [
  // First: the legend shows it.
  {
    ...lineSeries({ name, colour, points: x.map((at, index) => [at, band.median[index]!]) }),
    z: 3,
  },
  ...(
    [
      [band.low, band.high],
      [band.lower, band.upper],
    ] as const
  ).map(([low, high]) =>
    customSeries('band', {
      name,
      color: colour,
      data: x.map((at, index) => [at, low[index]!, high[index]!]),
      encode: { x: 0, y: [1, 2] },
    }),
  ),
];

/** @param policies how many there are */
export const bandCaption = (episodes: number, policies: number): string =>
  `All episodes: the line is the median of ${episodes}, the bands the middle 50 and 90 %.${policies > mostAtOnce.bands ? ' The legend shows and hides policies.' : ''}`;

export const valueAxis = (name: string, nameGap: number) => ({
  type: 'value' as const,
  name,
  nameGap,
  nameLocation: 'middle' as const,
  scale: true,
  axisLine: { onZero: false },
});

export const xAxis = (name: string) => ({
  ...valueAxis(name, 28),
  min: 'dataMin' as const,
  max: 'dataMax' as const,
  splitLine: { show: false },
});

export const yAxis = (name: string) => valueAxis(name, 56);

export const categoryAxis = (name: string, data: readonly (string | number)[]) => ({
  type: 'category' as const,
  name,
  nameGap: 28,
  nameLocation: 'middle' as const,
  data: data.map((one) => String(one).replace(/^-/, '−')),
  axisLine: { onZero: false },
});

/** 0 … count − 1 */
export const indices = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

/** A picture's view for each of the episodes that are shown one by one. */
export const episodeViews = (count: number, optionOf: (episode: number) => EChartsOption): View[] =>
  indices(count).map((episode) => ({ label: `episode ${episode}`, option: optionOf(episode) }));
