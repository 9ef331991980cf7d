import type { EChartsOption, ScatterSeriesOption, SeriesOption } from 'echarts';

import type {
  Fill,
  OrderBookPaths,
  OrderBookReplay,
} from '../../../algorithms/evaluation/order-book-paths';
import {
  bandCaption,
  bandSeries,
  episodeViews,
  type Figure,
  firstSelected,
  lineSeries,
  policyColours,
  type Section,
  xAxis,
  yAxis,
} from '../figure';

const colours = { mid: '#444444', quotes: '#b8bec6', bid: '#0072b2', ask: '#d55e00' } as const;

/** Episodes in a limit order book, replayed. */
export function orderBookSection(paths: OrderBookPaths, episodes: number): Section {
  const byPolicy = policyColours(paths.policies.map(({ policy }) => policy));
  return {
    title: 'Order book',
    figures: [
      replayFigure(paths),
      inventoryFigure(paths, byPolicy, episodes),
      wealthFigure(paths, byPolicy),
    ],
  };
}

function replayFigure({ policies }: OrderBookPaths): Figure {
  return {
    id: 'replay',
    title: 'Replay of an episode',
    caption:
      'Grey: others’ best quotes; lines: the policy’s own limit orders. A filled triangle is a fill of a limit order, at the end of the interval in which it happened; a hollow one a market order. Up: bought, down: sold; the larger, the more shares.',
    choice: 'episode and policy',
    isWide: true,
    height: 420,
    views: policies.flatMap(({ policy, episodes }) =>
      episodes.map((replay, episode) => ({
        label: `${policy}, episode ${episode}`,
        option: replayOption(replay),
      })),
    ),
  };
}

function replayOption(replay: OrderBookReplay): EChartsOption {
  const { times, mid, bid, ask, ownBid, ownAsk, fills } = replay;
  const along = (
    name: string,
    colour: string,
    prices: readonly (number | null)[],
    width = 2,
  ): SeriesOption =>
    lineSeries({
      name,
      colour,
      width,
      isStep: true,
      points: times.map((time, index) => [time, prices[index]!]),
    });
  return {
    xAxis: { ...xAxis('time, minutes'), min: 0 },
    yAxis: yAxis('price, ticks from the start'),
    series: [
      along('others’ best bid', colours.quotes, bid, 1),
      along('others’ best ask', colours.quotes, ask, 1),
      along('others’ mid price', colours.mid, mid, 1.5),
      ...(ownBid.some((price) => price !== null) ? [along('own bid', colours.bid, ownBid, 3)] : []),
      ...(ownAsk.some((price) => price !== null) ? [along('own ask', colours.ask, ownAsk, 3)] : []),
      ...fillSeries(replay, fills),
    ],
  };
}

const kinds = ['limit', 'market'] as const;

/** Bought and sold by limit and by market orders, those there are. */
function fillSeries(replay: OrderBookReplay, fills: readonly Fill[]): SeriesOption[] {
  return kinds.flatMap((kind) =>
    ([1, -1] as const).flatMap((direction): ScatterSeriesOption[] => {
      const own = fills.filter((fill) => fill.kind === kind && fill.shares * direction > 0);
      if (own.length === 0) return [];
      const colour = direction > 0 ? colours.bid : colours.ask;
      return [
        {
          type: 'scatter',
          name: `${direction > 0 ? 'bought' : 'sold'} by ${kind} order`,
          color: colour,
          symbol: 'triangle',
          symbolRotate: direction > 0 ? 0 : 180,
          z: 5,
          data: own.map(({ time, price, shares }) => ({
            value: [time, price ?? midAt(replay, time), Math.abs(shares)],
            symbolSize: Math.min(24, 9 + 3 * Math.abs(shares)),
          })),
          itemStyle:
            kind === 'limit'
              ? { color: colour, borderColor: '#ffffff', borderWidth: 1 }
              : { color: 'transparent', borderColor: colour, borderWidth: 2 },
        },
      ];
    }),
  );
}

const midAt = ({ times, mid }: OrderBookReplay, time: number): number =>
  mid[Math.max(0, times.indexOf(time))]!;

function inventoryFigure(
  { times, policies, task }: OrderBookPaths,
  byPolicy: Map<string, string>,
  episodes: number,
): Figure {
  const names = policies.map(({ policy }) => policy);
  const axes = {
    xAxis: { ...xAxis('time, minutes'), min: 0 },
    yAxis: yAxis(task === 'execute' ? 'inventory still to trade, shares' : 'inventory, shares'),
  };
  return {
    id: 'book-inventory',
    title: 'Inventory',
    caption: bandCaption(episodes, policies.length),
    choice: 'what',
    views: [
      {
        label: 'all episodes',
        option: {
          ...axes,
          ...firstSelected(names, 'bands'),
          series: policies.flatMap(({ policy, inventory }) =>
            bandSeries(policy, byPolicy.get(policy)!, times, inventory),
          ),
        },
      },
      ...episodeViews(policies[0]?.episodes.length ?? 0, (episode) => ({
        ...axes,
        ...firstSelected(names),
        series: policies.map(({ policy, episodes: shown }) =>
          lineSeries({
            name: policy,
            colour: byPolicy.get(policy)!,
            isStep: true,
            points: alongTime(shown[episode]!, 'inventory'),
          }),
        ),
      })),
    ],
  };
}

function wealthFigure({ policies }: OrderBookPaths, byPolicy: Map<string, string>): Figure {
  return {
    id: 'book-wealth',
    title: 'Wealth',
    caption: 'Cash and inventory at others’ mid price, less what they were at the start.',
    choice: 'what',
    views: episodeViews(policies[0]?.episodes.length ?? 0, (episode) => ({
      xAxis: { ...xAxis('time, minutes'), min: 0 },
      yAxis: yAxis('change of wealth, ticks × shares'),
      ...firstSelected(policies.map(({ policy }) => policy)),
      series: policies.map(({ policy, episodes: shown }) =>
        lineSeries({
          name: policy,
          colour: byPolicy.get(policy)!,
          points: alongTime(shown[episode]!, 'wealth'),
        }),
      ),
    })),
  };
}

const alongTime = (replay: OrderBookReplay, key: 'inventory' | 'wealth'): [number, number][] =>
  replay.times.map((time, index) => [time, replay[key][index]!]);
