import type * as ECharts from 'echarts';

import type { LineChart } from '../draw-lines';
import type { MetricsLine } from '../metrics-log';
import type { Curve, Figure } from './figures';
import type { WatchData } from './watch-data';

/** The figures of the page. */
export interface PageCharts {
  /** Draws what there is, and removes the figures that there were. */
  show(
    what: Pick<WatchData, 'figures' | 'picture' | 'levels'>,
    lines: readonly MetricsLine[],
  ): void;
  shorten(value: number, digits: number): string;
}

/** For the browser, like those of page-script.ts: they may call each other, and nothing that is imported. */
export const chartFunctions = (): readonly unknown[] => [
  createPageCharts,
  drawFigure,
  drawPicture,
  seriesOf,
  pointsOf,
  valueAlong,
  levelMarks,
  legendOf,
  axisOf,
  chartFor,
  forget,
  order,
  boxOf,
  shorten,
];

interface Charts {
  readonly echarts: typeof ECharts;
  /** Where the figures stand. */
  readonly place: HTMLElement;
  readonly charts: Map<string, ECharts.ECharts>;
}

export function createPageCharts(echarts: typeof ECharts, place: HTMLElement): PageCharts {
  const all: Charts = { echarts, place, charts: new Map() };
  return {
    show({ figures, picture, levels }, lines) {
      const wanted = figures.map(({ id }) => id);
      // What the policy does stands beside what it earns.
      if (picture !== null) wanted.splice(1, 0, 'picture');
      forget(all, wanted);
      for (const figure of figures) drawFigure(all, figure, lines, levels);
      if (picture !== null) drawPicture(all, picture);
      order(all, wanted);
    },
    shorten,
  };
}

function drawFigure(
  all: Charts,
  figure: Figure,
  lines: readonly MetricsLine[],
  levels: readonly string[],
): void {
  const { id, title, axis, curves } = figure;
  const known = curves.filter(({ kind }) => kind === 'known').length;
  const isWide = id === 'return';
  const series = curves.map((curve) => seriesOf(lines, figure, curve));
  const marks = isWide ? levelMarks(lines, levels) : [];
  if (marks.length > 0 && series[0]) {
    series[0].markLine = {
      silent: true,
      symbol: 'none',
      animation: false,
      lineStyle: { color: '#666666', type: 'dotted', width: 1 },
      data: marks,
    };
  }
  const chart = chartFor(all, id, title);
  chart.setOption(
    {
      animation: false,
      ...legendOf(
        chart,
        curves.map(({ label }) => label),
        76,
      ),
      tooltip: {
        trigger: 'axis',
        confine: true,
        valueFormatter: (value: unknown) => (typeof value === 'number' ? shorten(value, 5) : '–'),
      },
      toolbox: {
        right: 0,
        top: 0,
        itemSize: 13,
        itemGap: 10,
        feature: {
          dataZoom: { yAxisIndex: 'none', title: { zoom: 'zoom', back: 'zoom back' } },
        },
      },
      xAxis: {
        ...axisOf('iteration', 26),
        type: 'value',
        min: lines[0]?.iteration ?? 1,
        max: Math.max(lines[lines.length - 1]?.iteration ?? 1, 2),
        minInterval: 1,
        splitLine: { show: false },
        axisLine: { onZero: false },
        axisPointer: { label: { precision: 0 } },
      },
      yAxis: {
        ...axisOf(axis, 52),
        type: figure.isLogarithmic ? 'log' : 'value',
        scale: true,
        ...(id === 'level' ? { minInterval: 1 } : {}),
        ...(figure.bounds?.least === undefined
          ? {}
          : {
              min: ({ min }: { min: number }) =>
                min < figure.bounds!.least! ? figure.bounds!.least! : null,
            }),
        ...(figure.bounds?.most === undefined ? {} : { max: figure.bounds.most }),
        axisLabel: { formatter: (value: number) => shorten(value, 4) },
      },
      series,
    },
    // Curves come and go; the part that is zoomed into stays.
    { replaceMerge: ['series'] },
  );
  boxOf(id).dataset['curves'] = String(curves.length);
  boxOf(id).dataset['known'] = String(known);
}

function seriesOf(
  lines: readonly MetricsLine[],
  figure: Figure,
  curve: Curve,
): ECharts.LineSeriesOption {
  const data = pointsOf(lines, figure, curve);
  const isKnown = curve.kind === 'known';
  const look = isKnown ? 'known' : curve.look;
  return {
    id: curve.label,
    name: curve.label,
    type: 'line',
    color: curve.colour,
    data,
    sampling: isKnown ? 'none' : 'lttb',
    // A point alone is no line.
    showSymbol: look === 'points' || data.length < 2,
    symbol: 'circle',
    symbolSize: data.length > 200 ? 3 : 5,
    ...(look === 'steps' ? { step: 'end' } : {}),
    lineStyle: {
      width: look === 'faint' || isKnown ? 1.5 : 2,
      type: isKnown ? 'dashed' : 'solid',
    },
    emphasis: { disabled: true },
  } as ECharts.LineSeriesOption;
}

function pointsOf(
  lines: readonly MetricsLine[],
  { isLogarithmic }: Figure,
  curve: Curve,
): [number, number][] {
  return lines.flatMap((line): [number, number][] => {
    const { iteration } = line;
    const value =
      curve.kind === 'known'
        ? valueAlong(curve.points, iteration, isLogarithmic === true)
        : line[curve.key];
    if (typeof value !== 'number' || (isLogarithmic && value <= 0)) return [];
    return [[iteration, value]];
  });
}

/** On the straight line through two points, straight as the axis is. */
function valueAlong(
  points: readonly (readonly [number, number])[],
  at: number,
  isLogarithmic: boolean,
): number | null {
  const [first, last] = [points[0], points[points.length - 1]];
  if (!first || !last || at < first[0] || at > last[0]) return null;
  const share = last[0] === first[0] ? 0 : (at - first[0]) / (last[0] - first[0]);
  return isLogarithmic
    ? first[1] * (last[1] / first[1]) ** share
    : first[1] + (last[1] - first[1]) * share;
}

/** Where a level of the curriculum begins. */
function levelMarks(
  lines: readonly MetricsLine[],
  levels: readonly string[],
): { xAxis: number; label: { formatter: string; position: 'insideEndTop' } }[] {
  return lines.flatMap((line, index) => {
    const level = line['curriculum/level'];
    const before = lines[index - 1]?.['curriculum/level'];
    if (typeof level !== 'number' || typeof before !== 'number' || level === before) return [];
    const label = {
      formatter: levels[level] ?? `level ${level + 1}`,
      position: 'insideEndTop' as const,
    };
    return [{ xAxis: line.iteration, label }];
  });
}

function drawPicture(all: Charts, { title, xLabel, yLabel, lines }: LineChart): void {
  const chart = chartFor(all, 'picture', title);
  chart.setOption(
    {
      animation: false,
      ...legendOf(
        chart,
        lines.map(({ label }) => label),
        0,
      ),
      tooltip: {
        trigger: 'axis',
        confine: true,
        valueFormatter: (value: unknown) => (typeof value === 'number' ? shorten(value, 5) : '–'),
      },
      xAxis: {
        ...axisOf(xLabel, 26),
        type: 'value',
        min: 'dataMin',
        max: 'dataMax',
        splitLine: { show: false },
        axisLine: { onZero: false },
        axisLabel: { formatter: (value: number) => shorten(value, 4) },
      },
      yAxis: {
        ...axisOf(yLabel, 52),
        type: 'value',
        scale: true,
        axisLine: { onZero: false },
        axisLabel: { formatter: (value: number) => shorten(value, 4) },
      },
      series: lines.map(({ label, colour, isDashed, points }) => ({
        id: label,
        name: label,
        type: 'line',
        color: colour,
        symbol: 'none',
        lineStyle: { width: 2, type: isDashed ? 'dashed' : 'solid' },
        data: points.map(({ x, y }) => [x, y]),
      })),
    },
    { replaceMerge: ['series'] },
  );
}

/** A legend above the chart, in as many rows as it needs. @param reserved pixels on its right */
function legendOf(chart: ECharts.ECharts, labels: readonly string[], reserved: number) {
  const width = Math.max(chart.getWidth() - reserved, 100);
  const symbol = 28;
  const gap = 16;
  let [rows, used] = [1, 0];
  for (const label of labels) {
    const wanted = symbol + 5 + 7 * label.length + gap;
    if (used > 0 && used + wanted > width) [rows, used] = [rows + 1, 0];
    used += wanted;
  }
  const show = labels.length > 1;
  return {
    legend: { show, left: 0, top: 0, width, itemGap: gap, itemWidth: symbol },
    grid: { left: 72, right: 24, top: 16 + (show ? 24 * rows : 22), bottom: 44 },
  };
}

function axisOf(name: string, nameGap: number) {
  return { name, nameGap, nameLocation: 'middle' as const, nameTextStyle: { color: '#444444' } };
}

function chartFor(all: Charts, id: string, title: string): ECharts.ECharts {
  const present = all.charts.get(id);
  if (present) {
    boxOf(id).querySelector('h2')!.textContent = title;
    return present;
  }
  const box = document.createElement('section');
  box.className = 'figure';
  box.id = `figure-${id}`;
  const heading = document.createElement('h2');
  heading.textContent = title;
  const canvas = document.createElement('div');
  canvas.className = 'chart';
  box.append(heading, canvas);
  all.place.append(box);
  const chart = all.echarts.init(canvas);
  if (id !== 'picture') chart.group = 'iterations';
  all.echarts.connect('iterations');
  new ResizeObserver(() => chart.isDisposed() || chart.resize()).observe(canvas);
  all.charts.set(id, chart);
  return chart;
}

/** Puts the figures into their order; a curve that comes late has its place before others. */
function order({ place }: Charts, wanted: readonly string[]): void {
  wanted.forEach((id, index) => {
    const box = boxOf(id);
    if (place.children[index] !== box) place.insertBefore(box, place.children[index] ?? null);
  });
}

/** Removes the figures that the run in question has not. */
function forget({ charts }: Charts, wanted: readonly string[]): void {
  for (const [id, chart] of charts) {
    if (wanted.includes(id)) continue;
    chart.dispose();
    boxOf(id).remove();
    charts.delete(id);
  }
}

function boxOf(id: string): HTMLElement {
  return document.getElementById(`figure-${id}`)!;
}

function shorten(value: number, digits: number): string {
  const short = Number(value.toPrecision(digits));
  const size = Math.abs(short);
  if (size >= 1e9 || (size > 0 && size < 1e-4)) return short.toExponential().replace(/-/g, '−');
  return short.toLocaleString('en', { maximumFractionDigits: 10 }).replace('-', '−');
}
