import type { SeriesOption } from 'echarts';

import type { Estimate } from '../../algorithms/evaluation/stratified-bootstrap';
import { drawChart } from '../chart';

export interface IntervalRow {
  /** In one line or two. */
  readonly label: string;
  readonly colour: string;
  readonly estimate: Estimate;
  /** What the estimate is of, drawn faintly. */
  readonly values?: readonly number[];
}

export interface IntervalChart {
  readonly xLabel: string;
  /** From the top. */
  readonly rows: readonly IntervalRow[];
  /** The axis' ends; default as wide as the rows need. */
  readonly span?: readonly [number, number];
  /** A vertical line. */
  readonly rule?: number;
}

interface Coordinates {
  value(dimension: number): number;
  coord(point: readonly number[]): number[];
}

/** Pixels. */
const width = 760;
const rowHeight = 38;
const widestLabel = 360;
const letterWidth = 7.5;

/** Estimates with their intervals, one a row, as an SVG file of its own. */
export function drawIntervals({ xLabel, rows, span, rule }: IntervalChart): string {
  const longest = Math.max(
    ...rows.flatMap(({ label }) => label.split('\n').map(({ length }) => length)),
  );
  const labelWidth = Math.min(widestLabel, longest * letterWidth);
  return drawChart(
    {
      grid: { left: labelWidth + 40, right: 30, top: 14, bottom: 52 },
      xAxis: {
        type: 'value',
        name: xLabel,
        nameLocation: 'middle',
        nameGap: 30,
        ...(span ? { min: span[0], max: span[1] } : { scale: true }),
      },
      yAxis: {
        type: 'category',
        inverse: true,
        data: rows.map(({ label }) => label),
        axisTick: { show: false },
        axisLine: { show: false },
        axisLabel: { width: labelWidth, overflow: 'truncate', interval: 0, color: '#222222' },
      },
      series: [
        ...rows.flatMap(intervalOf),
        pointsOf(
          rows.map(({ values = [] }, row) => values.map((value) => [value, row])),
          rows,
          { symbol: 'circle', symbolSize: 6, opacity: 0.45 },
        ),
        pointsOf(
          rows.map(({ estimate: { value } }, row) => [[value, row]]),
          rows,
          { symbol: 'diamond', symbolSize: 13, opacity: 1 },
          rule,
        ),
      ],
    },
    { width, height: rows.length * rowHeight + 66 },
  );
}

/** A bar from the interval's lower end to its upper one. */
function intervalOf({ estimate: { ci95 }, colour }: IntervalRow, row: number): SeriesOption[] {
  if (ci95 === null) return [];
  return [
    {
      type: 'custom',
      silent: true,
      encode: { x: [0, 1], y: 2 },
      data: [[...ci95, row]],
      renderItem: (_: unknown, api: Coordinates) => {
        const [x1, y1] = api.coord([api.value(0), api.value(2)]);
        const [x2, y2] = api.coord([api.value(1), api.value(2)]);
        return {
          type: 'line',
          shape: { x1, y1, x2, y2 },
          style: { stroke: colour, lineWidth: 9, opacity: 0.35 },
        };
      },
    } as SeriesOption,
  ];
}

function pointsOf(
  points: readonly (readonly number[][])[],
  rows: readonly IntervalRow[],
  { opacity, ...look }: { symbol: string; symbolSize: number; opacity: number },
  rule?: number,
): SeriesOption {
  return {
    type: 'scatter',
    silent: true,
    ...look,
    data: points.flatMap((own, row) =>
      own.map((value) => ({ value, itemStyle: { color: rows[row]!.colour, opacity } })),
    ),
    ...(rule === undefined
      ? {}
      : {
          markLine: {
            silent: true,
            symbol: 'none',
            label: { show: false },
            lineStyle: { color: '#333333', type: 'dotted' as const },
            data: [{ xAxis: rule }],
          },
        }),
  };
}
