import type { SeriesOption } from 'echarts';

import { type Chart, drawChart } from './chart';

interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Line {
  readonly label: string;
  readonly colour: string;
  readonly isDashed?: boolean;
  readonly points: readonly Point[];
  /** Between what the line may lie, shaded in its colour. */
  readonly band?: readonly { readonly x: number; readonly low: number; readonly high: number }[];
}

export interface LineChart {
  readonly title: string;
  readonly xLabel: string;
  readonly yLabel: string;
  /** A vertical line. */
  readonly marker?: { readonly x: number; readonly label: string };
  /** Horizontal lines, labelled at their right end. */
  readonly levels?: readonly { readonly y: number; readonly label: string }[];
  readonly lines: readonly Line[];
}

/** Of one chart, pixels; narrower where several stand side by side. */
const size = { width: 760, narrow: 480, height: 420 };
const margins = { left: 64, right: 24, top: 92, bottom: 56 };

/** Of a legend: how its rows are estimated before it is drawn. */
const legendRow = { gap: 24, sign: 30, letter: 6.5, height: 24, rowsInMargin: 2 };

/** Line charts side by side as an SVG file of its own. */
export function drawLines(...charts: readonly LineChart[]): string {
  const each = charts.length > 1 ? size.narrow : size.width;
  const rows = charts.map((chart) => legendRows(chart, each - margins.left - margins.right));
  const moreRows = Math.max(0, Math.max(...rows) - legendRow.rowsInMargin);
  const extra = moreRows * legendRow.height;
  const boxes = charts.map((chart, index) => ({ chart, index, left: index * each }));
  const option: Chart = {
    title: boxes.map(({ chart, left }) => ({
      text: chart.title,
      left: left + margins.left,
      top: 8,
      textStyle: { fontSize: 16 },
    })),
    legend: boxes.map(({ chart, left }) => ({
      data: chart.lines.map(({ label }) => label),
      left: left + margins.left,
      top: 36,
      width: each - margins.left - margins.right,
      itemGap: legendRow.gap,
      // A line alone, dashed where the line is.
      itemStyle: { opacity: 0 },
    })),
    grid: boxes.map(({ left }) => ({
      left: left + margins.left,
      width: each - margins.left - margins.right,
      top: margins.top + extra,
      bottom: margins.bottom,
    })),
    xAxis: boxes.map(({ chart, index }) => ({
      gridIndex: index,
      type: 'value',
      name: chart.xLabel,
      nameLocation: 'middle',
      nameGap: 30,
      min: 'dataMin',
      max: 'dataMax',
      splitLine: { show: false },
      axisLine: { onZero: false },
    })),
    yAxis: boxes.map(({ chart, index }) => ({
      gridIndex: index,
      type: 'value',
      name: chart.yLabel,
      nameLocation: 'middle',
      nameGap: 42,
      axisLine: { onZero: false },
      ...spanOf(chart),
    })),
    series: boxes.flatMap(({ chart, index }) => [
      ...chart.lines.flatMap((line) => bandOf(line, index)),
      ...chart.lines.map((line, place) => ({
        name: line.label,
        type: 'line' as const,
        xAxisIndex: index,
        yAxisIndex: index,
        symbol: 'none',
        color: line.colour,
        lineStyle: { width: 2, type: line.isDashed ? ('dashed' as const) : ('solid' as const) },
        data: line.points.map(({ x, y }) => [x, y]),
        ...(place === 0 ? { markLine: rulesOf(chart) } : {}),
      })),
    ]),
  };
  return drawChart(option, { width: each * charts.length, height: size.height + extra });
}

function legendRows({ lines }: LineChart, width: number): number {
  let [rows, filled] = [1, 0];
  for (const { label } of lines) {
    const item = legendRow.sign + legendRow.letter * label.length;
    if (filled > 0 && filled + item > width) [rows, filled] = [rows + 1, 0];
    filled += item + legendRow.gap;
  }
  return rows;
}

interface Coordinates {
  coord(point: readonly number[]): number[];
}

/** One shape, along the upper edge and back along the lower one. */
function bandOf({ colour, band = [] }: Line, axis: number): SeriesOption[] {
  if (band.length < 2) return [];
  const outline = [
    ...band.map(({ x, high }) => [x, high]),
    ...band.map(({ x, low }) => [x, low]).reverse(),
  ];
  return [
    {
      type: 'custom',
      xAxisIndex: axis,
      yAxisIndex: axis,
      silent: true,
      clip: true,
      data: [outline[0]!],
      renderItem: (_: unknown, api: Coordinates) => ({
        type: 'polygon' as const,
        shape: { points: outline.map((point) => api.coord(point)) },
        style: { fill: colour, opacity: 0.18 },
      }),
    } as SeriesOption,
  ];
}

/** Marker and levels. */
function rulesOf({ marker, levels = [] }: LineChart) {
  return {
    silent: true,
    symbol: 'none',
    lineStyle: { color: '#333333', type: 'dotted' as const, width: 1 },
    data: [
      ...(marker
        ? [{ xAxis: marker.x, label: { formatter: marker.label, position: 'end' as const } }]
        : []),
      ...levels.map(({ y, label }) => ({
        yAxis: y,
        label: { formatter: label, position: 'insideEndTop' as const },
      })),
    ],
  };
}

/** The library looks at lines only; levels have to be seen as well. */
function spanOf({ lines, levels = [] }: LineChart) {
  const edges = lines.flatMap(({ band = [] }) => band.flatMap(({ low, high }) => [low, high]));
  const seen = [...lines.flatMap(({ points }) => points), ...levels].map(({ y }) => y);
  const values = [...seen, ...edges];
  const [least, most] = [Math.min(...values), Math.max(...values)];
  return {
    min: ({ min }: { min: number }) => roundDown(Math.min(min, least), most - least),
    max: ({ max }: { max: number }) => -roundDown(-Math.max(max, most), most - least),
  };
}

/** To a multiple of a power of ten that is small beside the span. */
function roundDown(value: number, span: number): number {
  const step = 10 ** Math.floor(Math.log10(span || 1));
  // Without the rounding of the product, which the library refuses.
  return Number((Math.floor(value / step) * step).toPrecision(12));
}
