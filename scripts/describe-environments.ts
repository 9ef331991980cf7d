import type { EnvironmentDefinition } from '../envs/environment';
import type { EnvironmentKind } from '../envs/kind';
import { centreOf, type Discrete, type Field, scaleOf, type Space } from '../envs/space';
import { describeParameters } from './describe-parameters';
import { markdownTable } from './markdown-table';

/** docs/environments.md: every environment with what it observes, accepts, pays and measures. */
export function describeEnvironments(kinds: readonly EnvironmentKind[]): string {
  const contents = kinds.map(({ id, title }) => `- [${title}](#${id}): \`${id}\``).join('\n');
  const introduction = [
    '# Environments',
    'Generated from the schemas by `npm run docs`; a test compares this file with them.',
    'Observations and actions are those of the default parameters. A policy’s raw output a becomes the action centre + scale·a, clipped to the bounds. Units of the reward and of money are those of the quote currency unless said otherwise.',
    contents,
  ];
  return `${[...introduction, ...kinds.map(describeKind)].join('\n\n')}\n`;
}

function describeKind(kind: EnvironmentKind): string {
  const definition = kind.create(kind.schema.parse({}));
  const { horizon } = definition;
  return [
    `<a id="${kind.id}"></a>`,
    `## ${kind.title}: \`${kind.id}\``,
    kind.description,
    '### Observation',
    markdownTable(
      ['component', 'unit', 'bounds', 'description'],
      definition.observationSpace.fields.map((field) => [
        `\`${field.name}\``,
        field.unit,
        boundsOf(field),
        field.description,
      ]),
    ),
    '### Action',
    describeActions(definition.actionSpace),
    ...(kind.reward === undefined ? [] : ['### Reward', sentence(kind.reward)]),
    '### Episode',
    [
      horizon === null ? 'No end of its own.' : `At most ${horizon} steps.`,
      definition.truncates ? 'An artificial limit truncates it.' : 'It is never truncated.',
    ].join(' '),
    '### Metrics',
    describeMetrics(definition),
    '### Parameters',
    markdownTable(
      ['parameter', 'type', 'default', 'unit', 'description'],
      describeParameters(kind.schema).map((row) => [
        row.name,
        row.type,
        row.byDefault,
        row.unit,
        row.description,
      ]),
    ),
  ].join('\n\n');
}

function describeActions(space: Space): string {
  switch (space.kind) {
    case 'box':
      return markdownTable(
        ['component', 'unit', 'bounds', 'centre', 'scale', 'description'],
        space.fields.map((field) => [
          `\`${field.name}\``,
          field.unit,
          boundsOf(field),
          numeral(centreOf(field)),
          numeral(scaleOf(field)),
          field.description,
        ]),
      );
    case 'discrete':
      return describeChoices([space]);
    case 'multi-discrete':
      return describeChoices(space.choices);
  }
}

const describeChoices = (choices: readonly Discrete[]): string =>
  markdownTable(
    ['component', 'choices', 'description'],
    choices.map(({ name, labels, description }) => [
      `\`${name}\``,
      labels.map((label, index) => `${index}: ${label}`).join('; '),
      description,
    ]),
  );

function describeMetrics({ metrics }: EnvironmentDefinition): string {
  return markdownTable(
    ['metric', 'unit', 'description'],
    [
      ['`return`', 'of the reward', 'Sum of the rewards of the episode.'],
      ['`length`', 'steps', 'Steps of the episode.'],
      ...Object.entries(metrics).map(([name, { unit, description }]) => [
        `\`${name}\``,
        unit,
        description,
      ]),
    ],
  );
}

const sentence = (text: string): string =>
  `${text.charAt(0).toUpperCase()}${text.slice(1)}${text.endsWith('.') ? '' : '.'}`;

const boundsOf = ({ low, high }: Field): string => `${numeral(low)} … ${numeral(high)}`;

function numeral(value: number): string {
  if (!Number.isFinite(value)) return value < 0 ? '−∞' : '∞';
  return String(Number(value.toPrecision(6))).replace('-', '−');
}
