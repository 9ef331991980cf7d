import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';

import type * as ECharts from 'echarts';
import type { Browser, Page } from 'playwright-core';

import type { PolicyView } from '../../outputs/watch/watch-data';
import { serveWatch, type WatchServer } from '../../scripts/watch-server';
import { chromiumPath, launchChromium } from '../chromium';

const folder = mkdtempSync(join(tmpdir(), 'makertaker-'));
const run = join(folder, 'run <b>&');
const describeWhere = chromiumPath === undefined ? describe.skip : describe;
afterAll(() => rmSync(folder, { recursive: true }));

const lineOf = (iteration: number): string => {
  const validates = iteration % 2 === 0;
  const line = {
    iteration,
    return: iteration / 10,
    kl: 0.01 / iteration,
    entropy: 1 - iteration / 50,
    meanStd: 1 / iteration,
    explainedVariance: iteration === 1 ? -40 : 0.5,
    valueLoss: 2 / iteration,
    'curriculum/level': iteration < 5 ? 0 : 1,
    'time/iteration': 1,
    'time/samplesPerSecond': 1000 + iteration,
    ...(validates ? { 'validation/return': iteration / 8, 'validation/profit': 0.25 } : {}),
  };
  return `${JSON.stringify(line)}\n`;
};
const linesOf = (first: number, last: number): string =>
  Array.from({ length: last - first + 1 }, (_, index) => lineOf(first + index)).join('');
const metrics = join(run, 'metrics.jsonl');

const view: PolicyView = {
  classical: [{ policy: 'best-one', metrics: { return: 1.25, profit: 0.5 } }],
  picture: {
    title: 'Quotes <i>',
    xLabel: 'inventory, shares',
    yLabel: 'depth',
    lines: [
      {
        label: 'bid, trained',
        colour: '#0b6bb3',
        points: [
          { x: -1, y: 1 },
          { x: 1, y: 2 },
        ],
      },
    ],
  },
  notes: [],
};

/** The series of a figure, by name: as many points as are drawn. */
const pointsIn = (page: Page, id: string) =>
  page.evaluate((figure) => {
    const { echarts } = globalThis as unknown as { echarts: typeof ECharts };
    const canvas = document.querySelector<HTMLElement>(`#figure-${figure} .chart`)!;
    const { series } = echarts.getInstanceByDom(canvas)!.getOption() as {
      series: { name: string; data: [number, number][] }[];
    };
    return Object.fromEntries(series.map(({ name, data }) => [name, data]));
  }, id);

/** How many pixels of a figure are of a colour. */
const pixelsOf = (page: Page, id: string, colour: readonly [number, number, number]) =>
  page.evaluate(
    ([figure, [red, green, blue]]) => {
      const canvas = document.querySelector<HTMLCanvasElement>(`#figure-${figure} canvas`)!;
      const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height);
      let count = 0;
      for (let at = 0; at < data.length; at += 4) {
        if (data[at] === red && data[at + 1] === green && data[at + 2] === blue) count += 1;
      }
      return count;
    },
    [id, colour] as const,
  );

describeWhere('the page in a browser', () => {
  let server: WatchServer;
  let browser: Browser;
  let page: Page;
  const errors: string[] = [];
  const requested: string[] = [];
  beforeAll(async () => {
    mkdirSync(run);
    writeFileSync(
      join(run, 'config.yaml'),
      'training: { iterations: 20 }\ntrpo: { trustRegion: 0.01 }\ncurriculum: { levels: [{ name: calm }] }\n',
    );
    writeFileSync(join(run, '.lock'), `${process.pid} on ${hostname()}`);
    writeFileSync(metrics, linesOf(1, 6));
    const policies = { look: () => view, close: () => Promise.resolve() };
    server = await serveWatch({ port: 0, option: '--port', policies });
    server.follow(run);
    browser = await launchChromium();
    page = await browser.newPage({ viewport: { width: 1400, height: 1000 } });
    page.on('pageerror', (error) => errors.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error') errors.push(message.text());
    });
    page.on('request', (request) => requested.push(request.url()));
    await page.goto(server.url);
    await page.waitForSelector('#figure-speed canvas');
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  it('draws a figure of each kind, in their order, and leaves none empty', async () => {
    const ids = await page.$$eval('.figure', (boxes) => boxes.map(({ id }) => id.slice(7)));
    expect(ids).toEqual([
      'return',
      'picture',
      'kl',
      'entropy',
      'std',
      'explained',
      'value-loss',
      'speed',
      'level',
    ]);
    for (const id of ids) {
      expect([id, (await pixelsOf(page, id, [11, 107, 179])) > 30]).toEqual([id, true]);
    }
    // The classical level and the trust region.
    expect(await pixelsOf(page, 'return', [192, 57, 43])).toBeGreaterThan(30);
    expect(await pixelsOf(page, 'kl', [176, 58, 46])).toBeGreaterThan(30);
  });

  it('shows the figures of the log', async () => {
    expect(await page.textContent('#name')).toBe('run <b>&');
    expect(await page.textContent('#state')).toContain('training');
    expect(await page.textContent('#progress')).toContain(
      'iteration 6 of 20 · level 2 of 2, target · about 14 s left',
    );
    const series = await pointsIn(page, 'return');
    expect(series['while training, with exploration']!.map(([x, y]) => [x, y])).toEqual(
      [1, 2, 3, 4, 5, 6].map((iteration) => [iteration, iteration / 10]),
    );
    expect(series['mean actions, on validation streams']).toEqual([
      [2, 0.25],
      [4, 0.5],
      [6, 0.75],
    ]);
    // From the level's first iteration on.
    expect(series['best-one: 1.25']).toEqual([
      [5, 1.25],
      [6, 1.25],
    ]);
    expect(
      await page.$$eval('#tables td', (cells) => cells.map(({ textContent }) => textContent)),
    ).toEqual(['return', '0.75', '1.25', 'profit', '0.25', '0.5']);
    expect(await page.textContent('#yaml')).toContain('iterations: 20');
  });

  it('goes on as the file grows', async () => {
    appendFileSync(metrics, linesOf(7, 9));
    await page.waitForFunction(() =>
      document.getElementById('progress')!.textContent!.includes('iteration 9 of 20'),
    );
    expect((await pointsIn(page, 'kl'))['KL']).toHaveLength(9);
    expect((await pointsIn(page, 'return'))['mean actions, on validation streams']).toHaveLength(4);
  });

  it('begins anew with a run that was taken up before its last lines', async () => {
    rmSync(metrics);
    writeFileSync(metrics, linesOf(1, 3));
    await page.waitForFunction(() =>
      document.getElementById('progress')!.textContent!.includes('iteration 3 of 20'),
    );
    expect((await pointsIn(page, 'kl'))['KL']).toHaveLength(3);
  });

  it('shows a tooltip, and asks nobody but its server', async () => {
    await page.hover('#figure-entropy canvas');
    await page.waitForFunction(() =>
      document.querySelector('#figure-entropy .chart')!.textContent!.includes('entropy'),
    );
    expect(
      requested.filter((url) => !url.startsWith(server.url) && !url.startsWith('data:')),
    ).toEqual([]);
    expect(errors).toEqual([]);
  });

  it('tells when the run is over, and when the server is gone', async () => {
    rmSync(join(run, '.lock'));
    await page.waitForFunction(() =>
      document.getElementById('state')!.textContent!.startsWith('stopped after iteration 3'),
    );
    await server.close();
    await page.waitForFunction(() =>
      document.getElementById('state')!.textContent!.startsWith('the server is gone'),
    );
  });
});
