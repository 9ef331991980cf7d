import type { z } from 'zod';

import { type OrderChoice, orderChoiceSolver } from '../../algorithms/solvers/order-choice';
import { rewardOfDepth } from '../../algorithms/solvers/order-choice/depth';
import type { OrderAction } from '../../algorithms/solvers/order-choice/orders';
import type { Chart } from '../chart';
import { presentSolution, type Presentation } from './solution';

type Problem = z.output<(typeof orderChoiceSolver)['schema']>;
type Of<Kind extends Problem['kind']> = Extract<Problem, { kind: Kind }>;
type With<Key extends string> = Extract<OrderChoice, Readonly<Record<Key, unknown>>>;

const currency = 'quote currency';

/** A result is of the form that its problem's kind names. */
export const orderChoiceSolution = presentSolution(
  orderChoiceSolver,
  (result, problem): Presentation => {
    switch (problem.kind) {
      case 'orders':
        return presentOrders(result as With<'rewards'>, problem);
      case 'depth':
        return presentDepth(result as With<'fillProbability'>, problem);
      case 'utility':
        return presentUtility(result as { depth: number }, problem);
      case 'liquidation':
        return presentLiquidation(result as With<'inventory'>);
    }
  },
);

function presentOrders({ rewards, best }: With<'rewards'>, problem: Of<'orders'>): Presentation {
  const names = problem.actions.map(nameOf);
  return {
    summary: [
      ['best', names[best]!],
      ['expected reward', rewards[best]!, currency],
    ],
    tables: [
      {
        columns: [{ name: 'order' }, { name: 'expected reward', unit: currency }, { name: '' }],
        rows: names.map((name, i) => [name, rewards[i]!, i === best ? 'best' : '']),
      },
    ],
    chart: {
      grid: { left: 80, right: 30, bottom: 60 },
      xAxis: { type: 'category', data: names, axisLine: { onZero: false } },
      yAxis: { type: 'value', name: 'expected reward, quote currency', ...aboveAxis },
      series: [
        {
          type: 'bar',
          barMaxWidth: 60,
          data: [...rewards].map((value, i) => ({
            value,
            itemStyle: { color: i === best ? '#2e8b57' : '#9aa7b4' },
          })),
        },
      ],
    },
  };
}

function nameOf(action: OrderAction): string {
  switch (action.kind) {
    case 'market':
      return 'market';
    case 'limit':
      return action.ticks === 0 ? 'limit, best bid' : `limit, ${action.ticks} deep`;
    case 'hold':
      return 'hold';
  }
}

function presentDepth(
  { depth, fillProbability, value }: With<'fillProbability'>,
  problem: Of<'depth'>,
): Presentation {
  const low = Math.min(0, depth - 1 / problem.decay);
  const depths = grid(low, depth + 3 / problem.decay);
  return {
    summary: [
      ['depth', depth, currency],
      ['fill probability', fillProbability],
      ['expected reward', value, currency],
    ],
    tables: [],
    chart: depthChart(
      [
        {
          name: 'expected reward, quote currency',
          points: depths.map((d) => [d, rewardOfDepth(problem, d).value]),
        },
        {
          name: 'fill probability',
          points: depths.map((d) => [d, rewardOfDepth(problem, d).fillProbability]),
        },
      ],
      depth,
    ),
  };
}

function presentUtility(
  { depth }: { depth: number },
  { riskAversion, decay }: Of<'utility'>,
): Presentation {
  /** Certainty equivalent of a fill, times its share of the orders. */
  const gain = (d: number) =>
    Math.exp(-decay * d) * (riskAversion === 0 ? d : -Math.expm1(-riskAversion * d) / riskAversion);
  const depths = grid(0, depth + 3 / decay);
  return {
    summary: [['depth', depth, currency]],
    tables: [],
    chart: depthChart(
      [
        { name: 'expected utility, quote currency', points: depths.map((d) => [d, gain(d)]) },
        { name: 'share of orders', points: depths.map((d) => [d, Math.exp(-decay * d)]) },
      ],
      depth,
    ),
  };
}

function presentLiquidation({ inventory, depth, value }: With<'inventory'>): Presentation {
  return {
    summary: [
      ['depth now', depth.at(-1)!, currency],
      ['revenue above the mid', value.at(-1)!, currency],
    ],
    tables: [
      {
        columns: [
          { name: 'inventory', unit: 'units' },
          { name: 'depth', unit: currency },
          { name: 'revenue above the mid', unit: currency },
        ],
        rows: inventory.map((q, i) => [q, depth[i]!, value[i]!]),
      },
    ],
    chart: {
      grid: { left: 80, right: 30, bottom: 60 },
      xAxis: {
        type: 'value',
        name: 'units left to sell',
        ...belowAxis,
        minInterval: 1,
        axisLine: { onZero: false },
      },
      yAxis: { type: 'value', name: 'depth of the limit order, quote currency', ...aboveAxis },
      series: [
        {
          type: 'line',
          showSymbol: depth.length <= 60,
          data: inventory.map((q, i) => [q, depth[i]!]),
        },
      ],
    },
  };
}

const aboveAxis = { nameTextStyle: { align: 'left' as const } };
const belowAxis = { nameLocation: 'middle' as const, nameGap: 30 };
const besideAxis = { nameLocation: 'middle' as const, nameGap: 50, axisLine: { onZero: false } };

const grid = (low: number, high: number): number[] =>
  Array.from({ length: 201 }, (_, i) => low + ((high - low) * i) / 200);

interface Curve {
  readonly name: string;
  readonly points: [depth: number, value: number][];
}

/** A reward on the left axis, a probability on the right one, and the best depth as a line down. */
function depthChart([reward, probability]: readonly [Curve, Curve], best: number): Chart {
  const shared = { type: 'line' as const, showSymbol: false };
  return {
    legend: { top: 8, itemGap: 50 },
    grid: { left: 80, right: 80, top: 70, bottom: 60 },
    xAxis: {
      type: 'value',
      name: 'depth, quote currency',
      ...belowAxis,
      min: reward.points[0]![0],
      max: reward.points.at(-1)![0],
      axisLabel: { showMinLabel: false, showMaxLabel: false },
      axisLine: { onZero: false },
    },
    yAxis: [
      { type: 'value', name: reward.name, ...besideAxis },
      {
        type: 'value',
        name: probability.name,
        ...besideAxis,
        min: 0,
        max: 1,
        splitLine: { show: false },
      },
    ],
    series: [
      {
        ...shared,
        name: reward.name,
        data: reward.points,
        markLine: {
          symbol: 'none',
          data: [{ xAxis: best }],
          label: { formatter: `best: ${Number(best.toPrecision(4))}` },
        },
      },
      {
        ...shared,
        name: probability.name,
        yAxisIndex: 1,
        lineStyle: { type: 'dashed' },
        data: probability.points,
      },
    ],
  };
}
