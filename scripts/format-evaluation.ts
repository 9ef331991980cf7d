import type { Evaluation } from '../algorithms/evaluation/evaluate';
import type { Scores } from '../algorithms/evaluation/score';
import type { Exploitability } from '../algorithms/solvers/raid/exploitability';
import type { PolicyReport } from '../algorithms/evaluation/compare';
import type { Summary } from '../algorithms/evaluation/statistics';
import { alignColumns } from './align-columns';
import { formatExact } from './format-exact';
import { numeral } from './numeral';

interface Column {
  readonly metric: string;
  readonly heading: string;
  readonly cell: (summary: Summary) => string;
}

const mean = (metric: string): Column => ({
  metric,
  heading: metric,
  cell: (summary) => `${numeral(summary.mean)} ±${numeral(summary.stderr, 2)}`,
});
const deviation = (metric: string): Column => ({
  metric,
  heading: `${metric} sd`,
  cell: (summary) => numeral(summary.std),
});

/** The metrics that a comparison at the terminal is about, where the environment has them. */
const preferred: readonly Column[] = [
  mean('return'),
  mean('profit'),
  deviation('profit'),
  deviation('finalInventory'),
  mean('shortfall'),
  deviation('shortfall'),
  mean('completion'),
];

/** Tables for a terminal: the policies, the paired differences, the exact figures. */
export function formatEvaluation(evaluation: Evaluation): string {
  const { env, stream, episodes, seed, policies, comparisons, score, exact, exploitability } =
    evaluation;
  const columns = columnsFor(policies[0]!);
  const aggregates = Object.keys(policies[0]!.aggregates);
  const rows = [
    ['policy', ...columns.map(({ heading }) => heading), ...aggregates],
    ...policies.map(({ name, metrics, aggregates: values }) => [
      name,
      ...columns.map(({ metric, cell }) => cell(metrics[metric]!)),
      ...aggregates.map((aggregate) =>
        withInterval(values[aggregate]!.value, values[aggregate]!.ci95),
      ),
    ]),
  ];
  const heading = `${env}: ${episodes.toLocaleString('en')} ${stream} episodes, seed ${seed} (mean ±standard error, 95 % intervals in brackets)`;
  const shown = new Set(
    columns.filter(({ heading: title, metric }) => title === metric).map(({ metric }) => metric),
  );
  const differences = comparisons
    .filter(({ metric }) => shown.has(metric))
    .map(({ policy, baseline, metric, meanDifference, ci95 }) => [
      `${policy} − ${baseline}`,
      metric,
      withInterval(meanDifference, ci95),
    ]);
  return [
    heading,
    '',
    alignColumns(rows, (column) => column > 0),
    ...(differences.length > 0
      ? ['', 'Paired differences', alignColumns(differences, (column) => column > 1)]
      : []),
    ...(score ? ['', formatScores(score)] : []),
    ...(exact ? ['', formatExact(exact)] : []),
    ...(exploitability ? ['', formatExploitability(exploitability)] : []),
  ].join('\n');
}

/** How near each policy comes to the optimum: what it gains over the naive one, and what it misses. */
function formatScores({ naive, optimum, policies }: Scores): string {
  const rows = policies.map(({ policy, normalised, gap }) => [
    policy,
    normalised ? withInterval(normalised.value, normalised.ci95) : '–',
    withInterval(gap.value, gap.ci95),
  ]);
  return [
    `Normalised score: (return − ${naive}'s) / (${optimum}'s − ${naive}'s); gap: ${optimum}'s mean return − the policy's`,
    alignColumns([['policy', 'score', 'gap'], ...rows], (column) => column > 0),
  ].join('\n');
}

const formatExploitability = ({
  value,
  profit,
  attack,
  defence,
  exploitability,
}: Exploitability): string =>
  [
    'Exploitability, exact: both players at their likeliest moves against best responses; half-ticks',
    alignColumns(
      [
        ['value of the game', numeral(value)],
        ['profit where the two meet', numeral(profit)],
        ['best response to the defender earns', numeral(attack)],
        ['best response to the predator leaves it', numeral(defence)],
        ['exploitability', numeral(exploitability)],
      ],
      (column) => column > 0,
    ),
  ].join('\n');

/** The preferred columns that exist; for environments with other metrics, all of theirs. */
function columnsFor({ metrics }: PolicyReport): readonly Column[] {
  const known = preferred.filter(({ metric }) => metric in metrics);
  if (known.length > 1) return known;
  const own = Object.keys(metrics).filter(
    (metric) => metric !== 'return' && metric !== 'returnNoise',
  );
  return [mean('return'), deviation('return'), ...own.map(mean)];
}

const withInterval = (value: number, [low, high]: readonly [number, number]): string =>
  `${numeral(value)} [${numeral(low)}, ${numeral(high)}]`;
