import { drawLines, type LineChart } from '../../outputs/draw-lines';

const chart: LineChart = {
  title: 'Bids & asks',
  xLabel: 'inventory, shares',
  yLabel: 'depth',
  levels: [{ y: -3, label: 'least' }],
  lines: [
    {
      label: 'bid',
      colour: '#0b6bb3',
      points: [
        { x: -6, y: 0 },
        { x: 6, y: 3 },
      ],
    },
  ],
};

const widthOf = (svg: string): number => Number(/<svg [^>]*width="(\d+)"/.exec(svg)![1]);

test('a chart spans its lines and levels', () => {
  const svg = drawLines(chart);
  expect(svg).toContain('Bids &amp; asks');
  const [from, to] = /points="([^"]+)"/.exec(svg)![1]!.split(' ');
  // Ticks run from −6 to 6 and from −3 to 3: the line from the middle of the left edge to the top right.
  expect(from).toBe('64.0,221.0');
  expect(to).toBe('740.0,78.0');
  expect(svg).toMatch(/>least<\/text>/);
  expect(svg).not.toContain('NaN');
});

test('charts stand side by side', () => {
  const svg = drawLines(chart, chart);
  expect(svg).toContain('translate(480 0)');
  expect(widthOf(svg)).toBe(960);
});

test('a legend that is too wide goes on in another row', () => {
  const wide = { ...chart.lines[0]!, label: 'x'.repeat(60) };
  const svg = drawLines({ ...chart, lines: [wide, wide] });
  const rows = [...svg.matchAll(/y="(\d+\.\d)" [^>]*>x{60}</g)].map(([, y]) => y);
  expect(rows).toEqual(['52.0', '69.0']);
});
