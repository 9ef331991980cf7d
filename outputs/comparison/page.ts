import type { Estimate } from '../../algorithms/evaluation/stratified-bootstrap';
import { drawLines } from '../draw-lines';
import type { Measure, RunComparison } from './comparison';
import { colourOf, describeCurves } from './draw-curves';
import { drawIntervals } from './draw-intervals';
import { tellingPairs } from './telling-pairs';

/**
 * A comparison as one page without script or network: curves, interquartile means, probabilities of
 * improvement, and tables. The pictures are SVG drawn beforehand, so that the page opens anywhere.
 */
export function drawComparisonPage(comparison: RunComparison): string {
  const { env, source, groups, measures, curves, notes } = comparison;
  const runs = groups.reduce((sum, group) => sum + group.runs.length, 0);
  const title = `${env}: ${groups.map(({ label }) => label).join(', ')}`;
  const streams =
    source === 'test' ? 'the test streams, each run’s best policy' : 'the last validation';
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escape(title)}</title>
<style>${styles}</style>
</head>
<body>
<h1>${escape(env)}: ${runs} ${runs === 1 ? 'run' : 'runs'} compared</h1>
<p>Scores are of ${streams}. Interquartile means over the seeds of a group, with 95 % intervals of the stratified bootstrap (Agarwal et al. 2021): a band about a line, a bar about a diamond. A circle is one seed.</p>
${notes.map((note) => `<p class="note">${escape(note)}</p>`).join('\n')}
${section('Learning curves', curves.map((family) => figure(drawLines(describeCurves(family)))).join('\n'))}
${measures.map((measure) => measureSections(comparison, measure)).join('\n')}
${section('Configs', tableOf(configRows(comparison)))}
${section('Runs', tableOf(runRows(comparison)))}
</body>
</html>
`;
}

/** Interquartile means and probabilities of improvement: pictures, and tables of the same figures. */
function measureSections({ groups }: RunComparison, measure: Measure): string {
  const { name, pairs } = measure;
  const colours = new Map(groups.map(({ label }, index) => [label, colourOf(index)]));
  const means = drawIntervals({
    xLabel: described[name],
    rows: measure.groups.map(({ label, interquartileMean }, index) => ({
      label,
      colour: colours.get(label)!,
      estimate: interquartileMean,
      values: groups[index]!.runs.map(({ scores }) => scores[name]!),
    })),
  });
  const probabilities = drawIntervals({
    xLabel: 'probability that a run of the first scores higher than one of the second',
    span: [0, 1],
    rule: 0.5,
    rows: tellingPairs(measure).map(({ group, against, probabilityOfImprovement }) => ({
      label: `${group}\nover ${against}`,
      colour: colours.get(group)!,
      estimate: probabilityOfImprovement,
    })),
  });
  return [
    section(`Final ${name}`, `${figure(means)}${tableOf(groupRows(measure))}`),
    ...(pairs.length > 0
      ? [
          section(
            `Probability of improvement in ${name}`,
            `${figure(probabilities)}${tableOf(pairRows(measure))}`,
          ),
        ]
      : []),
  ].join('\n');
}

const described = {
  score: 'normalised score (0 naive, 1 optimum)',
  return: 'mean return, unit of the reward',
} as const;

type Row = readonly (string | number)[];

const groupRows = ({ groups }: Measure): Row[] => [
  ['group', 'seeds', 'interquartile mean', '95 % interval', 'mean', 'median', 'least', 'most'],
  ...groups.map(({ label, runs, interquartileMean, mean, median, least, most }) => [
    label,
    runs,
    interquartileMean.value,
    intervalText(interquartileMean),
    mean,
    median,
    least,
    most,
  ]),
];

const pairRows = ({ pairs }: Measure): Row[] => [
  ['pair', 'probability', '95 % interval', 'difference of the means', '95 % interval'],
  ...pairs.map(({ group, against, probabilityOfImprovement, difference }) => [
    `${group} over ${against}`,
    probabilityOfImprovement.value,
    intervalText(probabilityOfImprovement),
    difference.value,
    intervalText(difference),
  ]),
];

/** A row a key, a column a group. */
function configRows({ groups }: RunComparison): Row[] {
  const keys = Object.keys(groups[0]!.differences);
  if (keys.length === 0) return [];
  return [
    ['key', ...groups.map(({ label }) => label)],
    ...keys.map((key) => [
      key,
      ...groups.map(({ differences }) => JSON.stringify(differences[key])),
    ]),
  ];
}

const runRows = ({ groups, measures }: RunComparison): Row[] => [
  ['run', 'group', 'seed', 'iterations', ...measures.map(({ name }) => name)],
  ...groups.flatMap(({ label, runs }) =>
    runs.map(({ path, seed, iterations, scores }) => [
      path,
      label,
      seed,
      iterations,
      ...measures.map(({ name }) => scores[name]!),
    ]),
  ),
];

const intervalText = ({ ci95 }: Estimate): string =>
  ci95 === null ? '–' : `${rounded(ci95[0])} … ${rounded(ci95[1])}`;

const rounded = (value: number): string => String(Number(value.toPrecision(5)));

const section = (heading: string, content: string): string =>
  content === '' ? '' : `<section><h2>${escape(heading)}</h2>\n${content}</section>`;

const figure = (svg: string): string => `<figure>${svg}</figure>\n`;

function tableOf(rows: readonly Row[]): string {
  const [heading, ...others] = rows;
  if (heading === undefined) return '';
  const cells = (row: Row, tag: 'th' | 'td'): string =>
    `<tr>${row
      .map((cell) => `<${tag}>${typeof cell === 'number' ? rounded(cell) : escape(cell)}</${tag}>`)
      .join('')}</tr>`;
  return `<div class="table"><table>\n<thead>${cells(heading, 'th')}</thead>\n<tbody>\n${others
    .map((row) => cells(row, 'td'))
    .join('\n')}\n</tbody></table></div>`;
}

const escape = (text: string): string =>
  text.replace(
    /[&<>"]/g,
    (sign) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[sign]!,
  );

const styles = `
body { margin: 0 auto; max-width: 1000px; padding: 16px 24px 48px; font: 14px/1.45 system-ui, sans-serif; color: #222; background: #fff; }
h1 { font-size: 22px; }
h2 { font-size: 16px; margin: 28px 0 6px; }
.note { color: #6b3d00; margin: 4px 0; }
figure { margin: 0 0 8px; }
figure svg { max-width: 100%; height: auto; }
.table { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: 2px 14px 2px 0; text-align: right; white-space: nowrap; }
th { border-bottom: 1px solid #ccc; font-weight: 600; }
th:first-child, td:first-child { text-align: left; }
`;
