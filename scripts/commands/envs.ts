import { z } from 'zod';

import { startDevice } from '../../engine/device';
import { assertEnvironment } from '../../envs/check';
import type { EnvironmentDefinition } from '../../envs/environment';
import type { EnvironmentKind } from '../../envs/kind';
import { environmentKinds, findKind } from '../../envs/registry';
import type { Box, Discrete, Space } from '../../envs/space';
import { describeSpace } from '../../outputs/describe-space';
import { alignColumns } from '../align-columns';
import { type Command, exitCodes } from '../command';
import { describeParameters } from '../describe-parameters';
import { loadEnvironmentModule } from '../load-environment';

interface Options {
  readonly id: string | undefined;
  readonly json: boolean;
  readonly check: boolean;
}

export const command: Command<Options> = {
  declare: (yargs) =>
    yargs
      .positional('id', {
        type: 'string',
        describe: "the environment to describe, or the file of one's own: ./my-env.mjs",
      })
      .option('json', { type: 'boolean', default: false, describe: 'print JSON' })
      .option('check', {
        type: 'boolean',
        default: false,
        describe: 'put it through the environment checker',
      })
      .example('$0 envs', 'one line an environment')
      .example('$0 envs market-making', 'its observation, action, metrics and parameters')
      .example('$0 envs ./my-env.mjs --check', "whether one's own keeps the contract"),

  async run({ id, json, check }) {
    const kinds = id === undefined ? environmentKinds : [await findKindOrModule(id)];
    if (check) {
      await startDevice('cpu');
      kinds.forEach((kind) => assertEnvironment(kind));
    }
    const text = id === undefined ? list(json) : describe(kinds[0]!, json);
    const verdict =
      check && !json
        ? `\n\nChecked: ${kinds.length === 1 ? 'it keeps' : 'all keep'} the contract.`
        : '';
    process.stdout.write(`${text}${verdict}\n`);
    return exitCodes.done;
  },
};

async function findKindOrModule(id: string): Promise<EnvironmentKind> {
  if (!/\.[cm]?js$/.test(id)) return findKind(id);
  return (await loadEnvironmentModule(id, process.cwd())).kind;
}

function list(json: boolean): string {
  if (json) {
    const kinds = environmentKinds.map(({ id, title, description }) => ({
      id,
      title,
      description,
    }));
    return JSON.stringify(kinds, null, 2);
  }
  return alignColumns(environmentKinds.map(({ id, title }) => [id, title]));
}

function describe(kind: EnvironmentKind, json: boolean): string {
  const definition = kind.create(kind.schema.parse({}));
  return json ? describeAsJson(kind, definition) : describeAsText(kind, definition);
}

function describeAsJson(kind: EnvironmentKind, definition: EnvironmentDefinition): string {
  const { id, title, description, schema } = kind;
  const { horizon, metrics, observationSpace, actionSpace } = definition;
  return JSON.stringify(
    {
      id,
      title,
      description,
      horizon,
      observation: describeSpace(observationSpace),
      action: describeSpace(actionSpace),
      metrics,
      parameters: z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }),
    },
    null,
    2,
  );
}

function describeAsText(kind: EnvironmentKind, definition: EnvironmentDefinition): string {
  const { horizon, metrics, observationSpace, actionSpace } = definition;
  const parameters = describeParameters(kind.schema).map(({ name, byDefault, unit, description }) =>
    [name, byDefault, unit, description].map((cell) => cell.replaceAll('`', '')),
  );
  return [
    `${kind.id}: ${kind.title}`,
    '',
    kind.description,
    ...(kind.reward === undefined ? [] : ['', `Reward: ${kind.reward}`]),
    '',
    horizon === null
      ? 'Episodes have no end of their own.'
      : `An episode has at most ${horizon} steps.`,
    ...section('Observation (with the default parameters)', fieldRows(observationSpace)),
    ...section('Action', actionRows(actionSpace)),
    ...section(
      'Metrics of an episode',
      Object.entries(metrics).map(([name, { unit, description }]) => [name, unit, description]),
    ),
    ...section('Parameters, with their defaults and units', parameters),
  ].join('\n');
}

function section(title: string, rows: readonly (readonly string[])[]): string[] {
  if (rows.length === 0) return [];
  const indented = alignColumns(rows).replaceAll(/^/gm, '  ');
  return ['', title, indented];
}

const fieldRows = ({ fields }: Box): string[][] =>
  fields.map(({ name, unit, low, high, description }) => [
    name,
    unit,
    `${low} … ${high}`,
    description,
  ]);

function actionRows(space: Space): string[][] {
  switch (space.kind) {
    case 'box':
      return fieldRows(space);
    case 'discrete':
      return choiceRows([space]);
    case 'multi-discrete':
      return choiceRows(space.choices);
  }
}

const choiceRows = (choices: readonly Discrete[]): string[][] =>
  choices.map(({ name, labels, description }) => [
    name,
    `one of ${labels.join(' | ')}`,
    description,
  ]);
