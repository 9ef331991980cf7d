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
  readonly marker: { readonly x: number; readonly label: string };
  readonly lines: readonly Line[];
}

const size = { width: 760, height: 420 };
/** Of the legend's font, about. */
const letterWidth = 5.6;
const plot = { left: 64, right: 740, top: 78, bottom: 364 };

/** A line chart as an SVG file of its own, on a light background. */
export function drawLines({ title, xLabel, yLabel, marker, lines }: LineChart): string {
  const points = lines.flatMap((line) => line.points);
  const xs = ticksOver(points.map(({ x }) => x));
  const ys = ticksOver(points.map(({ y }) => y));
  const x = scale(xs, plot.left, plot.right);
  const y = scale(ys, plot.bottom, plot.top);
  const text = (at: Point, content: string, attributes = ''): string =>
    `<text x="${at.x.toFixed(1)}" y="${at.y.toFixed(1)}" ${attributes}>${escape(content)}</text>`;
  const rule = (from: Point, to: Point, attributes: string): string =>
    `<line x1="${from.x.toFixed(1)}" y1="${from.y.toFixed(1)}" x2="${to.x.toFixed(1)}" y2="${to.y.toFixed(1)}" ${attributes}/>`;

  const grid = ys.flatMap((value) => [
    rule({ x: plot.left, y: y(value) }, { x: plot.right, y: y(value) }, 'stroke="#e4e4e4"'),
    text({ x: plot.left - 8, y: y(value) + 4 }, format(value), 'text-anchor="end"'),
  ]);
  const below = xs.map((value) =>
    text({ x: x(value), y: plot.bottom + 18 }, format(value), 'text-anchor="middle"'),
  );
  const paths = lines.map(({ points, colour, isDashed }) => {
    const path = points.map((p) => `${x(p.x).toFixed(1)},${y(p.y).toFixed(1)}`).join(' ');
    const dashes = isDashed ? ' stroke-dasharray="5 4"' : '';
    return `<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="2"${dashes}/>`;
  });
  let left = plot.left;
  const legend = lines.flatMap(({ label, colour, isDashed }) => {
    const dashes = isDashed ? ' stroke-dasharray="5 4"' : '';
    const sample = rule(
      { x: left, y: 48 },
      { x: left + 22, y: 48 },
      `stroke="${colour}" stroke-width="3"${dashes}`,
    );
    const name = text({ x: left + 28, y: 52 }, label);
    left += 28 + label.length * letterWidth + 20;
    return [sample, name];
  });
  const middle = (plot.top + plot.bottom) / 2;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${size.width}" height="${size.height}" viewBox="0 0 ${size.width} ${size.height}" font-family="Helvetica, Arial, sans-serif" font-size="11.5" fill="#333333">`,
    `<rect width="100%" height="100%" fill="#ffffff"/>`,
    text({ x: plot.left, y: 26 }, title, 'font-size="16" font-weight="bold"'),
    ...legend,
    ...grid,
    rule(
      { x: x(marker.x), y: plot.top },
      { x: x(marker.x), y: plot.bottom },
      'stroke="#333333" stroke-dasharray="2 3"',
    ),
    text({ x: x(marker.x) - 6, y: plot.bottom - 8 }, marker.label, 'text-anchor="end"'),
    ...below,
    ...paths,
    text({ x: (plot.left + plot.right) / 2, y: size.height - 16 }, xLabel, 'text-anchor="middle"'),
    text({ x: 18, y: middle }, yLabel, `text-anchor="middle" transform="rotate(-90 18 ${middle})"`),
    '</svg>',
    '',
  ].join('\n');
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
