interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Line {
  readonly label: string;
  readonly colour: string;
  readonly isDashed?: boolean;
  readonly points: readonly Point[];
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

/** Of one chart; narrower where several stand side by side. */
const size = { width: 760, narrow: 480, height: 420 };
/** Of the legend's font, about. */
const letterWidth = 5.6;
const margins = { left: 64, right: 20 };
const plot = { top: 78, bottom: 364 };

/** Line charts side by side as an SVG file of its own, on a light background. */
export function drawLines(...charts: readonly LineChart[]): string {
  const each = charts.length > 1 ? size.narrow : size.width;
  const width = each * charts.length;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${size.height}" viewBox="0 0 ${width} ${size.height}" font-family="Helvetica, Arial, sans-serif" font-size="11.5" fill="#333333">`,
    `<rect width="100%" height="100%" fill="#ffffff"/>`,
    ...charts.flatMap((chart, index) => [
      `<g transform="translate(${index * each} 0)">`,
      ...drawChart(chart, each),
      '</g>',
    ]),
    '</svg>',
    '',
  ].join('\n');
}

/** The elements of one chart, with its corner at the origin. */
function drawChart(
  { title, xLabel, yLabel, marker, levels = [], lines }: LineChart,
  width: number,
): string[] {
  const [leftEnd, rightEnd] = [margins.left, width - margins.right];
  const points = lines.flatMap((line) => line.points);
  const xs = ticksOver(points.map(({ x }) => x));
  const ys = ticksOver([...points, ...levels].map(({ y }) => y));
  const x = scale(xs, leftEnd, rightEnd);
  const y = scale(ys, plot.bottom, plot.top);
  const text = (at: Point, content: string, attributes = ''): string =>
    `<text x="${at.x.toFixed(1)}" y="${at.y.toFixed(1)}" ${attributes}>${escape(content)}</text>`;
  const rule = (from: Point, to: Point, attributes: string): string =>
    `<line x1="${from.x.toFixed(1)}" y1="${from.y.toFixed(1)}" x2="${to.x.toFixed(1)}" y2="${to.y.toFixed(1)}" ${attributes}/>`;

  const grid = ys.flatMap((value) => [
    rule({ x: leftEnd, y: y(value) }, { x: rightEnd, y: y(value) }, 'stroke="#e4e4e4"'),
    text({ x: leftEnd - 8, y: y(value) + 4 }, format(value), 'text-anchor="end"'),
  ]);
  const below = xs.map((value) =>
    text({ x: x(value), y: plot.bottom + 18 }, format(value), 'text-anchor="middle"'),
  );
  const paths = lines.map(({ points, colour, isDashed }) => {
    const path = points.map((p) => `${x(p.x).toFixed(1)},${y(p.y).toFixed(1)}`).join(' ');
    const dashes = isDashed ? ' stroke-dasharray="5 4"' : '';
    return `<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="2"${dashes}/>`;
  });
  let at = { x: leftEnd, y: 48 };
  const legend = lines.flatMap(({ label, colour, isDashed }) => {
    const dashes = isDashed ? ' stroke-dasharray="5 4"' : '';
    const length = 28 + label.length * letterWidth;
    if (at.x + length > rightEnd) at = { x: leftEnd, y: at.y + 17 };
    const sample = rule(
      at,
      { x: at.x + 22, y: at.y },
      `stroke="${colour}" stroke-width="3"${dashes}`,
    );
    const name = text({ x: at.x + 28, y: at.y + 4 }, label);
    at = { x: at.x + length + 20, y: at.y };
    return [sample, name];
  });
  const middle = (plot.top + plot.bottom) / 2;
  const vertical = marker && [
    rule(
      { x: x(marker.x), y: plot.top },
      { x: x(marker.x), y: plot.bottom },
      'stroke="#333333" stroke-dasharray="2 3"',
    ),
    text({ x: x(marker.x) - 6, y: plot.bottom - 8 }, marker.label, 'text-anchor="end"'),
  ];
  const horizontal = levels.flatMap(({ y: value, label }) => [
    rule(
      { x: leftEnd, y: y(value) },
      { x: rightEnd, y: y(value) },
      'stroke="#333333" stroke-dasharray="2 3"',
    ),
    text({ x: rightEnd, y: y(value) - 5 }, label, 'text-anchor="end"'),
  ]);
  return [
    text({ x: leftEnd, y: 26 }, title, 'font-size="16" font-weight="bold"'),
    ...legend,
    ...grid,
    ...(vertical ?? []),
    ...horizontal,
    ...below,
    ...paths,
    text({ x: (leftEnd + rightEnd) / 2, y: size.height - 16 }, xLabel, 'text-anchor="middle"'),
    text({ x: 18, y: middle }, yLabel, `text-anchor="middle" transform="rotate(-90 18 ${middle})"`),
  ];
}

/** Round numbers, about six, that span the values. */
function ticksOver(values: readonly number[]): number[] {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const rough = (most - least || 1) / 6;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10].find((factor) => factor * power >= rough)!;
  const first = Math.floor(least / step);
  const last = Math.ceil(most / step);
  return Array.from({ length: last - first + 1 }, (_, index) => (first + index) * step);
}

/** From the span of the ticks to pixels. */
function scale(ticks: readonly number[], from: number, to: number): (value: number) => number {
  const [first, last] = [ticks[0]!, ticks.at(-1)!];
  return (value) => from + ((value - first) / (last - first)) * (to - from);
}

const format = (value: number): string => `${Number(value.toFixed(6))}`.replace('-', '−');

const escape = (content: string): string =>
  content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
