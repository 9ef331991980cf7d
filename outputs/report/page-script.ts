import type * as ECharts from 'echarts';

import type { Figure } from './figure';

/**
 * The browser's script: the functions of this file as they stand, so that one compiler checks both sides.
 * They may call each other, and nothing that is imported.
 */
export const pageScript = (): string =>
  [
    `'use strict';`,
    ...[
      startReport,
      startFigure,
      showView,
      complete,
      withLegend,
      withColourScale,
      withAxes,
      withRenderers,
      listOf,
      tooltipText,
      axisTooltipText,
      pointText,
      safe,
      drawBand,
      drawIntervalX,
      drawIntervalY,
      drawLevel,
      shorten,
    ].map(String),
    'startReport();',
  ].join('\n');

type Entry = Record<string, unknown>;
type Option = Record<string, unknown>;

interface Coordinates {
  value(dimension: number, index?: number): number;
  coord(point: readonly number[]): number[];
  size(length: readonly number[]): number[];
  visual(name: 'color'): string;
}

interface Place {
  readonly dataIndex: number;
  readonly dataInsideLength: number;
}

interface TooltipPoint {
  readonly seriesName?: string;
  readonly seriesType?: string;
  readonly name?: string;
  readonly marker?: unknown;
  readonly value?: unknown;
  readonly axisValue?: unknown;
  readonly axisValueLabel?: string;
}

function startReport(): void {
  const text = document.getElementById('figures')!.textContent!;
  const figures = JSON.parse(text) as readonly Figure[];
  figures.forEach(startFigure);
}

function startFigure(figure: Figure): void {
  const { echarts } = globalThis as unknown as { echarts: typeof ECharts };
  const box = document.getElementById(`figure-${figure.id}`)!;
  const place = box.querySelector<HTMLElement>('.chart')!;
  // SVG: sharp in print and at any zoom.
  const chart = echarts.init(place, null, { renderer: 'svg' });
  const select = box.querySelector('select');
  let shown = 0;
  const show = (): void => {
    shown = select?.selectedIndex ?? 0;
    showView(chart, figure, shown);
  };
  select?.addEventListener('follow', show);
  select?.addEventListener('change', () => {
    show();
    // Figures with the same choice follow, so that one episode is seen from all sides.
    const label = select.options[shown]!.text;
    for (const other of document.querySelectorAll('select')) {
      if (other === select || other.dataset['choice'] !== select.dataset['choice']) continue;
      const index = [...other.options].findIndex((option) => option.text === label);
      if (index < 0 || index === other.selectedIndex) continue;
      other.selectedIndex = index;
      other.dispatchEvent(new Event('follow'));
    }
  });
  show();
  let width = chart.getWidth();
  new ResizeObserver(() => {
    chart.resize();
    // A legend in more or fewer rows needs another margin.
    if (chart.getWidth() !== width) {
      width = chart.getWidth();
      show();
    }
  }).observe(place);
}

function showView(chart: ECharts.ECharts, figure: Figure, index: number): void {
  const option = figure.views[index]!.option as unknown as Option;
  chart.setOption(complete(option, chart.getWidth()) as never, { notMerge: true });
}

/** What all figures have in common. */
function complete(option: Option, width: number): Option {
  const isItem = (option['tooltip'] as Entry | undefined)?.['trigger'] === 'item';
  return {
    animation: false,
    textStyle: { fontFamily: 'system-ui, sans-serif' },
    ...withLegend(option, width),
    ...withColourScale(option),
    xAxis: withAxes(option['xAxis']),
    yAxis: withAxes(option['yAxis']),
    series: withRenderers(option['series']),
    tooltip: {
      trigger: isItem ? 'item' : 'axis',
      confine: true,
      formatter: isItem ? tooltipText : axisTooltipText,
    },
    toolbox: {
      right: 4,
      top: 0,
      itemSize: 13,
      itemGap: 10,
      feature: {
        dataZoom: { filterMode: 'none', title: { zoom: 'zoom', back: 'zoom back' } },
        saveAsImage: { title: 'save', name: 'figure' },
      },
    },
  };
}

/** A legend above the chart, in as many rows as it needs; a name that begins with ~ is not in it. */
function withLegend(option: Option, width: number): Option {
  const given = option['legend'] as Entry | undefined;
  const all = listOf(option['series']);
  const names = [...new Set(all.map((series) => String(series['name'] ?? '')))].filter(
    (name) => name !== '' && !name.startsWith('~'),
  );
  const isShown = given?.['show'] !== false && names.length > 1 && !option['visualMap'];
  const [room, symbol, gap, letter, row] = [Math.max(width - 90, 100), 25, 14, 6.7, 24];
  let [rows, used] = [1, 0];
  for (const name of names) {
    const wanted = symbol + 5 + letter * name.length + gap;
    if (used > 0 && used + wanted > room) [rows, used] = [rows + 1, 0];
    used += wanted;
  }
  return {
    ...option,
    legend: {
      ...given,
      show: isShown,
      // A line alone, dashed where the line is.
      data: names.map((name) => {
        const { type, symbolRotate } = all.find((series) => series['name'] === name)!;
        if (type === 'line') return { name, itemStyle: { opacity: 0 } };
        // A triangle that points down; the legend does not turn symbols.
        return symbolRotate === 180 ? { name, icon: 'path://M0 0L10 0L5 8Z' } : { name };
      }),
      left: 0,
      top: 0,
      width: room,
      itemGap: gap,
      itemWidth: symbol,
    },
    grid: {
      left: 12,
      right: option['visualMap'] ? 100 : 28,
      top: isShown ? 14 + row * rows : 34,
      bottom: 12,
      outerBoundsMode: 'same',
      outerBoundsContain: 'all',
    },
  };
}

function withColourScale(option: Option): Option {
  const scale = option['visualMap'] as Entry | undefined;
  return scale ? { visualMap: { ...scale, formatter: (value: number) => shorten(value, 3) } } : {};
}

function withAxes(axis: unknown): Entry[] {
  return listOf(axis).map((one): Entry => {
    const isValue = one['type'] !== 'category';
    const label = one['axisLabel'] as Entry | undefined;
    return {
      ...one,
      nameTextStyle: { color: '#444444' },
      axisLabel: {
        hideOverlap: true,
        ...label,
        ...(isValue ? { formatter: (value: number) => shorten(value, 4) } : {}),
      },
    };
  });
}

/** Custom series say by name how they are drawn. */
function withRenderers(series: unknown): Entry[] {
  const renderers: Entry = {
    band: drawBand,
    'interval-x': drawIntervalX,
    'interval-y': drawIntervalY,
    level: drawLevel,
  };
  return listOf(series).map((one) =>
    one['type'] === 'custom' ? { ...one, renderItem: renderers[String(one['renderItem'])] } : one,
  );
}

function listOf(value: unknown): Entry[] {
  return (Array.isArray(value) ? value : value === undefined ? [] : [value]) as Entry[];
}

function tooltipText(point: TooltipPoint): string {
  const { seriesName, seriesType, name, marker, value } = point;
  const heading = [seriesName, name].filter((part) => part && part !== seriesName).join(': ');
  if (seriesType === 'boxplot') {
    const [, p5, p25, p50, p75, p95] = value as number[];
    const lines = [
      ['95 %', p95],
      ['75 %', p75],
      ['median', p50],
      ['25 %', p25],
      ['5 %', p5],
    ] as const;
    return [
      `<b>${safe(seriesName ?? '')}</b>, period ${safe(name ?? '')}`,
      ...lines.map(([label, one]) => `${label}: ${shorten(one!, 5)}`),
    ].join('<br>');
  }
  const numbers = (Array.isArray(value) ? value : [value]).map((one) =>
    typeof one === 'number' ? shorten(one, 5) : safe(String(one)),
  );
  return `${String(marker ?? '')}<b>${safe(name || seriesName || heading)}</b><br>${numbers.join(', ')}`;
}

/** One line a series: bands, marks and what is unseen are left out. */
function axisTooltipText(points: TooltipPoint | readonly TooltipPoint[]): string {
  const list = Array.isArray(points)
    ? (points as readonly TooltipPoint[])
    : [points as TooltipPoint];
  const [first] = list;
  if (first === undefined) return '';
  const { axisValue, axisValueLabel } = first;
  const at = typeof axisValue === 'number' ? shorten(axisValue, 5) : (axisValueLabel ?? '');
  const lines = list.flatMap((point) => {
    const { seriesName = '', seriesType } = point;
    if (seriesType === 'custom' || seriesName.startsWith('~')) return [];
    return [`${String(point.marker ?? '')}${safe(seriesName)}: <b>${pointText(point.value)}</b>`];
  });
  return [safe(at), ...lines].join('<br>');
}

function pointText(value: unknown): string {
  const shown = Array.isArray(value) ? (value as unknown[])[1] : value;
  return typeof shown === 'number' ? shorten(shown, 5) : '–';
}

function safe(text: string): string {
  return text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);
}

/** One shape, along the upper edge and back along the lower one; data [x, low, high]. */
function drawBand({ dataIndex, dataInsideLength }: Place, api: Coordinates): unknown {
  if (dataIndex !== 0) return null;
  const upper: number[][] = [];
  const lower: number[][] = [];
  for (let index = 0; index < dataInsideLength; index += 1) {
    const x = api.value(0, index);
    upper.push(api.coord([x, api.value(2, index)]));
    lower.unshift(api.coord([x, api.value(1, index)]));
  }
  return {
    type: 'polygon',
    shape: { points: [...upper, ...lower] },
    style: { fill: api.visual('color'), opacity: 0.14 },
  };
}

/** A bar from low to high with ends; data [low, high, row]. */
function drawIntervalX(_: Place, api: Coordinates): unknown {
  const [x1, y] = api.coord([api.value(0), api.value(2)]) as [number, number];
  const [x2] = api.coord([api.value(1), api.value(2)]) as [number, number];
  const style = { stroke: api.visual('color'), lineWidth: 2.5, fill: null };
  const end = 7;
  const line = (from: number[], to: number[]) => ({
    type: 'line',
    shape: { x1: from[0], y1: from[1], x2: to[0], y2: to[1] },
    style,
  });
  return {
    type: 'group',
    children: [
      line([x1, y], [x2, y]),
      line([x1, y - end], [x1, y + end]),
      line([x2, y - end], [x2, y + end]),
    ],
  };
}

/** The same upright; data [x, low, high]. */
function drawIntervalY(_: Place, api: Coordinates): unknown {
  const [x, y1] = api.coord([api.value(0), api.value(1)]) as [number, number];
  const [, y2] = api.coord([api.value(0), api.value(2)]) as [number, number];
  const style = { stroke: api.visual('color'), lineWidth: 2, fill: null };
  const end = 6;
  const line = (from: number[], to: number[]) => ({
    type: 'line',
    shape: { x1: from[0], y1: from[1], x2: to[0], y2: to[1] },
    style,
  });
  return {
    type: 'group',
    children: [
      line([x, y1], [x, y2]),
      line([x - end, y1], [x + end, y1]),
      line([x - end, y2], [x + end, y2]),
    ],
  };
}

/** A bar of its own at a height over the width of a category; data [category, value]. */
function drawLevel(_: Place, api: Coordinates): unknown {
  const [x, y] = api.coord([api.value(0), api.value(1)]) as [number, number];
  const half = 0.42 * (api.size([1, 0])[0] ?? 0);
  return {
    type: 'line',
    shape: { x1: x - half, y1: y, x2: x + half, y2: y },
    style: { stroke: api.visual('color'), lineWidth: 2.5 },
  };
}

function shorten(value: number, digits: number): string {
  const short = Number(value.toPrecision(digits));
  const size = Math.abs(short);
  if (size >= 1e12 || (size > 0 && size < 1e-4)) return short.toExponential().replace(/-/g, '−');
  return short.toLocaleString('en', { maximumFractionDigits: 10 }).replace('-', '−');
}
