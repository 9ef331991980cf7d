import type { Figure, Section } from './figure';
import { pageScript } from './page-script';
import type { Report } from './report';
import { sectionsOf } from './sections';
import {
  type Cell,
  exactTable,
  exploitabilityTable,
  metricsTable,
  short,
  summaryTable,
  type Table,
} from './tables';

/** Whatever it holds, the page loads nothing. */
const contentSecurityPolicy =
  "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:";

/**
 * A report as one page that needs no network. The figures are drawn in the browser, for tooltips, zoom, a
 * choice of views and lines that the legend hides; so the library is part of the page.
 * @param library the text of ECharts for browsers
 */
export function drawReportPage(report: Report, library: string): string {
  const { subject, environment, evaluation, name, config } = report;
  const sections = sectionsOf(report);
  const { exact, exploitability } = evaluation;
  const title = `${name}: ${subject}`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${contentSecurityPolicy}">
<meta name="viewport" content="width=device-width">
<title>${escape(title)}</title>
<link rel="icon" href="data:,">
<style>${styles}</style>
</head>
<body>
<header>
<h1>${escape(environment.title)}: ${escape(name)}</h1>
${report.description === '' ? '' : `<p>${escape(report.description)}</p>`}
<dl>${facts(report)
    .map(([key, value]) => `<div><dt>${escape(key)}</dt><dd>${escape(value)}</dd></div>`)
    .join('')}</dl>
</header>
<main>
<section>
<h2>Summary</h2>
${tableOf(summaryTable(evaluation))}
${exact && exact.length > 0 ? `<h3>Exact figures</h3>${tableOf(exactTable(exact))}` : ''}
${exploitability ? `<h3>Exploitability</h3>${tableOf(exploitabilityTable(exploitability))}` : ''}
<details><summary>Every metric</summary>${tableOf(metricsTable(evaluation, report.metrics))}</details>
</section>
${sections.map(sectionText).join('\n')}
<details><summary>Config</summary><pre>${escape(config)}</pre></details>
</main>
<noscript>The figures are drawn by a script within this page; allow it. report.json has their data.</noscript>
<script type="application/json" id="figures">${embedded(sections.flatMap(({ figures }) => figures))}</script>
<script>${library}</script>
<script>${pageScript()}</script>
</body>
</html>
`;
}

/** What stands at the head of the page. */
const facts = ({ subject, environment, evaluation, device, version }: Report) =>
  [
    ['evaluated', subject],
    ['environment', environment.id],
    ['policies', evaluation.policies.map(({ name }) => name).join(', ')],
    ['episodes', `${evaluation.episodes.toLocaleString('en')} of the ${evaluation.stream} streams`],
    ['seed', String(evaluation.seed)],
    ['device', device],
    ['program', `makertaker ${version}`],
  ] as const;

const sectionText = ({ title, note, figures }: Section): string => `<section>
<h2>${escape(title)}</h2>
${note ? `<p class="note">${escape(note)}</p>` : ''}
<div class="figures">
${figures.map(figureText).join('\n')}
</div>
</section>`;

function figureText({ id, title, caption, views, choice, height = 340, isWide }: Figure): string {
  const select =
    views.length > 1
      ? `<label>${escape(choice ?? 'view')} <select data-choice="${escape(choice ?? '')}">${views
          .map(({ label }) => `<option>${escape(label)}</option>`)
          .join('')}</select></label>`
      : '';
  return `<figure id="figure-${id}"${isWide ? ' class="wide"' : ''}>
<div class="head"><h3>${escape(title)}</h3>${select}</div>
<div class="chart" style="height:${height}px" role="img" aria-label="${escape(title)}"></div>
<figcaption>${escape(caption)}</figcaption>
</figure>`;
}

function tableOf({ note, columns, rows }: Table): string {
  const line = (cells: readonly Cell[], tag: 'th' | 'td'): string =>
    `<tr>${cells.map((cell) => `<${tag}>${cellText(cell)}</${tag}>`).join('')}</tr>`;
  return `<p class="note">${escape(note)}</p>
<div class="table"><table>
<thead>${line(columns, 'th')}</thead>
<tbody>
${rows.map((row) => line(row, 'td')).join('\n')}
</tbody></table></div>`;
}

function cellText(cell: Cell): string {
  if (cell === null) return '–';
  if (typeof cell === 'string') return escape(cell);
  if (typeof cell === 'number') return short(cell);
  if (!Number.isFinite(cell.value)) return '–';
  const [low, high] = cell.ci95;
  return `${short(cell.value)}<small>${short(low, 4)} to ${short(high, 4)}</small>`;
}

/** JSON that no tag within can end. */
const embedded = (value: unknown): string => JSON.stringify(value).replace(/</g, '\\u003c');

const escape = (text: string): string =>
  text.replace(
    /[&<>"]/g,
    (sign) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[sign]!,
  );

const styles = `
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 1400px; padding: 20px 28px 56px; font: 14px/1.45 system-ui, sans-serif; color: #222; background: #f6f7f9; }
h1 { font-size: 24px; margin: 0 0 4px; }
h2 { font-size: 19px; margin: 28px 0 8px; }
h3 { font-size: 15px; margin: 0; }
header p { margin: 0 0 8px; }
dl { display: flex; flex-wrap: wrap; gap: 6px 28px; margin: 8px 0 0; }
dt { color: #666; font-size: 12px; }
dd { margin: 0; overflow-wrap: anywhere; }
.note { color: #555; margin: 2px 0 8px; }
.figures { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(560px, 100%), 1fr)); gap: 14px; }
figure { display: flex; flex-direction: column; margin: 0; padding: 12px 14px; background: #fff; border: 1px solid #e2e5e9; border-radius: 6px; min-width: 0; }
figure.wide { grid-column: 1 / -1; }
.head { display: flex; flex-wrap: wrap; justify-content: space-between; align-items: baseline; gap: 4px 16px; margin-bottom: 8px; }
.head label { color: #555; font-size: 13px; }
select { font: inherit; max-width: 260px; }
figcaption { color: #555; font-size: 12.5px; margin-top: 6px; }
.table { overflow-x: auto; background: #fff; border: 1px solid #e2e5e9; border-radius: 6px; padding: 8px 14px; margin-bottom: 14px; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: 3px 18px 3px 0; text-align: right; white-space: nowrap; vertical-align: top; }
td small { display: block; color: #666; font-size: 11.5px; }
th { font-weight: 600; border-bottom: 1px solid #ccc; }
th:first-child, td:first-child { text-align: left; }
summary { cursor: pointer; margin: 6px 0; }
pre { background: #fff; border: 1px solid #e2e5e9; border-radius: 6px; padding: 12px; overflow-x: auto; }
@media print { body { background: #fff; max-width: none; padding: 0; } figure { break-inside: avoid; } }
`;
