import { type Box, centreOf, type Field, scaleOf, type Space } from '../envs/space';
import { finiteOrNull, type JsonObject } from './json';

/** A space as JSON, for checkpoints and `policy.json`; a bound that is not finite is null. */
export function describeSpace(space: Space): JsonObject {
  switch (space.kind) {
    case 'box':
      return { kind: 'box', fields: space.fields.map(describeField) };
    case 'discrete':
      return {
        kind: 'discrete',
        name: space.name,
        description: space.description,
        labels: space.labels,
      };
    case 'multi-discrete':
      return { kind: 'multi-discrete', choices: space.choices.map(describeSpace) };
  }
}

/** A component's name, unit, meaning and bounds. */
export const describeField = (field: Field): JsonObject => ({
  name: field.name,
  unit: field.unit,
  description: field.description,
  low: finiteOrNull(field.low),
  high: finiteOrNull(field.high),
});

/** The components of a continuous action with the mapping centre + scale·(network output). */
export const describeActionFields = (space: Box): JsonObject[] =>
  space.fields.map((field) => ({
    ...describeField(field),
    centre: centreOf(field),
    scale: scaleOf(field),
  }));
