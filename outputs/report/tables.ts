import type { ExactFigures } from '../../algorithms/evaluation/exact';
import type { Evaluation } from '../../algorithms/evaluation/evaluate';
import type { MetricField } from '../../envs/environment';

/** A value with its interval, a word, a number, or nothing. */
export type Cell = string | number | null | Estimated;

export interface Estimated {
  readonly value: number;
  readonly ci95: readonly [number, number];
}

export interface Table {
  readonly title: string;
  readonly note: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
}

/** A row a policy: what it returns and how near it comes to the optimum. */
export function summaryTable({ policies, score, comparisons }: Evaluation): Table {
  const aggregates = Object.keys(policies[0]!.aggregates);
  const scores = new Map(score?.policies.map((one) => [one.policy, one]));
  const hasDifferences = comparisons.length > 0;
  const [judged] = policies;
  return {
    title: 'Summary',
    note: [
      'Returns are undiscounted sums of rewards; below each estimate its 95 % interval; worst 5 %: the mean of those episodes.',
      ...(score
        ? [
            `Score: (return − ${score.naive}’s) / (${score.optimum}’s − ${score.naive}’s); gap: ${score.optimum}’s mean return less the policy’s.`,
          ]
        : []),
      ...(aggregates.length > 0 ? ['Aggregates are figures of all episodes together.'] : []),
    ].join(' '),
    columns: [
      'policy',
      'mean return',
      'deviation',
      'worst 5 %',
      ...(score ? ['score', 'gap'] : []),
      ...(hasDifferences ? [`${judged!.name} less it`] : []),
      ...aggregates,
    ],
    rows: policies.map(({ name, metrics, aggregates: values }) => {
      const { mean, ci95, std, expectedShortfall } = metrics['return']!;
      const own = scores.get(name);
      const difference = comparisons.find(
        ({ policy, baseline, metric }) =>
          policy === judged!.name && baseline === name && metric === 'return',
      );
      return [
        name,
        { value: mean, ci95 },
        std,
        expectedShortfall,
        ...(score ? [own?.normalised ?? null, own?.gap ?? null] : []),
        ...(hasDifferences
          ? [difference ? { value: difference.meanDifference, ci95: difference.ci95 } : null]
          : []),
        ...aggregates.map((aggregate) => values[aggregate]!),
      ];
    }),
  };
}

/** A row a metric, two columns a policy. */
export function metricsTable(
  { policies }: Evaluation,
  fields: Readonly<Record<string, MetricField>>,
): Table {
  const names = Object.keys(policies[0]!.metrics);
  return {
    title: 'Every metric',
    note: 'Mean ± standard error, and the deviation between episodes.',
    columns: ['metric', 'unit', ...policies.flatMap(({ name }) => [name, 'deviation'])],
    rows: names.map((metric) => [
      metric,
      fields[metric]?.unit ?? (metric === 'length' ? 'steps' : 'reward'),
      ...policies.flatMap(({ metrics }) => {
        const { mean, stderr, std } = metrics[metric]!;
        return [`${short(mean)} ±${short(stderr, 2)}`, std];
      }),
    ]),
  };
}

/** What `--exact` adds: figures without simulation. */
export function exactTable(exact: ExactFigures): Table {
  const rows = exact.map((figures) =>
    'expectedReturn' in figures
      ? [
          figures.policy,
          figures.expectedReturn,
          figures.profit.mean,
          figures.profit.std,
          figures.finalInventory.std,
          figures.certaintyEquivalent,
        ]
      : [
          figures.policy,
          figures.expectedCost,
          Math.sqrt(figures.variance),
          figures.utility,
          figures.utilityRatio,
          figures.largestDeviation,
        ],
  );
  const isQuotes = exact.some((figures) => 'expectedReturn' in figures);
  return {
    title: 'Exact figures',
    note: 'Without simulation: of mean actions.',
    columns: isQuotes
      ? [
          'policy',
          'return',
          'profit',
          'profit deviation',
          'final inventory deviation',
          'certainty equivalent',
        ]
      : [
          'policy',
          'E, quote currency',
          '√V, quote currency',
          'E + λV',
          'over the optimum’s',
          'largest deviation of a holding',
        ],
    rows,
  };
}

/** What best answers to both players of a game gain. */
export const exploitabilityTable = ({
  value,
  profit,
  attack,
  defence,
  exploitability,
}: NonNullable<Evaluation['exploitability']>): Table => ({
  title: 'Exploitability',
  note: 'Exact: both players at their likeliest moves against best responses; half-ticks.',
  columns: ['figure', 'half-ticks'],
  rows: [
    ['value of the game', value],
    ['profit where the two meet', profit],
    ['best response to the defender earns', attack],
    ['best response to the predator leaves it', defence],
    ['exploitability', exploitability],
  ],
});

export function short(value: number, digits = 5): string {
  if (!Number.isFinite(value)) return '–';
  const rounded = Number(value.toPrecision(digits));
  const size = Math.abs(rounded);
  if (size >= 1e12 || (size > 0 && size < 1e-4)) {
    return rounded.toExponential().replace(/-/g, '−');
  }
  return rounded.toLocaleString('en', { maximumFractionDigits: 10 }).replace('-', '−');
}
