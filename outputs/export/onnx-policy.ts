import type { Message } from '../protobuf';
import {
  type BoxRule,
  type ChoiceRule,
  type DecisionRule,
  maskedLogit,
  safeLogitsOf,
  startsOf,
} from './decision-rule';
import { elementTypes, onnxConstant, onnxModel, onnxNode, onnxValue } from './onnx-model';

export interface OnnxLabels {
  readonly name: string;
  readonly programVersion: string;
}

/**
 * The policy as an ONNX model: inputs `observation` float32 [batch, O] and, where choices are
 * masked, `actionMask` bool [batch, Σ n]; outputs `action` (float32 [batch, A], int32 [batch] or
 * [batch, heads]) and `mean` (a box's action before clipping) or `logits` (before masking).
 * `mean` and `logits` mean nothing in rows whose observation is unusable.
 */
export function onnxPolicy(rule: DecisionRule, labels: OnnxLabels): Uint8Array {
  const nodes: Message[] = [];
  const constants: Message[] = [];
  /** Adds a constant and returns its name. */
  const constant = (
    name: string,
    shape: readonly number[],
    values: Float32Array | BigInt64Array,
  ) => {
    constants.push(onnxConstant(name, shape, values));
    return name;
  };
  /** Adds a node and returns the name of its output. */
  const node = (
    operator: string,
    inputs: readonly string[],
    output: string,
    attributes?: Readonly<Record<string, number>>,
  ): string => {
    nodes.push(onnxNode(operator, inputs, output, attributes));
    return output;
  };
  const graph = { constant, node };

  const network = addNetwork(graph, rule);
  const usable = addUsable(graph, network);
  const { action } = rule;
  const outputs =
    action.kind === 'box'
      ? addBoxAction(graph, action, network, usable)
      : addChoices(graph, action, network, usable);
  const observation = onnxValue('observation', 'float32', ['batch', rule.inputs]);
  const mask = onnxValue('actionMask', 'bool', ['batch', rule.outputs]);
  return onnxModel({
    name: 'policy',
    producerVersion: labels.programVersion,
    description: `Policy ${labels.name}; policy.json beside this file describes it.`,
    nodes,
    constants,
    inputs: action.kind === 'choices' && action.masked ? [observation, mask] : [observation],
    outputs,
    metadata: { policy: labels.name },
  });
}

interface Graph {
  constant(name: string, shape: readonly number[], values: Float32Array | BigInt64Array): string;
  node(
    operator: string,
    inputs: readonly string[],
    output: string,
    attributes?: Readonly<Record<string, number>>,
  ): string;
}

/** From the observation to the output of the last layer. */
function addNetwork({ constant, node }: Graph, rule: DecisionRule): string {
  const { normaliser, layers, activation } = rule;
  let x = 'observation';
  if (normaliser) {
    const mean = constant('normaliser/mean', [rule.inputs], normaliser.mean);
    const deviation = constant('normaliser/deviation', [rule.inputs], normaliser.deviation);
    const low = constant('normaliser/low', [], Float32Array.of(-normaliser.clip));
    const high = constant('normaliser/high', [], Float32Array.of(normaliser.clip));
    x = node('Sub', [x, mean], 'normaliser/centred');
    x = node('Div', [x, deviation], 'normaliser/standardised');
    x = node('Clip', [x, low, high], 'normaliser/clipped');
  }
  layers.forEach(({ inputs, outputs, weights, bias }, index) => {
    const layer = `layer${index}`;
    const matrix = constant(`${layer}/weights`, [inputs, outputs], weights);
    const shift = constant(`${layer}/bias`, [outputs], bias);
    x = node('Gemm', [x, matrix, shift], `${layer}/affine`);
    if (index < layers.length - 1) {
      x = node(activation === 'tanh' ? 'Tanh' : 'Relu', [x], `${layer}/${activation}`);
    }
  });
  return x;
}

/** [batch, 1] bool: observation and network output are finite. v − v is 0 for finite v, else NaN. */
function addUsable({ constant, node }: Graph, network: string): string {
  const axes = constant('usable/axes', [1], BigInt64Array.of(1n));
  const zero = constant('usable/zero', [], Float32Array.of(0));
  const [inputs, outputs] = ['observation', network].map((value, index) => {
    const part = `usable/${index === 0 ? 'observation' : 'output'}`;
    const difference = node('Sub', [value, value], `${part}Difference`);
    return node('ReduceSum', [difference, axes], `${part}Sum`, { keepdims: 1 });
  });
  return node('Equal', [node('Add', [inputs!, outputs!], 'usable/sum'), zero], 'usable');
}

function addBoxAction(
  { constant, node }: Graph,
  rule: BoxRule,
  x: string,
  usable: string,
): Message[] {
  const size = rule.centre.length;
  const vector = (name: 'centre' | 'scale' | 'low' | 'high' | 'safe'): string =>
    constant(`action/${name}`, [size], rule[name]);
  const scaled = node('Mul', [x, vector('scale')], 'action/scaled');
  const mean = node('Add', [scaled, vector('centre')], 'mean');
  const raised = node('Max', [mean, vector('low')], 'action/raised');
  const clipped = node('Min', [raised, vector('high')], 'action/clipped');
  node('Where', [usable, clipped, vector('safe')], 'action');
  return [
    onnxValue('action', 'float32', ['batch', size]),
    onnxValue('mean', 'float32', ['batch', size]),
  ];
}

function addChoices(
  { constant, node }: Graph,
  rule: ChoiceRule,
  x: string,
  usable: string,
): Message[] {
  const total = rule.sizes.reduce((sum, n) => sum + n, 0);
  const heads = rule.sizes.length;
  node('Identity', [x], 'logits');
  const safe = constant('action/safeLogits', [total], safeLogitsOf(rule));
  let decisive = node('Where', [usable, 'logits', safe], 'action/decisive');
  if (rule.masked) {
    const refused = constant('action/refused', [], Float32Array.of(maskedLogit));
    decisive = node('Where', ['actionMask', decisive, refused], 'action/masked');
  }
  const starts = startsOf(rule);
  const axis = constant('action/axis', [1], BigInt64Array.of(1n));
  const choices = rule.sizes.map((size, head) => {
    const start = constant(`head${head}/start`, [1], BigInt64Array.of(BigInt(starts[head]!)));
    const end = constant(`head${head}/end`, [1], BigInt64Array.of(BigInt(starts[head]! + size)));
    const part = node('Slice', [decisive, start, end, axis], `head${head}/logits`);
    return node('ArgMax', [part], `head${head}/choice`, { axis: 1, keepdims: rule.flat ? 0 : 1 });
  });
  const all = rule.flat ? choices[0]! : node('Concat', choices, 'action/choices', { axis: 1 });
  node('Cast', [all], 'action', { to: elementTypes.int32 });
  return [
    onnxValue('action', 'int32', rule.flat ? ['batch'] : ['batch', heads]),
    onnxValue('logits', 'float32', ['batch', total]),
  ];
}
