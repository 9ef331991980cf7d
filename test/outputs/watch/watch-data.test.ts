import { figuresOf } from '../../../outputs/watch/figures';
import { pageScript } from '../../../outputs/watch/page-script';
import { drawQuotes, drawSchedules } from '../../../outputs/watch/policy-picture';
import { validationTable } from '../../../outputs/watch/tables';
import {
  describeWatched,
  type PolicyView,
  type WatchedRun,
} from '../../../outputs/watch/watch-data';

const newest = { iteration: 30, return: 1.5, kl: 0.01, failures: 0, 'validation/return': null };
const validated = { iteration: 20, return: 1, 'validation/return': 2, 'validation/profit': 3 };

const run = (changes: Partial<WatchedRun> = {}): WatchedRun => ({
  name: 'small',
  folder: 'runs/small',
  state: { kind: 'training', text: 'training' },
  iterations: 90,
  trustRegion: [0.04, 0.01],
  levels: [],
  evaluation: null,
  metrics: {
    generation: 'one',
    texts: [],
    iterations: [],
    keys: new Set([...Object.keys(newest), ...Object.keys(validated)]),
    newest,
    validated,
    level: null,
    secondsPerIteration: 0.5,
    changed: 10_000,
    damaged: 0,
  },
  ...changes,
});
const view: PolicyView = {
  classical: [
    { policy: 'no-quotes', metrics: { return: -3, profit: 0 } },
    { policy: 'best-one', metrics: { return: 2.25 } },
  ],
  picture: null,
  notes: [],
};

describe('what the page is told', () => {
  it('tells the newest figures, the time left and the distance to the best classical policy', () => {
    const data = describeWatched(run(), view, 14_000);
    expect(data).toMatchObject({ iteration: 30, iterations: 90, secondsLeft: 30, secondsSince: 4 });
    expect(data.newest).toEqual([
      { label: 'validation return', value: 2 },
      { label: 'validation less best-one', value: -0.25 },
      { label: 'return, exploring', value: 1.5 },
      { label: 'KL', value: 0.01 },
      { label: 'refused updates', value: 0 },
    ]);
  });

  it("prefers the log's own gap, which leaves chance out", () => {
    const { metrics } = run();
    const withGap = { ...validated, 'validation/gap': 0.2, 'validation/score': 0.9 };
    const keys = new Set([...metrics.keys, 'validation/gap', 'validation/score']);
    const { newest: tiles, figures } = describeWatched(
      run({ metrics: { ...metrics, keys, validated: withGap } }),
      view,
      0,
    );
    expect(tiles.map(({ label }) => label)).not.toContain('validation less best-one');
    expect(tiles).toContainEqual({ label: 'gap to the optimum', value: 0.2 });
    expect(figures.map(({ id }) => id)).toEqual(['return', 'gap', 'score', 'kl']);
  });

  it('tells the level of a curriculum by its name', () => {
    const { metrics } = run();
    const levels = ['calm', 'target'];
    const levelAt = (number: number, names: readonly string[]) =>
      describeWatched(
        run({ levels: names, metrics: { ...metrics, level: { number, since: 1 } } }),
        view,
        0,
      ).level;
    expect([levelAt(0, levels), levelAt(1, levels), levelAt(1, [])]).toEqual([
      '1 of 2, calm',
      '2 of 2, target',
      '2',
    ]);
    expect(describeWatched(run(), view, 0).level).toBeNull();
  });

  it('expects no end of a run that stands still, and shows no comparison of an earlier end', () => {
    const evaluation = {
      env: 'e',
      stream: 'test' as const,
      episodes: 10,
      seed: 0,
      policies: [],
      comparisons: [],
    };
    const titles = (state: WatchedRun['state']) =>
      describeWatched(run({ state, evaluation }), view, 0).tables.map(({ title }) => title);
    expect(titles({ kind: 'training', text: '' })).toEqual(['Validation after iteration 20']);
    expect(titles({ kind: 'finished', text: '' })).toHaveLength(2);
    const stopped = describeWatched(run({ state: { kind: 'stopped', text: '' } }), view, 0);
    expect(stopped.secondsLeft).toBeNull();
  });

  it('puts the classical means beside the validation, metric by metric', () => {
    expect(validationTable(validated, view.classical)).toMatchObject({
      columns: ['metric', 'trained', 'no-quotes', 'best-one'],
      rows: [
        ['return', 2, -3, 2.25],
        ['profit', 3, 0, null],
      ],
    });
    expect(validationTable(null, view.classical)).toBeNull();
  });
});

describe('the figures', () => {
  const sources = {
    iterations: 90,
    trustRegion: [0.04, 0.01] as const,
    since: 12,
    classical: view.classical,
  };
  const idsOf = (...keys: string[]) =>
    figuresOf({ ...sources, keys: new Set(keys) }).map(({ id }) => id);

  it('are those that the log has something for', () => {
    expect(idsOf('iteration', 'return', 'entropy', 'meanStd')).toEqual([
      'return',
      'entropy',
      'std',
    ]);
    // The bound alone is no figure.
    expect(idsOf('iteration')).toEqual([]);
    expect(idsOf('curriculum/level', 'curriculum/share')).toEqual(['level', 'curriculum-share']);
  });

  it('carry the known means from the level on, and the trust region from end to end', () => {
    const [returns, kl] = figuresOf({ ...sources, keys: new Set(['return', 'kl']) });
    expect(returns!.curves.filter(({ kind }) => kind === 'known')).toMatchObject([
      {
        label: 'no-quotes: −3',
        points: [
          [12, -3],
          [90, -3],
        ],
      },
      {
        label: 'best-one: 2.25',
        points: [
          [12, 2.25],
          [90, 2.25],
        ],
      },
    ]);
    expect(kl!.curves[1]).toMatchObject({
      points: [
        [1, 0.04],
        [90, 0.01],
      ],
    });
  });

  it("show the other player's returns in self-play", () => {
    const [returns] = figuresOf({
      ...sources,
      classical: [],
      keys: new Set(['return', 'second/return']),
    });
    expect(returns!.curves.map(({ label }) => label)).toEqual([
      'while training, with exploration',
      'second, while training',
    ]);
  });
});

describe('the pictures of a policy', () => {
  it('draws quotes by inventory, and no line where nothing is quoted', () => {
    const table = (bid: number[], ask: number[]) => ({
      steps: 1,
      maximum: 3,
      bid: Float64Array.from(bid),
      ask: Float64Array.from(ask),
    });
    const trained = table([9, 1, 2, 3, 4, 5, 9], [9, 5, 4, 3, 2, 1, 9]);
    const none = table(Array(7).fill(1e6), Array(7).fill(1e6));
    const { lines } = drawQuotes(
      7,
      { policy: 'trained', table: trained },
      { policy: 'none', table: none },
    );
    expect(lines.map(({ label, points }) => [label, points.map(({ x, y }) => [x, y])])).toEqual([
      [
        'bid, trained',
        [
          [-2, 1],
          [-1, 2],
          [0, 3],
          [1, 4],
          [2, 5],
        ],
      ],
      [
        'ask, trained',
        [
          [-2, 5],
          [-1, 4],
          [0, 3],
          [1, 2],
          [2, 1],
        ],
      ],
      ['bid, none', []],
      ['ask, none', []],
    ]);
  });

  it('draws what remains after each period', () => {
    const chart = drawSchedules(3, { policy: 'trained', holdings: [10, 4, 0] }, [
      { policy: 'twap', holdings: [10, 5, 0] },
    ]);
    expect(chart.lines.map(({ isDashed, points }) => [isDashed, points.map(({ y }) => y)])).toEqual(
      [
        [false, [10, 4, 0]],
        [true, [10, 5, 0]],
      ],
    );
  });
});

it("the browser's script is one that a browser can parse, and needs nothing but the page and the charts", () => {
  expect(() => new Function(pageScript())).not.toThrow();
  expect(pageScript()).not.toMatch(/require\(|exports\.|_1\.|https?:/);
});
