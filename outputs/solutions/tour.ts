import { tourSolver } from '../../algorithms/solvers/tour';
import type { Costs } from '../../algorithms/solvers/tour/matrix';
import { costsOfTrades } from '../../algorithms/solvers/tour/trades';
import type { Chart, ChartSize } from '../chart';
import { type Cell, presentSolution } from './solution';

export const tourSolution = presentSolution(tourSolver, (result, input) => {
  const { order, cost, lowerBound, gap, proved, oneStepCost, fullCost, ownCost } = result;
  const ofTrades = input.kind === 'trades';
  const costs = ofTrades ? costsOfTrades(input) : input.costs;
  const unit = ofTrades ? 'quote currency' : '';
  const node = ofTrades ? 'trade' : 'node';
  const sums: readonly (readonly [string, Cell, string])[] = ofTrades
    ? [
        ['own cost, in every order', ownCost!, unit],
        ['own and one step of impact', oneStepCost!, unit],
        ['own and all decaying impact', fullCost!, unit],
      ]
    : [];
  return {
    summary: [
      ['cost', cost, unit],
      ['lower bound', lowerBound, unit],
      ['gap', gap === null ? null : 100 * gap, '%'],
      ['proved', proved ? 'yes' : 'no'],
      ...sums,
    ],
    tables: [
      {
        title: input.open
          ? 'Path'
          : `Round trip: the first cost is the way from ${node} ${order.at(-1)}`,
        columns: [
          { name: 'place' },
          { name: node, unit: 'from 0' },
          { name: `cost after the ${node} before`, unit },
        ],
        rows: order.map((to, k) => {
          const from = k > 0 ? order[k - 1]! : input.open ? undefined : order.at(-1)!;
          return [k + 1, to, from === undefined || from === to ? null : costs[from]![to]!];
        }),
      },
    ],
    chart: drawMatrix(costs, order, input.open, node, unit),
    chartSize,
  };
});

const chartSize: ChartSize = { width: 820, height: 760 };

/** Nodes up to which each has its own row; beyond, the matrix is put into the order of the tour. */
const namedNodes = 60;

/** Rows and columns at most; of more, blocks are averaged. */
const drawnCells = 120;

/** The cost matrix as a heat map, with the ways that are taken. */
function drawMatrix(
  costs: Costs,
  order: readonly number[],
  open: boolean,
  node: string,
  unit: string,
): Chart {
  const n = order.length;
  const permuted = n > namedNodes;
  const rows = permuted ? order : costs.map((_, i) => i);
  const block = Math.ceil(n / drawnCells);
  const cells = averageBlocks(costs, rows, block);
  // The table counts places from 1, and nodes from 0.
  const first = permuted ? 1 : 0;
  const names = Array.from({ length: Math.ceil(n / block) }, (_, k) => String(first + k * block));
  const levels = cells.map(([, , cost]) => cost).sort((a, b) => a - b);
  // A few costs far from all others would leave these one colour.
  const last = Math.max(0, levels.length - 1);
  const least = levels[Math.floor(0.02 * last)] ?? 0;
  const most = levels[Math.ceil(0.98 * last)] ?? 1;
  const taken = (open ? order.slice(1) : order).map((to, k) => {
    const from = order[open ? k : (k + n - 1) % n]!;
    return permuted
      ? [Math.floor((open ? k + 1 : k) / block), Math.floor((open ? k : (k + n - 1) % n) / block)]
      : [to, from];
  });
  const place = permuted ? 'place in the order' : `${node}, from 0`;
  const size = Math.max(3, Math.min(14, (0.5 * 560) / names.length));
  return {
    legend: { top: 8, data: [{ name: 'ways taken' }] },
    grid: { left: 80, right: 150, top: 45, bottom: 70 },
    xAxis: {
      type: 'category',
      data: names,
      name: `to: ${place}`,
      nameLocation: 'middle',
      nameGap: 35,
      splitLine: { show: false },
    },
    yAxis: {
      type: 'category',
      data: names,
      inverse: true,
      name: `from: ${place}`,
      nameLocation: 'middle',
      nameGap: 45,
    },
    visualMap: {
      type: 'continuous',
      min: least,
      max: most,
      dimension: 2,
      seriesIndex: 0,
      right: 10,
      top: 'middle',
      itemHeight: 300,
      text: [
        `${unit === '' ? 'cost' : `cost,\n${unit}`}\n\n${most < levels.at(-1)! ? '≥ ' : ''}${round(most)}`,
        `${least > levels[0]! ? '≤ ' : ''}${round(least)}`,
      ],
      inRange: { color: ['#fff7e6', '#fdbb6b', '#d7574b', '#7b1e5b', '#2b0a3d'] },
    },
    series: [
      {
        type: 'heatmap',
        data: cells.map(([to, from, cost]) => [to, from, Math.min(most, Math.max(least, cost))]),
        progressive: 0,
      },
      {
        name: 'ways taken',
        type: 'scatter',
        data: taken,
        symbol: 'circle',
        symbolSize: size,
        itemStyle: { color: '#1f9ed8', borderColor: '#ffffff', borderWidth: size > 5 ? 1 : 0 },
      },
    ],
  };
}

const round = (level: number): string => String(Number(level.toPrecision(4)));

/** Means of what there is in each block: [column, row, cost]. */
function averageBlocks(
  costs: Costs,
  rows: readonly number[],
  block: number,
): [number, number, number][] {
  const width = Math.ceil(rows.length / block);
  const sums = new Float64Array(width * width);
  const counts = new Int32Array(width * width);
  rows.forEach((from, i) =>
    rows.forEach((to, j) => {
      const cost = costs[from]![to];
      if (from === to || typeof cost !== 'number') return;
      const cell = Math.floor(i / block) * width + Math.floor(j / block);
      sums[cell]! += cost;
      counts[cell]!++;
    }),
  );
  return Array.from(sums, (sum, cell): [number, number, number] => [
    cell % width,
    Math.floor(cell / width),
    sum / counts[cell]!,
  ]).filter(([, , mean]) => Number.isFinite(mean));
}
