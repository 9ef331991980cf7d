import { type QuoteTable, quotesAt } from '../../algorithms/solvers/quote-table';
import type { Line, LineChart } from '../draw-lines';
import { classicalColours } from './figures';

/** Shares either side of none. */
const widestInventory = 6;
/** Depths beyond stand for no quote. */
const greatestDepth = 1e5;

const colours = { bid: '#0b6bb3', ask: '#c0392b', trained: '#0b6bb3' } as const;

export interface NamedQuotes {
  readonly policy: string;
  /** Of one step. */
  readonly table: QuoteTable;
}

/**
 * Quotes by inventory half-way through an episode: of the trained policy solid, of a classical one dashed.
 * @param iteration that the trained policy had reached
 */
export function drawQuotes(
  iteration: number,
  trained: NamedQuotes,
  classical: NamedQuotes | null,
): LineChart {
  const linesOf = ({ policy, table }: NamedQuotes, isDashed: boolean): Line[] => {
    const widest = Math.min(widestInventory, table.maximum - 1);
    const held = Array.from({ length: 2 * widest + 1 }, (_, index) => index - widest);
    return (['bid', 'ask'] as const).map((side) => ({
      label: `${side}, ${policy}`,
      colour: colours[side],
      isDashed,
      points: held
        .map((x) => ({ x, y: quotesAt(table, 0, x)[side] }))
        .filter(({ y }) => y < greatestDepth),
    }));
  };
  return {
    title: `Quotes half-way, after iteration ${iteration}`,
    xLabel: 'inventory, shares',
    yLabel: 'depth from the mid, quote currency',
    lines: [...linesOf(trained, false), ...(classical ? linesOf(classical, true) : [])],
  };
}

/** Whether a policy quotes at all. */
export const quotesAnything = ({ bid, ask }: QuoteTable): boolean =>
  [bid, ask].some((depths) => depths.some((depth) => depth < greatestDepth));

export interface Schedule {
  readonly policy: string;
  /** x₀ … x_N, shares. */
  readonly holdings: readonly number[];
}

/**
 * What remains of an order after each period, as long as no noise moves the price: of the trained policy
 * solid, of the classical ones dashed.
 */
export function drawSchedules(
  iteration: number,
  trained: Schedule,
  classical: readonly Schedule[],
): LineChart {
  const lineOf = ({ policy, holdings }: Schedule, colour: string, isDashed: boolean): Line => ({
    label: policy,
    colour,
    isDashed,
    points: holdings.map((y, x) => ({ x, y })),
  });
  return {
    title: `Schedule without noise, after iteration ${iteration}`,
    xLabel: 'periods done',
    yLabel: 'shares that remain',
    lines: [
      lineOf(trained, colours.trained, false),
      ...classical.map((schedule, index) =>
        lineOf(schedule, classicalColours[index % classicalColours.length]!, true),
      ),
    ],
  };
}
