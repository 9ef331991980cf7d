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

/** Where a label stands, pixels. */
function placeOf(svg: string, label: string): { x: number; y: number } {
  const found = new RegExp(`<text ([^>]*)>${label}</text>`).exec(svg)![1]!;
  const moved = /transform="translate\(([\d.]+) ([\d.]+)\)"/.exec(found);
  const [x, y] = moved
    ? moved.slice(1).map(Number)
    : ['x', 'y'].map((name) => Number(new RegExp(` ${name}="([\\d.]+)"`).exec(` ${found}`)![1]));
  return { x: x!, y: y! };
}

/** The ends of the line of a colour, pixels. */
function endsOf(svg: string, colour: string): number[][] {
  const path = [...svg.matchAll(/<path d="M([^"]+)"([^>]*)>/g)].find(
    ([, points, rest]) => rest!.includes(`stroke="${colour}"`) && !points!.includes('A'),
  )![1]!;
  const points = path.split('L').map((point) => point.trim().split(/[ ,]/).map(Number));
  return [points[0]!, points.at(-1)!];
}

test('a chart spans its lines and levels', () => {
  const svg = drawLines(chart);
  expect(svg).toContain('Bids &amp; asks');
  // The axes run from −6 to 6 and from −3 to 3: the line from the middle of the left edge to the top right.
  const [from, to] = endsOf(svg, '#0b6bb3');
  expect(from).toEqual([64, (92 + 364) / 2]);
  expect(to).toEqual([736, 92]);
  expect(svg).toMatch(/>least<\/text>/);
  expect(svg).not.toContain('NaN');
});

test('charts stand side by side', () => {
  const svg = drawLines(chart, chart);
  expect(widthOf(svg)).toBe(960);
  const titles = [...svg.matchAll(/<text [^>]*>Bids &amp; asks<\/text>/g)];
  expect(titles).toHaveLength(2);
});

test('a legend that is too wide goes on in another row', () => {
  const wide = ['x', 'z'].map((letter) => ({ ...chart.lines[0]!, label: letter.repeat(60) }));
  const svg = drawLines({ ...chart, lines: wide });
  const [first, second] = ['x', 'z'].map((letter) => placeOf(svg, letter.repeat(60)));
  expect(second!.x).toBe(first!.x);
  expect(second!.y).toBeGreaterThan(first!.y + 10);
});

test('a band is shaded in the colour of its line, and all of it is seen', () => {
  const points = [0, 1, 2].map((x) => ({ x, y: x }));
  const band = points.map(({ x, y }) => ({ x, low: y - 10, high: y + 10 }));
  const svg = drawLines({
    title: 'Bands',
    xLabel: 'x',
    yLabel: 'y',
    lines: [{ label: 'a line', colour: '#0b6bb3', points, band }],
  });
  const [, corners] = /<polygon points="([^"]+)" fill="#0b6bb3" fill-opacity="0.18"/.exec(svg)!;
  const heights = corners!.split(' ').filter((_, index) => index % 2 === 1);
  // Up along the upper edge, back along the lower one; the axis runs from −10 to 20 over 272 pixels.
  const expected = [10, 11, 12, -8, -9, -10].map((value) => 364 - ((value + 10) / 30) * 272);
  expect(heights).toHaveLength(expected.length);
  heights.forEach((height, index) => expect(Number(height)).toBeCloseTo(expected[index]!, 0));
});

test('values that lie close together and have no round ends', () => {
  const lines = [
    [0.757915342173394, 0.7484195662015839],
    [0.7546073814324026, 0.7575515360856814],
  ].map((values, index) => ({
    label: String(index),
    colour: '#0b6bb3',
    points: values.map((y, x) => ({ x, y })),
  }));
  expect(drawLines({ title: '', xLabel: 'x', yLabel: 'y', lines })).toContain('0.748');
});
