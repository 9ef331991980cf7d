import type { Calibration } from '../../algorithms/calibration/calibrate';
import type { Presentation } from '../solutions/solution';
import { formatClock, rounded } from './parameters';

const size = { width: 1120, height: 470 };
const colours = { measured: '#1f6fb2', fitted: '#d1495b', volume: '#5b8c5a', bars: '#333333' };

/** The fill curve, measured and fitted, beside the volume curve. */
export function drawCalibration(
  calibration: Calibration,
): Pick<Presentation, 'chart' | 'chartSize'> {
  const panels = [fillPanel(calibration), volumePanel(calibration)].filter(
    (panel) => panel !== null,
  );
  const width = 100 / Math.max(panels.length, 1);
  return {
    chartSize: panels.length > 1 ? size : { ...size, width: size.width / 2 },
    chart: {
      title: panels.map(({ title }, index) => ({
        text: title,
        left: `${index * width + 2}%`,
        top: 8,
      })),
      legend: panels.map(({ legend }, index) => ({
        data: legend,
        left: `${index * width + 2}%`,
        top: 42,
        itemGap: 28,
      })),
      grid: panels.map((_, index) => ({
        left: `${index * width + 7}%`,
        width: `${width - 10}%`,
        top: 110,
        bottom: 62,
      })),
      xAxis: panels.map(({ xAxis }, index) => ({
        ...xAxis,
        gridIndex: index,
        nameLocation: 'middle' as const,
        nameGap: 32,
      })),
      yAxis: panels.map(({ yAxis }, index) => ({
        ...yAxis,
        gridIndex: index,
        nameTextStyle: { align: 'left' as const, padding: [0, 0, 4, -40] },
      })),
      series: panels.flatMap(({ series }, index) =>
        series.map((one) => ({ ...one, xAxisIndex: index, yAxisIndex: index })),
      ) as NonNullable<Presentation['chart']['series']>,
    },
  };
}

interface Panel {
  readonly title: string;
  readonly legend: string[];
  readonly xAxis: object;
  readonly yAxis: object;
  readonly series: readonly object[];
}

function fillPanel({ fillCurve, timeUnit }: Calibration): Panel | null {
  if (!fillCurve) return null;
  const curve = fillCurve.curve.filter(({ measured }) => measured.value > 0);
  return {
    title: 'Market orders that reach a depth',
    legend: ['measured', 'A·exp(−k·depth)'],
    xAxis: {
      type: 'value',
      name: 'depth from the mid, quote currency',
      min: 0,
      axisLabel: { formatter: rounded },
    },
    yAxis: {
      type: 'log',
      name: `per side and ${timeUnit}`,
      axisLabel: { formatter: rounded },
    },
    series: [
      {
        name: 'A·exp(−k·depth)',
        type: 'line',
        symbol: 'none',
        color: colours.fitted,
        data: curve.map(({ depth, fitted }) => [depth, fitted]),
      },
      {
        name: 'measured',
        type: 'scatter',
        symbolSize: 7,
        color: colours.measured,
        data: curve.map(({ depth, measured }) => [depth, measured.value]),
      },
      errorBars(
        curve.map(({ depth, measured: { value, error } }) => [
          depth,
          Math.max(value - (error ?? 0), value / 10),
          value + (error ?? 0),
        ]),
      ),
    ],
  };
}

function volumePanel({ volumeCurve }: Calibration): Panel | null {
  if (!volumeCurve) return null;
  const { buckets } = volumeCurve;
  return {
    title: 'Volume over the day',
    legend: ['share of the volume'],
    xAxis: {
      type: 'category',
      name: 'time of day',
      data: buckets.map(({ from }) => formatClock(from)),
      axisLabel: { hideOverlap: true },
    },
    yAxis: { type: 'value', name: '% of the day’s volume' },
    series: [
      {
        name: 'share of the volume',
        type: 'bar',
        color: colours.volume,
        barMaxWidth: 30,
        data: buckets.map(({ share }) => 100 * share.value),
      },
      errorBars(
        buckets.map(({ share: { value, error } }, index) => [
          index,
          100 * (value - (error ?? 0)),
          100 * (value + (error ?? 0)),
        ]),
      ),
    ],
  };
}

interface Coordinates {
  value(dimension: number): number;
  coord(point: readonly number[]): number[];
}

/** Vertical lines from the second number of each point to the third. */
const errorBars = (points: readonly (readonly number[])[]): object => ({
  type: 'custom',
  silent: true,
  encode: { x: 0, y: [1, 2] },
  data: points,
  renderItem: (_parameters: unknown, api: Coordinates) => {
    const [x, low] = api.coord([api.value(0), api.value(1)]);
    const [, high] = api.coord([api.value(0), api.value(2)]);
    return {
      type: 'line',
      shape: { x1: x, y1: low, x2: x, y2: high },
      style: { stroke: colours.bars, lineWidth: 1.2 },
    };
  },
});
