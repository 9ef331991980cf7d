import { liquidationGameSolver } from '../../algorithms/solvers/liquidation-game';
import { presentSolution } from './solution';

export const liquidationGameSolution = presentSolution(liquidationGameSolver, (result, input) => {
  const { times, holdings, cost, costAlone, price } = result;
  const groups = groupPlayers(input.targets);
  const shown = groups.slice(0, shownGroups);
  return {
    summary: [
      ['costs of all players', cost.reduce((sum, value) => sum + value, 0), 'quote currency'],
      ['price impact at the end', price.at(-1)!, 'quote currency / share'],
    ],
    tables: [
      {
        title: 'Players by target: those with the same one trade alike',
        columns: [
          { name: 'target', unit: 'shares' },
          { name: 'players' },
          { name: 'cost of each', unit: 'quote currency' },
          { name: 'cost alone', unit: 'quote currency' },
        ],
        rows: groups.map(({ target, players, first }) => [
          target,
          players,
          cost[first]!,
          costAlone[first]!,
        ]),
      },
      {
        title: 'Paths: change of the position of each',
        columns: [
          { name: 'time', unit: 'time' },
          { name: 'price impact', unit: 'quote currency / share' },
          ...shown.map(({ name }) => ({ name, unit: 'shares' })),
        ],
        rows: coarse(times.length).map((k) => [
          times[k]!,
          price[k]!,
          ...shown.map(({ first }) => holdings[first]![k]!),
        ]),
      },
    ],
    chart: {
      legend: { top: 8, itemGap: 40 },
      grid: { left: 100, right: 120, top: 70, bottom: 60 },
      xAxis: {
        type: 'value',
        name: 'time',
        nameLocation: 'middle',
        nameGap: 30,
        min: 0,
        max: times.at(-1)!,
        axisLine: { onZero: false },
      },
      yAxis: [
        {
          type: 'value',
          name: 'change of position, shares',
          nameLocation: 'middle',
          nameGap: 80,
        },
        {
          type: 'value',
          name: 'price impact, quote currency / share',
          nameLocation: 'middle',
          nameGap: 95,
          splitLine: { show: false },
        },
      ],
      series: [
        ...shown.map(({ name, first }) => ({
          name,
          type: 'line' as const,
          showSymbol: false,
          data: times.map((time, k) => [time, holdings[first]![k]!]),
        })),
        {
          name: 'price impact',
          type: 'line' as const,
          yAxisIndex: 1,
          showSymbol: false,
          lineStyle: { type: 'dashed' as const, color: '#555555' },
          itemStyle: { color: '#555555' },
          data: times.map((time, k) => [time, price[k]!]),
        },
      ],
    },
  };
});

/** More would make neither table nor picture easier to read. */
const shownGroups = 5;

/** Players with the same target, which trade alike, in the order of the first of each. */
function groupPlayers(targets: readonly number[]) {
  return [...new Set(targets)].map((target) => {
    const players = targets.filter((other) => other === target).length;
    const each = players > 1 ? ` (${players} players)` : '';
    return {
      target,
      players,
      first: targets.indexOf(target),
      name: target === 0 ? `predator${each}` : `target ${target}${each}`,
    };
  });
}

/** About twenty places of so many, both ends among them. */
function coarse(length: number): number[] {
  const step = Math.max(1, Math.round((length - 1) / 20));
  const places = Array.from({ length: Math.ceil((length - 1) / step) }, (_, i) => i * step);
  return [...places, length - 1];
}
