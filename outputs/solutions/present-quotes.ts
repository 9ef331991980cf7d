import type { QuotesByInventory } from '../../algorithms/solvers/quote-problem';
import type { Chart } from '../chart';
import type { Presentation, Table } from './solution';

/** Other quotes for the same inventories, drawn for comparison. */
interface Reference {
  /** As the legend names it. */
  readonly name: string;
  readonly bidDepth: readonly (number | null)[];
  readonly askDepth: readonly (number | null)[];
}

interface Options {
  readonly summary: Presentation['summary'];
  /** What the values are, as the picture names them. */
  readonly valueName: string;
  readonly reference?: Reference;
  /** Whether depths come from a grid, between whose inventories nothing is to be interpolated. */
  readonly onGrid?: boolean;
}

/** Quotes in a table around inventory zero; in the picture quotes and values by inventory. */
export function presentQuotes(quotes: QuotesByInventory, options: Options): Presentation {
  return {
    summary: options.summary,
    tables: [quoteTable(quotes, options.valueName)],
    chart: quoteChart(quotes, options),
    chartSize: { width: 1000, height: 480 },
  };
}

/** Inventories on each side of zero that people are shown. */
const shownInventories = 15;

function quoteTable(quotes: QuotesByInventory, valueName: string): Table {
  const { inventory, bidDepth, askDepth, value } = quotes;
  const maximum = (inventory.length - 1) / 2;
  const shown = Math.min(maximum, shownInventories);
  return {
    ...(shown < maximum
      ? { title: `Inventories −${shown} to ${shown} of ±${maximum} (--json prints all)` }
      : {}),
    columns: [
      { name: 'inventory', unit: 'shares' },
      { name: 'bid depth', unit: 'quote currency' },
      { name: 'ask depth', unit: 'quote currency' },
      { name: valueName, unit: 'quote currency' },
    ],
    rows: inventory
      .map((q, index) => [q, bidDepth[index]!, askDepth[index]!, value[index]!])
      .slice(maximum - shown, maximum + shown + 1),
  };
}

const colours = { bid: '#1f77b4', ask: '#d62728', value: '#2ca02c' } as const;

function quoteChart(
  { inventory, bidDepth, askDepth, value }: QuotesByInventory,
  { valueName, reference, onGrid }: Options,
): Chart {
  const points = (depths: readonly (number | null)[]) =>
    inventory.map((q, index) => [q, depths[index] ?? null]);
  const line = (name: string, depths: readonly (number | null)[], color: string) => ({
    name,
    type: 'line' as const,
    data: points(depths),
    color,
    symbol: inventory.length <= 61 ? 'circle' : 'none',
    symbolSize: 5,
    ...(onGrid ? { step: 'middle' as const } : {}),
  });
  const dashed = (name: string, depths: readonly (number | null)[], color: string) => ({
    ...line(name, depths, color),
    symbol: 'none',
    lineStyle: { type: 'dashed' as const, width: 1.5, opacity: 0.7 },
  });
  const inventoryAxis = {
    type: 'value' as const,
    name: 'inventory, shares',
    nameLocation: 'middle' as const,
    nameGap: 30,
    min: inventory[0]!,
    max: inventory.at(-1)!,
    axisLine: { onZero: false },
  };
  const currencyAxis = {
    type: 'value' as const,
    nameLocation: 'middle' as const,
    nameGap: 55,
    scale: true,
    axisLine: { onZero: false },
  };
  return {
    legend: { top: 8, itemGap: 28, itemWidth: 32 },
    grid: [
      { left: 80, width: 390, top: 60, bottom: 60 },
      { right: 40, width: 350, top: 60, bottom: 60 },
    ],
    xAxis: [
      { ...inventoryAxis, gridIndex: 0 },
      { ...inventoryAxis, gridIndex: 1 },
    ],
    yAxis: [
      { ...currencyAxis, gridIndex: 0, name: 'depth, quote currency', scale: false },
      { ...currencyAxis, gridIndex: 1, name: `${valueName}, quote currency` },
    ],
    series: [
      line('bid depth', bidDepth, colours.bid),
      line('ask depth', askDepth, colours.ask),
      ...(reference
        ? [
            dashed(`bid depth, ${reference.name}`, reference.bidDepth, colours.bid),
            dashed(`ask depth, ${reference.name}`, reference.askDepth, colours.ask),
          ]
        : []),
      {
        ...line(valueName, value, colours.value),
        step: false as const,
        xAxisIndex: 1,
        yAxisIndex: 1,
      },
    ],
  };
}

/** The entry at inventory zero. */
export const atZero = <T>(values: readonly T[]): T => values[(values.length - 1) / 2]!;

/** Sum of both depths where no inventory is held; null where a side goes without a quote. */
export function spreadAtZero({
  bidDepth,
  askDepth,
}: Pick<QuotesByInventory, 'bidDepth' | 'askDepth'>): number | null {
  const bid = atZero(bidDepth);
  const ask = atZero(askDepth);
  return bid === null || ask === null ? null : bid + ask;
}
