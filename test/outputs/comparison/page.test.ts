import { existsSync } from 'node:fs';

import { type Browser, chromium } from 'playwright-core';

import { aggregateCurves } from '../../../algorithms/evaluation/learning-curve';
import { compareGroups, summariseGroups } from '../../../algorithms/evaluation/run-groups';
import type { RunComparison } from '../../../outputs/comparison/comparison';
import { drawCurves } from '../../../outputs/comparison/draw-curves';
import { drawComparisonPage } from '../../../outputs/comparison/page';

/** Groups of five seeds; the labels are as long and as odd as they come. */
function compared(count: number): RunComparison {
  const groups = Array.from({ length: count }, (_, index) => ({
    label: index === 0 ? 'a <b> & "c"' : `trustRegion0.0${index}-hidden64x64-gamma0.99`,
    scores: [0, 1, 2, 3, 4].map((seed) => index + seed * 0.7 - 2),
  }));
  const points = (score: number) =>
    [0, 1, 2].map((step) => ({ iteration: step, steps: step * 40_000, value: score * step }));
  return {
    env: 'pendulum',
    source: 'test',
    notes: ['one & only'],
    groups: groups.map(({ label, scores }, index) => ({
      label,
      differences: { 'trpo.damping': index },
      runs: scores.map((score, seed) => ({
        path: `runs/${index}-seed${seed}`,
        seed,
        iterations: 2,
        scores: { return: score },
      })),
    })),
    measures: [{ name: 'return', groups: summariseGroups(groups), pairs: compareGroups(groups) }],
    curves: ['validation/return', 'return'].map((metric) => ({
      metric,
      title: `Of ${metric}`,
      unit: 'mean return, unit of the reward',
      groups: groups.map(({ label, scores }) => ({
        label,
        points: aggregateCurves(scores.map(points)),
      })),
    })),
  };
}

describe('the page of a comparison', () => {
  const comparison = compared(3);
  const page = drawComparisonPage(comparison);

  it('needs no script and no network', () => {
    expect(page).not.toMatch(/<script|<link|\ssrc=|url\((?!#)|@import/);
    const addresses = page.match(/https?:\/\/[^"]+/g) ?? [];
    expect(new Set(addresses)).toEqual(
      new Set(['http://www.w3.org/2000/svg', 'http://www.w3.org/1999/xlink']),
    );
  });

  it('has the figures of the comparison in its tables, and texts as text', () => {
    expect(page).toContain('<td>a &lt;b&gt; &amp; &quot;c&quot;</td>');
    expect(page).not.toContain('<b>');
    expect(page).toContain('one &amp; only');
    const { value, ci95 } = comparison.measures[0]!.groups[1]!.interquartileMean;
    const rounded = (one: number) => String(Number(one.toPrecision(5)));
    expect(page).toContain(
      `<td>5</td><td>${rounded(value)}</td><td>${rounded(ci95![0])} … ${rounded(ci95![1])}</td>`,
    );
    expect(page).toContain('<td>runs/2-seed4</td>');
  });

  it('draws a line and a band a group, and a bar a group and a pair', () => {
    expect(page.match(/<svg /g)).toHaveLength(4);
    const bands = drawCurves(comparison).match(/fill-opacity="0\.18"/g);
    expect(bands).toHaveLength(2 * 3);
    const bars = page.match(/stroke-width="9"/g);
    expect(bars).toHaveLength(3 + 3);
  });
});

const browser = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(
  existsSync,
);

(browser === undefined ? describe.skip : describe)('in a browser', () => {
  let program: Browser;
  beforeAll(async () => {
    program = await chromium.launch({ executablePath: browser!, args: ['--no-sandbox'] });
  });
  afterAll(() => program.close());

  it.each([1, 3, 12])('%d groups: no error, no request, nothing cut off', async (count) => {
    const tab = await program.newPage({ viewport: { width: 1000, height: 800 } });
    const troubles: string[] = [];
    tab.on('pageerror', (error) => troubles.push(error.message));
    tab.on('console', (line) => troubles.push(line.text()));
    tab.on('request', (request) => troubles.push(request.url()));
    await tab.setContent(drawComparisonPage(compared(count)));
    const figures = await tab.$$eval('figure svg', (pictures) =>
      pictures.map((picture) => {
        const frame = picture.getBoundingClientRect();
        const texts = [...picture.querySelectorAll('text')].filter((text) => text.textContent);
        return {
          shapes: picture.querySelectorAll('path').length,
          cut: texts
            .filter((text) => {
              const box = text.getBoundingClientRect();
              return (
                box.left < frame.left - 1 ||
                box.right > frame.right + 1 ||
                box.top < frame.top - 1 ||
                box.bottom > frame.bottom + 1
              );
            })
            .map((text) => text.textContent),
        };
      }),
    );
    expect(figures).toHaveLength(count === 1 ? 3 : 4);
    for (const { shapes, cut } of figures) {
      expect(cut).toEqual([]);
      expect(shapes).toBeGreaterThan(5);
    }
    expect(troubles).toEqual([]);
    await tab.close();
  });
});
