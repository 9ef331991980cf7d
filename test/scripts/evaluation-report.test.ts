import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type * as ECharts from 'echarts';
import type { Browser, Page } from 'playwright-core';

import type { Evaluation } from '../../algorithms/evaluation/evaluate';
import type { Report } from '../../outputs/report/report';
import { chromiumPath, launchChromium } from '../chromium';
import { captureOutput } from './capture-output';

const configs = join(__dirname, '../../configs');
const folder = mkdtempSync(join(tmpdir(), 'makertaker-'));
afterAll(() => rmSync(folder, { recursive: true }));

const pageOf = (name: string): string => join(folder, `${name}.html`);
const reportOf = (name: string): Report =>
  JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8')) as Report;

/** Evaluates classical policies on a config, with a report. */
const evaluate = (name: string, policies: readonly string[], sets: readonly string[] = []) =>
  captureOutput([
    'evaluate',
    '--env',
    join(configs, `${name}.yaml`),
    '--policy',
    ...policies,
    '--episodes',
    '30',
    '--device',
    'cpu',
    '--report',
    pageOf(name),
    ...sets.flatMap((set) => ['--set', set]),
  ]);

const figuresOf = (name: string): string[] =>
  [...readFileSync(pageOf(name), 'utf8').matchAll(/<figure id="figure-([^"]+)"/g)].map(
    ([, id]) => id!,
  );

const generic = ['distributions', 'differences', 'difference-distributions'];

describe('evaluate --report', () => {
  test('of a run: its learning curves with levels, and the figures of its environment', async () => {
    const words = ['name=small', 'training.iterations=3', 'training.environments=16'];
    const small = [
      'env.steps=10',
      'env.inventory.maximum=12',
      'training.steps=10',
      'evaluation.testEpisodes=20',
    ];
    const trained = await captureOutput([
      'train',
      join(configs, 'quickstart.yaml'),
      '--device',
      'cpu',
      '--out',
      folder,
      ...[...words, ...small, 'evaluation.episodes=16'].flatMap((set) => ['--set', set]),
    ]);
    expect(trained).toMatchObject({ code: 0 });
    const log = join(folder, 'small', 'metrics.jsonl');
    const lines = readFileSync(log, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line, index) => ({
        ...(JSON.parse(line) as object),
        'curriculum/level': index > 0 ? 1 : 0,
      }));
    writeFileSync(log, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));

    const words2 = ['evaluate', join(folder, 'small'), '--episodes', '40', '--device', 'cpu'];
    const { code, output } = await captureOutput([...words2, '--exact', '--report', pageOf('run')]);
    expect(code).toBe(0);
    expect(output).toContain(`${pageOf('run')}: the page`);
    expect(figuresOf('run')).toEqual([
      'learning-return',
      'learning-distance',
      'learning-diagnostics',
      ...generic,
      'quotes',
      'quotes-bid',
      'quotes-ask',
      'quotes-bid-difference',
      'quotes-ask-difference',
      'inventory',
      'wealth',
      'mid',
      'final-inventory',
      'returns',
    ]);
    const report = reportOf('run');
    const { learning, evaluation, subject, device } = report;
    expect(subject).toContain('the checkpoint after iteration ');
    expect(device).toMatch(/^cpu /);
    expect(learning).toMatchObject({
      iterations: [1, 2, 3],
      steps: [160, 320, 480],
      levels: [
        { steps: 160, level: 0 },
        { steps: 320, level: 1 },
      ],
    });
    expect(learning!.figures['return']).toEqual(
      lines.map((line) => (line as unknown as { return: number }).return),
    );
    // The same evaluation as without a page.
    const { output: text } = await captureOutput([...words2, '--exact', '--json']);
    expect(evaluation).toEqual(JSON.parse(text) as Evaluation);
    // What is shown of an episode is of one that was evaluated: the means of all of them agree.
    expect(report.paths.episodes).toBe(40);
    report.paths.returns.forEach(({ band, policy }) => {
      const { metrics } = evaluation.policies.find(({ name }) => name === policy)!;
      expect(band.mean.at(-1)).toBeCloseTo(metrics['return']!.mean, 4);
    });
  });

  test.each([
    [
      'execution-caps',
      ['schedule', 'twap', 'random'],
      [],
      [...generic, 'remaining', 'trades', 'marginal-costs', 'marginal-ratios', 'returns'],
    ],
    [
      'almgren-chriss',
      ['almgren-chriss', 'twap'],
      [],
      [...generic, 'remaining', 'trades', 'cost-risk', 'returns'],
    ],
    [
      'predation',
      ['raid', 'random'],
      [],
      [...generic, 'raid-price', 'short', 'raid-profit', 'raid-mid', 'returns'],
    ],
    [
      'limit-order-book',
      ['join-best'],
      ['env.horizon=1', 'env.interval=0.5', 'env.events=3', 'env.warmUp=2'],
      ['distributions', 'replay', 'book-inventory', 'book-wealth', 'returns'],
    ],
    ['cartpole', ['random'], [], ['distributions', 'returns']],
  ])('of policies on %s', async (name, policies, sets, figures) => {
    expect(await evaluate(name, policies, sets)).toMatchObject({ code: 0 });
    expect(figuresOf(name)).toEqual(figures);
    expect(reportOf(name).learning).toBeNull();
  });

  test('data of figures are counted from the episodes', () => {
    const { distributions, differences, evaluation } = reportOf('execution-caps');
    for (const { policies } of [...distributions, ...differences]) {
      for (const { counts } of policies) {
        expect(counts.reduce((sum, count) => sum + count, 0)).toBe(30);
      }
    }
    const [first] = differences.find(({ metric }) => metric === 'return')!.policies;
    const compared = evaluation.comparisons.find(({ metric }) => metric === 'return')!;
    expect(first!.mean).toBeCloseTo(compared.meanDifference, 5);
  });

  it.each([
    ['report.pdf', 'expected a page, such as report.html'],
    ['.html', 'expected a page, such as report.html'],
    ['notes.html', 'which is no report'],
    ['folder.html', 'is a folder'],
  ])('refuses %s before anything is computed', async (name, expected) => {
    const place = mkdtempSync(join(folder, 'refused-'));
    writeFileSync(join(place, 'notes.json'), '{"mine": 1}');
    if (name === 'folder.html') mkdirSync(join(place, name));
    const before = readdirSync(place);
    const { code, errors } = await captureOutput([
      'evaluate',
      '--env',
      join(configs, 'cartpole.yaml'),
      '--policy',
      'random',
      '--report',
      join(place, name),
    ]);
    expect(code).toBe(2);
    expect(errors).toContain(expected);
    expect(readdirSync(place)).toEqual(before);
  });
});

/** What is wrong with the series of a figure that is on the page: nothing drawn, or no numbers. */
const faultsIn = (page: Page, figure: string) =>
  page.evaluate((id) => {
    interface Model {
      readonly seriesIndex: number;
      readonly name: string;
      readonly subType: string;
      getData(): { count(): number };
    }
    interface Inside {
      getModel(): { getSeries(): Model[] };
      getViewOfSeriesModel(model: Model): {
        group: { getBoundingRect(): { width: number; height: number } };
      };
    }
    const { echarts } = globalThis as unknown as { echarts: typeof ECharts };
    const box = document.querySelector<HTMLElement>(`#figure-${id}`)!;
    const select = box.querySelector('select');
    const faults: string[] = [];
    const views = select ? [...select.options].map(({ text }) => text) : ['the only view'];
    views.forEach((view, index) => {
      if (select) {
        select.selectedIndex = index;
        select.dispatchEvent(new Event('follow'));
      }
      const chart = echarts.getInstanceByDom(box.querySelector<HTMLElement>('.chart')!)!;
      const inside = chart as unknown as Inside;
      const seen = inside
        .getModel()
        .getSeries()
        .filter(({ name }) => !name.startsWith('~'));
      const drawn = seen.filter((series) => {
        const { width, height } = inside.getViewOfSeriesModel(series).group.getBoundingRect();
        return series.getData().count() > 0 && width + height > 1;
      });
      if (drawn.length === 0) faults.push(`${id}, ${view}: nothing is drawn`);
      const text = box.querySelector('svg')!.outerHTML;
      if (/NaN|Infinity/.test(text)) faults.push(`${id}, ${view}: NaN`);
      const { height } = box.querySelector('svg')!.getBoundingClientRect();
      if (height < 100) faults.push(`${id}, ${view}: ${height} pixels high`);
    });
    return faults;
  }, figure);

(chromiumPath === undefined ? describe.skip : describe)('in a browser', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(() => browser?.close());

  test.each([
    'run',
    'execution-caps',
    'almgren-chriss',
    'predation',
    'limit-order-book',
    'cartpole',
  ])('%s: no error, no request, no empty figure', async (name) => {
    const page = await browser.newPage({ viewport: { width: 1200, height: 900 } });
    const troubles: string[] = [];
    page.on('pageerror', ({ message }) => troubles.push(message));
    page.on('console', (message) => troubles.push(message.text()));
    page.on('request', (request) => {
      if (!/^(file|data):/.test(request.url())) troubles.push(request.url());
    });
    await page.goto(`file://${pageOf(name)}`);
    for (const figure of figuresOf(name)) {
      troubles.push(...(await faultsIn(page, figure)));
    }
    expect(troubles).toEqual([]);
    // Nothing wider than the page: tables scroll within themselves.
    const [wanted, shown] = await page.evaluate(() => [
      document.documentElement.scrollWidth,
      document.documentElement.clientWidth,
    ]);
    expect(wanted).toBe(shown);
    await page.close();
  });

  test('figures with the same choice follow each other', async () => {
    const page = await browser.newPage();
    await page.goto(`file://${pageOf('run')}`);
    await page.selectOption('#figure-inventory select', { label: 'episode 2' });
    const chosen = (id: string) =>
      page.$eval(`#figure-${id} select`, (select) => {
        const { options, selectedIndex } = select as unknown as HTMLSelectElement;
        return options[selectedIndex]!.text;
      });
    expect(await chosen('wealth')).toBe('episode 2');
    expect(await chosen('mid')).toBe('episode 2');
    expect(await chosen('distributions')).toBe('return');
    // And the picture is that of the episode.
    const points = await page.evaluate(() => {
      const { echarts } = globalThis as unknown as { echarts: typeof ECharts };
      const place = document.querySelector<HTMLElement>('#figure-wealth .chart')!;
      const { series } = echarts.getInstanceByDom(place)!.getOption() as {
        series: { data: [number, number][] }[];
      };
      return series[0]!.data.map(([, value]) => value);
    });
    const { environment } = reportOf('run').paths;
    if (environment?.kind !== 'market-making') throw new Error('another environment');
    expect(points).toEqual(environment.policies[0]!.episodes[2]!.wealth);
    await page.close();
  });
});
