import type { Estimate } from '../algorithms/evaluation/stratified-bootstrap';
import type { Measure, RunComparison } from '../outputs/comparison/comparison';
import { tellingPairs } from '../outputs/comparison/telling-pairs';
import { alignColumns } from './align-columns';
import { numeral } from './numeral';

/** Keys that it shows. */
const tallestKeys = 12;
const widestKeys = 4;
const longestValue = 28;

/** Tables for a terminal: the groups, the pairs, the keys in which they differ. */
export function formatComparison(comparison: RunComparison): string {
  const { env, source, notes, groups, measures } = comparison;
  const count = groups.reduce((sum, { runs }) => sum + runs.length, 0);
  const streams = source === 'test' ? "test streams, each run's best policy" : 'last validation';
  const blocks = [
    `${env}: ${count} ${count === 1 ? 'run' : 'runs'}, ${streams}\ninterquartile means over seeds [95 % stratified bootstrap]`,
    formatGroups(measures),
    ...(groups.length > 1
      ? [`Probability of improvement in ${measures[0]!.name}`, formatPairs(measures[0]!)]
      : []),
    ...formatDifferences(comparison),
    ...notes.map((note) => `note: ${note}`),
  ];
  return blocks.join('\n\n');
}

function formatGroups(measures: readonly Measure[]): string {
  const [first] = measures;
  const rows = first!.groups.map(({ label, runs, least, most }, index) => [
    label,
    String(runs),
    ...measures.map(({ groups }) => withInterval(groups[index]!.interquartileMean)),
    `${numeral(least, 4)} … ${numeral(most, 4)}`,
  ]);
  const heading = [
    'group',
    'seeds',
    ...measures.map(({ name }) => name),
    `${first!.name}: least … most`,
  ];
  return alignColumns([heading, ...rows], (column) => column > 0);
}

function formatPairs(measure: Measure): string {
  const rows = tellingPairs(measure).map(
    ({ group, against, probabilityOfImprovement, difference }) => [
      `${group} over ${against}`,
      withInterval(probabilityOfImprovement, 2),
      withInterval(difference),
    ],
  );
  return alignColumns([['', 'probability', 'difference'], ...rows], (column) => column > 0);
}

/** Few groups side by side, a key a line; many below each other, a key a column. */
function formatDifferences({ groups }: RunComparison): string[] {
  const keys = Object.keys(groups[0]!.differences);
  if (keys.length === 0) return [];
  const isTall = groups.length <= 3;
  const shown = keys.slice(0, isTall ? tallestKeys : widestKeys);
  const byGroup = [
    ['differs in', ...shown],
    ...groups.map(({ label, differences }) => [
      label,
      ...shown.map((key) => shorten(JSON.stringify(differences[key]))),
    ]),
  ];
  const rest = keys.slice(shown.length);
  return [
    alignColumns(
      isTall ? byGroup[0]!.map((_, column) => byGroup.map((row) => row[column]!)) : byGroup,
    ),
    ...(rest.length > 0 ? [`and in ${rest.length} more keys (--json)`] : []),
  ];
}

/** Whole parts of a config, such as a curriculum, would fill lines. */
const shorten = (text: string): string =>
  text.length > longestValue ? `${text.slice(0, longestValue - 1)}…` : text;

const withInterval = ({ value, ci95 }: Estimate, digits = 4): string =>
  ci95 === null
    ? numeral(value, digits)
    : `${numeral(value, digits)} [${numeral(ci95[0], digits)}, ${numeral(ci95[1], digits)}]`;
