import type { MetricsLine } from '../metrics-log';
import { chartFunctions, type PageCharts } from './page-charts';
import type { Cell, WatchTable } from './tables';
import type { WatchData } from './watch-data';

/** An answer of `/data.json`: what is known of the run, and the lines after those that were asked for. */
export interface WatchAnswer extends WatchData {
  readonly lines: readonly MetricsLine[];
  /** Whether there are more to ask for at once. */
  readonly more: boolean;
}

/**
 * The browser's script: the functions of this file as they stand, so that one compiler checks both sides.
 * They may call each other, and nothing that is imported.
 */
export const pageScript = (): string =>
  [
    `'use strict';`,
    ...chartFunctions().map(String),
    ...[startPage, showAnswer, showState, showTiles, showTables, showCell, element, duration].map(
      String,
    ),
    `startPage(createPageCharts(echarts, document.getElementById('figures')));`,
  ].join('\n');

interface Page {
  readonly charts: PageCharts;
  generation: string | null;
  lines: MetricsLine[];
  /** What was drawn last, so that nothing is drawn twice. */
  drawn: string;
}

function startPage(charts: PageCharts): void {
  const page: Page = {
    charts,
    generation: null,
    lines: [],
    drawn: '',
  };
  let failures = 0;
  let folder: string | null = null;
  /** The generation whose config is shown. */
  let configOf: string | null = null;
  const ask = async (): Promise<number> => {
    const after = page.lines[page.lines.length - 1]?.iteration ?? 0;
    const query = `after=${after}&generation=${page.generation ?? ''}`;
    const response = await fetch(`/data.json?${query}`, { signal: AbortSignal.timeout(15_000) });
    if (!response.ok) throw new Error(`${response.status}`);
    const answer = (await response.json()) as WatchAnswer;
    const isNew = answer.generation !== page.generation;
    page.generation = answer.generation;
    page.lines = isNew ? [...answer.lines] : [...page.lines, ...answer.lines];
    failures = 0;
    folder = answer.folder;
    if (answer.more) return 0;
    showAnswer(page, answer);
    if (folder !== null && configOf !== page.generation) {
      configOf = page.generation;
      const config = await fetch('/config.yaml');
      element('yaml').textContent = config.ok ? await config.text() : 'not there yet';
    }
    return answer.state.kind === 'finished' || answer.state.kind === 'stopped' ? 3000 : 1000;
  };
  const loop = async (): Promise<void> => {
    let pause = 1000;
    try {
      pause = await ask();
    } catch (error) {
      failures += 1;
      console.debug(error);
      // Once may be a hiccup.
      if (failures >= 2) {
        showState(
          'gone',
          `the server is gone; makertaker watch ${folder ?? 'RUN'} shows the run again`,
        );
        element('notes').textContent = '';
      }
    }
    setTimeout(() => void loop(), pause);
  };
  void loop();
}

function showAnswer(page: Page, answer: WatchAnswer): void {
  const { name, state, iteration, iterations, level, secondsLeft, secondsSince, notes } = answer;
  document.title = `${iterations === null ? '' : `${iteration}/${iterations} `}${name} – makertaker`;
  element('name').textContent = name;
  showState(state.kind, state.text);
  const parts = [
    ...(iteration > 0
      ? [`iteration ${iteration}${iterations === null ? '' : ` of ${iterations}`}`]
      : []),
    ...(level === null ? [] : [`level ${level}`]),
    ...(secondsLeft === null ? [] : [`about ${duration(secondsLeft)} left`]),
    ...(secondsSince === null || state.kind !== 'training' || secondsSince < 10
      ? []
      : [`no new iteration for ${duration(secondsSince)}`]),
  ];
  element('progress').textContent = parts.join(' · ');
  element('done').style.width = iterations === null ? '0' : `${(100 * iteration) / iterations}%`;
  element('notes').textContent = notes.join(' · ');
  showTiles(page.charts, answer.newest);
  const { figures, tables, picture } = answer;
  const drawn = JSON.stringify([page.generation, page.lines.length, figures, tables, picture]);
  if (drawn === page.drawn) return;
  page.drawn = drawn;
  showTables(page.charts, tables);
  page.charts.show(answer, page.lines);
}

function showState(kind: string, text: string): void {
  const state = element('state');
  state.className = `state ${kind}`;
  // Set only where it changes, or readers of the screen would repeat it each second.
  if (state.textContent !== text) state.textContent = text;
  document.body.className = kind === 'gone' ? 'gone-page' : '';
}

function showTiles(charts: PageCharts, newest: WatchAnswer['newest']): void {
  element('newest').replaceChildren(
    ...newest.map(({ label, value }) => {
      const tile = document.createElement('div');
      tile.className = 'tile';
      const figure = document.createElement('b');
      figure.textContent = showCell(charts, value);
      const caption = document.createElement('span');
      caption.textContent = label;
      tile.append(figure, caption);
      return tile;
    }),
  );
}

function showTables(charts: PageCharts, tables: readonly WatchTable[]): void {
  const row = (cells: readonly Cell[], kind: 'th' | 'td'): HTMLTableRowElement => {
    const line = document.createElement('tr');
    line.append(
      ...cells.map((cell) => {
        const place = document.createElement(kind);
        place.textContent = showCell(charts, cell);
        return place;
      }),
    );
    return line;
  };
  element('tables').replaceChildren(
    ...tables.map(({ title, note, columns, rows }) => {
      const box = document.createElement('div');
      box.className = 'table';
      const heading = document.createElement('h2');
      heading.textContent = title;
      const remark = document.createElement('p');
      remark.textContent = note ?? '';
      const table = document.createElement('table');
      table.append(row(columns, 'th'), ...rows.map((cells) => row(cells, 'td')));
      box.append(heading, remark, table);
      return box;
    }),
  );
}

function showCell({ shorten }: PageCharts, cell: Cell): string {
  if (cell === null) return '–';
  return typeof cell === 'string' ? cell : shorten(cell, 5);
}

function element(id: string): HTMLElement {
  return document.getElementById(id)!;
}

/** `45 s`, `3:20 min`, `2:05 h` */
function duration(seconds: number): string {
  const whole = Math.round(seconds);
  const two = (value: number): string => String(value).padStart(2, '0');
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)}:${two(whole % 60)} min`;
  return `${Math.floor(whole / 3600)}:${two(Math.floor(whole / 60) % 60)} h`;
}
