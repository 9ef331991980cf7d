import type { ExportablePolicy } from '../../algorithms/policies/exportable';
import type { Discrete } from '../../envs/space';
import { describeActionFields, describeField } from '../describe-space';
import { finiteOrNull, type JsonObject } from '../json';
import { cFiles, cPolicySignature } from './c-policy';
import { type DecisionRule, maskedLogit } from './decision-rule';

export const policyFormats = ['onnx', 'tfjs', 'javascript', 'c'] as const;
export type PolicyFormat = (typeof policyFormats)[number];

/** The content of `policy.json`: what whoever runs the exported policy has to know. */
export function describePolicy(
  policy: ExportablePolicy,
  rule: DecisionRule,
  format: PolicyFormat,
  programVersion: string,
): JsonObject {
  return {
    format: 'makertaker policy',
    schema: 1,
    program: programVersion,
    name: policy.name,
    files: [...filesOf[format]],
    interface: format === 'c' ? cInterfaceOf(rule, policy.name) : interfaceOf(rule, format),
    observation: policy.observationSpace.fields.map((field, index) => ({
      ...describeField(field),
      seen: seenRange(policy, index),
      normalisation: normalisationOf(policy, rule, index),
    })),
    action: describeAction(policy, rule),
    network: {
      layers: [rule.inputs, ...rule.layers.map((layer) => layer.outputs)],
      activation: rule.activation,
    },
    unusable:
      'If a component of the observation, or of the network’s output for it, is NaN or infinite in float32, the action is the safe one. A finite observation outside the range seen in training is used; where there is normalisation it is clipped.',
    environment: toJson(policy.environment),
    config: toJson(policy.config),
  };
}

/** What each format consists of, beside `policy.json`. */
export const filesOf = {
  onnx: ['policy.onnx'],
  tfjs: ['model.json', 'weights.bin'],
  javascript: ['policy.cjs', 'policy.mjs'],
  c: [cFiles.source, cFiles.header],
} as const satisfies Record<PolicyFormat, readonly string[]>;

function cInterfaceOf(rule: DecisionRule, name: string): JsonObject {
  const { action, inputs, outputs } = rule;
  return {
    function: cPolicySignature(rule, name),
    observation: `${inputs} float`,
    ...(action.kind === 'box'
      ? { action: `${outputs} float, written` }
      : { mask: `${outputs} uint8_t, 0 where not allowed, or NULL` }),
    threads: 'any number of them may call it at once; it allocates nothing',
  };
}

function interfaceOf(
  { action, inputs, outputs }: DecisionRule,
  format: Exclude<PolicyFormat, 'c'>,
): JsonObject {
  const masked = action.kind === 'choices' && action.masked;
  if (format === 'javascript') {
    return {
      function: action.kind === 'box' ? 'act(observation)' : 'act(observation, mask?)',
      observation: `${inputs} numbers`,
      ...(action.kind === 'box' ? {} : { mask: `${outputs} booleans, true where allowed` }),
      returns:
        action.kind === 'box'
          ? 'Float32Array, overwritten by the next call'
          : action.flat
            ? 'number'
            : 'Int32Array, overwritten by the next call',
    };
  }
  const shape = (size: number) => ['batch', size];
  const raw = action.kind === 'box' ? 'mean' : 'logits';
  return {
    inputs: {
      observation: { dtype: 'float32', shape: shape(inputs) },
      ...(masked ? { actionMask: { dtype: 'bool', shape: shape(outputs) } } : {}),
    },
    outputs: {
      action:
        action.kind === 'box'
          ? { dtype: 'float32', shape: shape(outputs) }
          : { dtype: 'int32', shape: action.flat ? ['batch'] : shape(action.sizes.length) },
      [raw]: { dtype: 'float32', shape: shape(outputs) },
    },
  };
}

function seenRange({ observation }: ExportablePolicy, index: number): (number | null)[] | null {
  if (!observation) return null;
  return [finiteOrNull(observation.minimum[index]!), finiteOrNull(observation.maximum[index]!)];
}

/** (x − mean) / deviation, clipped to ±clip */
function normalisationOf(
  { observation }: ExportablePolicy,
  { normaliser }: DecisionRule,
  index: number,
): JsonObject | null {
  if (!observation || !normaliser) return null;
  const { mean, deviation, clip } = normaliser;
  return { mean: mean[index]!, deviation: deviation[index]!, clip: finiteOrNull(clip) };
}

function describeAction({ actionSpace }: ExportablePolicy, { action }: DecisionRule): JsonObject {
  switch (actionSpace.kind) {
    case 'box':
      return {
        kind: 'box',
        rule: 'clip(centre + scale × mean, low, high)',
        fields: describeActionFields(actionSpace).map((field, index) => ({
          ...field,
          safe: action.kind === 'box' ? action.safe[index]! : null,
        })),
      };
    case 'discrete':
      return { kind: 'discrete', ...choiceRule, ...describeChoice(actionSpace) };
    case 'multi-discrete':
      return {
        kind: 'multi-discrete',
        ...choiceRule,
        choices: actionSpace.choices.map(describeChoice),
      };
  }
}

const choiceRule = {
  rule: `the first of the greatest logits; a choice whose mask is false counts as ${maskedLogit}`,
  safeRule: 'the safe choice or, if its mask is false, the first allowed one',
};

const describeChoice = ({ name, description, labels, safe }: Discrete): JsonObject => ({
  name,
  description,
  labels: [...labels],
  safe: safe ?? 0,
});

/** A config as JSON; numbers that are not finite become null. */
const toJson = (value: object): JsonObject => JSON.parse(JSON.stringify(value)) as JsonObject;
