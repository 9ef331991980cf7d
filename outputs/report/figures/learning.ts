import type { EChartsOption, LineSeriesOption } from 'echarts';

import { type Figure, lineSeries, type Section, xAxis, yAxis } from '../figure';
import type { LearningCurves } from '../learning-curves';
import type { Report } from '../report';

const colours = { faint: '#8fbadb', line: '#0b6bb3', mark: '#555555' } as const;

/** How the run came to its policy. */
export function learningSection({ learning, evaluation }: Report): Section | null {
  if (learning === null) return null;
  const draw = drawing(learning);
  const { figures } = learning;
  const references = evaluation.policies
    .filter(({ kind }) => kind === 'classical')
    .map(({ name, metrics }) => ({ label: name, value: metrics['return']!.mean }));
  const returns = draw('mean return, units of the reward', [
    ['while training, with exploration', 'return', colours.faint],
    ['mean actions, on validation streams', 'validation/return', colours.line],
  ]);
  return {
    title: 'Learning',
    figures: [
      ...(returns
        ? [
            {
              id: 'learning-return',
              title: 'Learning curve',
              caption: learningCaption(learning, references.length > 0),
              isWide: true,
              views: [{ label: 'return', option: withLevels(returns, references, figures) }],
            },
          ]
        : []),
      ...distanceFigure(draw),
      ...diagnosticFigure(draw),
    ],
  };
}

const learningCaption = ({ levels, evaluated }: LearningCurves, hasReferences: boolean): string =>
  [
    ...(levels.length > 0 ? ['Dotted verticals: the levels of the curriculum.'] : []),
    ...(evaluated === null ? [] : ['Dashed vertical: the checkpoint that is evaluated here.']),
    ...(hasReferences
      ? ['Dotted horizontals: mean returns of the classical policies in this evaluation.']
      : []),
  ].join(' ');

type Draw = (
  axis: string,
  curves: readonly (readonly [label: string, key: string, colour: string])[],
  isLogarithmic?: boolean,
) => EChartsOption | null;

/** Figures of the log against environment steps; null where the log has none of them. */
function drawing({ steps, figures, levels, evaluated }: LearningCurves): Draw {
  const most = steps.at(-1) ?? 0;
  const [scale, unit] =
    most >= 1e6 ? [1e6, ', millions'] : most >= 1e4 ? [1e3, ', thousands'] : [1, ''];
  return (axis, curves, isLogarithmic = false) => {
    const present = curves.filter(([, key]) => figures[key]);
    if (present.length === 0) return null;
    const series: LineSeriesOption[] = present.map(([name, key, colour]) => {
      const points = figures[key]!.flatMap((value, index): [number, number][] =>
        value === null || (isLogarithmic && value <= 0) ? [] : [[steps[index]! / scale, value]],
      );
      return {
        ...lineSeries({ name, colour, points }),
        ...(key.startsWith('validation/') ? { symbol: 'circle', symbolSize: 5 } : {}),
      };
    });
    series[0]!.markLine = {
      silent: true,
      symbol: 'none',
      lineStyle: { color: colours.mark, width: 1, type: 'dotted' },
      data: [
        ...levels.map(({ steps: at, level }) => ({
          xAxis: at / scale,
          label: { formatter: `level ${level}`, position: 'insideEndTop' as const },
        })),
        ...(evaluated === null
          ? []
          : [
              {
                xAxis: evaluated / scale,
                label: { show: false },
                lineStyle: { type: 'dashed' as const },
              },
            ]),
      ],
    };
    return {
      xAxis: { ...xAxis(`environment steps${unit}`), min: 0 },
      yAxis: { ...yAxis(axis), ...(isLogarithmic ? { type: 'log' as const } : {}) },
      series,
    };
  };
}

/** Horizontal lines at the returns of others, those too close to tell apart as one. */
function withLevels(
  option: EChartsOption,
  references: readonly { readonly label: string; readonly value: number }[],
  figures: LearningCurves['figures'],
): EChartsOption {
  const own = ['return', 'validation/return'].flatMap((key) =>
    (figures[key] ?? []).filter((value) => value !== null),
  );
  const values = [...own, ...references.map(({ value }) => value)];
  const apart = (Math.max(...values) - Math.min(...values)) / 40;
  const merged: { value: number; label: string }[] = [];
  for (const { value, label } of [...references].sort((one, other) => other.value - one.value)) {
    const above = merged.at(-1);
    if (above && above.value - value < apart) above.label += `, ${label}`;
    else merged.push({ value, label });
  }
  const [first, ...others] = option.series as LineSeriesOption[];
  const line = first!.markLine!;
  return {
    ...option,
    series: [
      {
        ...first,
        markLine: {
          ...line,
          data: [
            ...line.data!,
            ...merged.map(({ value, label }) => ({
              yAxis: value,
              label: { formatter: label, position: 'insideEndTop' as const },
            })),
          ],
        },
      },
      ...others,
      // Unseen, so that the axis reaches as far as the lines.
      {
        type: 'line',
        name: '~references',
        data: merged.map(({ value }) => [0, value]),
        symbol: 'none',
        lineStyle: { opacity: 0 },
        silent: true,
      },
    ],
  };
}

function distanceFigure(draw: Draw): Figure[] {
  const views = [
    [
      'normalised score',
      draw('score: 0 the naive policy, 1 the optimum', [
        ['score, on validation streams', 'validation/score', colours.line],
      ]),
    ],
    [
      'gap',
      draw('mean return of the optimum less the policy’s', [
        ['gap, on validation streams', 'validation/gap', colours.line],
      ]),
    ],
    [
      'exploitability',
      draw('what a best answer gains, units of the reward', [
        ['exploitability', 'validation/exploitability', colours.line],
      ]),
    ],
  ] as const;
  return figureOf(
    'learning-distance',
    'Distance to the known answer',
    'Of mean or likeliest actions on the validation streams.',
    'figure',
    views,
  );
}

function diagnosticFigure(draw: Draw): Figure[] {
  const one = (name: string, key: string, axis: string, isLogarithmic = false) =>
    [name, draw(axis, [[name, key, colours.line]], isLogarithmic)] as const;
  return figureOf('learning-diagnostics', 'How the updates went', 'Of every iteration.', 'figure', [
    one('KL divergence of an update', 'kl', 'mean KL divergence, nats', true),
    one('entropy', 'entropy', 'mean entropy of the policy, nats'),
    one('width of exploration', 'meanStd', 'mean σ, in units of the actions’ scale'),
    one(
      'explained variance',
      'explainedVariance',
      'share of the variance that the critic explains',
    ),
    one('value loss', 'valueLoss', 'mean squared error, scaled returns', true),
    one('level of the curriculum', 'curriculum/level', 'level'),
  ]);
}

function figureOf(
  id: string,
  title: string,
  caption: string,
  choice: string,
  views: readonly (readonly [string, EChartsOption | null])[],
): Figure[] {
  const present = views.flatMap(([label, option]) => (option ? [{ label, option }] : []));
  return present.length > 0 ? [{ id, title, caption, choice, views: present }] : [];
}
