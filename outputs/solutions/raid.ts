import { raidSolver, type RaidSolution } from '../../algorithms/solvers/raid';
import { openRaid } from '../../algorithms/solvers/raid/game';
import type { RaidProblem } from '../../algorithms/solvers/raid/rules';
import type { Chart } from '../chart';
import { presentSolution } from './solution';

type Point = [period: number, value: number];

export const raidSolution = presentSolution(raidSolver, (result, problem) => ({
  summary: [
    ['value', result.value, 'half-ticks'],
    ['states valued', result.states],
  ],
  tables: [
    {
      columns: [
        { name: 'period' },
        { name: 'trade', unit: 'units' },
        ...(problem.defender ? [{ name: 'defence', unit: 'units' }] : []),
        { name: 'stops fired', unit: 'level × volume' },
        { name: 'mid after', unit: 'half-ticks' },
        { name: 'position', unit: 'units' },
        { name: 'cash', unit: 'half-ticks' },
      ],
      rows: [
        ...result.line.map(({ period, trade, defence, fired, mid, position, cash }) => [
          period,
          trade,
          ...(problem.defender ? [defence] : []),
          fired.map((index) => nameOf(problem.stops[index]!)).join(', ') || null,
          mid,
          position,
          cash,
        ]),
        [
          'cover',
          result.cover.trade,
          ...(problem.defender ? [null] : []),
          null,
          result.cover.mid,
          0,
          result.cover.cash,
        ],
      ],
    },
  ],
  chart: raidChart(result, problem),
  chartSize: { height: 560 },
}));

const nameOf = ({ level, volume }: RaidProblem['stops'][number]): string => `${level} × ${volume}`;

/** The mid after every unit, with the stops as lines across, above the position. */
function raidChart({ line, cover }: RaidSolution, problem: RaidProblem): Chart {
  const { prices, positions } = trace({ line, cover }, problem);
  const levels = problem.stops.map(({ level }) => level);
  const mids = prices.map(([, mid]) => mid);
  const [low, high] = [Math.min(...levels, ...mids), Math.max(...levels, ...mids)];
  const margin = Math.max(1, Math.ceil((high - low) / 20));
  const axis = {
    type: 'value' as const,
    min: 0,
    max: problem.periods + 1,
    minInterval: 1,
    splitLine: { show: false },
    axisLabel: { showMaxLabel: false },
  };
  const grid = { left: 80, right: 100 };
  return {
    title: [
      { text: 'mid, with the stops (level × volume)', left: 80, top: 8, textStyle: titleStyle },
      { text: 'position of the predator', left: 80, top: 368, textStyle: titleStyle },
    ],
    grid: [
      { ...grid, top: 40, height: 310 },
      { ...grid, top: 400, height: 100 },
    ],
    xAxis: [
      { ...axis, gridIndex: 0, axisLabel: { show: false } },
      {
        ...axis,
        gridIndex: 1,
        name: 'periods over (the last stretch: covering)',
        nameLocation: 'middle',
        nameGap: 30,
        axisLine: { onZero: false },
      },
    ],
    yAxis: [
      {
        type: 'value',
        gridIndex: 0,
        name: 'half-ticks',
        nameLocation: 'middle',
        nameGap: 50,
        min: low - margin,
        max: high + margin,
        axisLabel: { showMinLabel: false, showMaxLabel: false },
      },
      {
        type: 'value',
        gridIndex: 1,
        name: 'units',
        nameLocation: 'middle',
        nameGap: 50,
        max: 0,
        minInterval: 1,
        splitNumber: 3,
      },
    ],
    series: [
      {
        name: 'mid',
        type: 'line',
        step: 'end',
        showSymbol: false,
        data: prices,
        markLine: {
          symbol: 'none',
          silent: true,
          lineStyle: { type: 'dashed', color: '#c0392b', width: 1 },
          data: labelApart(problem.stops, (high - low + 2 * margin) / 310).map(
            ({ stop, isLabelled }) => ({
              yAxis: stop.level,
              label: { show: isLabelled, formatter: nameOf(stop), position: 'end', fontSize: 11 },
            }),
          ),
        },
      },
      {
        name: 'position',
        type: 'line',
        step: 'end',
        xAxisIndex: 1,
        yAxisIndex: 1,
        showSymbol: false,
        areaStyle: { opacity: 0.2 },
        data: positions,
      },
    ],
  };
}

const titleStyle = { fontSize: 13, fontWeight: 'normal' as const };

/** Mid and position over time: each move of a period at its own moment within it. */
function trace({ line, cover }: Pick<RaidSolution, 'line' | 'cover'>, problem: RaidProblem) {
  const game = openRaid(problem);
  const prices: Point[] = [[0, problem.mid]];
  const positions: Point[] = [[0, 0]];
  let state = game.start;
  for (const { trade, defence } of line) {
    const traded = game.trade(state, trade);
    const at = (move: number, moves: number) => state.period + move / (moves + 1);
    traded.mids.forEach((mid, move) => prices.push([at(move + 1, traded.mids.length + 1), mid]));
    positions.push([at(1, traded.mids.length + 1), traded.state.position]);
    if (defence > 0) {
      const raised = traded.state.mid + problem.tick * defence;
      prices.push([at(traded.mids.length + 1, traded.mids.length + 1), raised]);
    }
    state = game.endPeriod(traded.state, defence);
    prices.push([state.period, state.mid]);
  }
  const last = problem.periods;
  for (let unit = 1; unit <= cover.trade; unit += 1) {
    const at = last + unit / (cover.trade + 1);
    prices.push([at, state.mid + problem.tick * unit]);
    positions.push([at, state.position + unit]);
  }
  prices.push([last + 1, cover.mid]);
  positions.push([last + 1, 0]);
  return { prices, positions };
}

/** Leaves out the labels of stops whose label would lie on the one before. */
function labelApart(stops: RaidProblem['stops'], perPixel: number) {
  let lowest = Infinity;
  return [...stops]
    .sort((a, b) => b.level - a.level)
    .map((stop) => {
      const isLabelled = lowest - stop.level >= 13 * perPixel;
      if (isLabelled) lowest = stop.level;
      return { stop, isLabelled };
    });
}
