import type * as tf from '@tensorflow/tfjs';

import type { JsonObject } from '../json';
import {
  type BoxRule,
  type ChoiceRule,
  type DecisionRule,
  maskedLogit,
  safeLogitsOf,
  startsOf,
} from './decision-rule';

/** The content of a TensorFlow.js model's two files. */
export interface TfjsModel {
  /** model.json */
  readonly json: JsonObject & {
    readonly modelTopology: JsonObject;
    readonly weightsManifest: readonly [
      { readonly paths: readonly string[]; readonly weights: readonly JsonObject[] },
    ];
  };
  /** weights.bin */
  readonly weights: Uint8Array;
}

interface Graph {
  constant(name: string, shape: readonly number[], values: Float32Array | Int32Array): string;
  node(operator: string, inputs: readonly string[], name: string, attributes?: JsonObject): string;
}

/**
 * The policy as a TensorFlow.js graph model, for `tf.loadGraphModel`: inputs and outputs as those
 * of `onnxPolicy`.
 */
export function tfjsPolicy(
  rule: DecisionRule,
  labels: { name: string; programVersion: string },
): TfjsModel {
  const nodes: JsonObject[] = [];
  const specs: JsonObject[] = [];
  const chunks: Uint8Array[] = [];
  const graph: Graph = {
    constant(name, shape, values) {
      const floats = values instanceof Float32Array;
      nodes.push({
        name,
        op: 'Const',
        attr: { dtype: { type: floats ? 'DT_FLOAT' : 'DT_INT32' } },
      });
      specs.push({ name, shape, dtype: floats ? 'float32' : 'int32' });
      chunks.push(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
      return name;
    },
    node(op, input, name, attr = {}) {
      nodes.push({ name, op, input, attr });
      return name;
    },
  };
  const placeholder = (name: string, type: string, size: number): void => {
    const shape = { dim: [{ size: '-1' }, { size: String(size) }] };
    nodes.push({ name, op: 'Placeholder', attr: { dtype: { type }, shape: { shape } } });
  };

  const { action } = rule;
  const masked = action.kind === 'choices' && action.masked;
  placeholder('observation', 'DT_FLOAT', rule.inputs);
  if (masked) placeholder('actionMask', 'DT_BOOL', rule.outputs);
  const network = addNetwork(graph, rule);
  const usable = addUsable(graph, network);
  const outputs =
    action.kind === 'box'
      ? addBoxAction(graph, action, network, usable)
      : addChoices(graph, action, network, usable);
  return {
    json: {
      format: 'graph-model',
      generatedBy: `makertaker ${labels.programVersion}`,
      convertedBy: null,
      userDefinedMetadata: { policy: labels.name },
      signature: {
        inputs: {
          observation: tensorInfo('observation', 'DT_FLOAT', [rule.inputs]),
          ...(masked ? { actionMask: tensorInfo('actionMask', 'DT_BOOL', [rule.outputs]) } : {}),
        },
        outputs,
      },
      modelTopology: { node: nodes, library: {}, versions: { producer: 1482 } },
      weightsManifest: [{ paths: ['weights.bin'], weights: specs }],
    },
    weights: new Uint8Array(Buffer.concat(chunks)),
  };
}

/** Lets `tf.loadGraphModel` read a model from memory. */
export const tfjsHandler = ({ json, weights }: TfjsModel): tf.io.IOHandler => ({
  load: async () => ({
    format: 'graph-model',
    modelTopology: json.modelTopology,
    signature: json['signature'] as object,
    weightSpecs: json.weightsManifest[0].weights as unknown as tf.io.WeightsManifestEntry[],
    weightData: weights.slice().buffer,
  }),
});

const tensorInfo = (name: string, dtype: string, shape: readonly number[]): JsonObject => ({
  name: `${name}:0`,
  dtype,
  tensorShape: { dim: [-1, ...shape].map((size) => ({ size: String(size) })) },
});

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
    x = node('RealDiv', [x, deviation], 'normaliser/standardised');
    x = node('Maximum', [x, low], 'normaliser/raised');
    x = node('Minimum', [x, high], 'normaliser/clipped');
  }
  layers.forEach(({ inputs, outputs, weights, bias }, index) => {
    const layer = `layer${index}`;
    const matrix = constant(`${layer}/weights`, [inputs, outputs], weights);
    const shift = constant(`${layer}/bias`, [outputs], bias);
    const product = node('MatMul', [x, matrix], `${layer}/product`, {
      transpose_a: { b: false },
      transpose_b: { b: false },
    });
    x = node('AddV2', [product, shift], `${layer}/affine`);
    if (index < layers.length - 1) {
      x = node(activation === 'tanh' ? 'Tanh' : 'Relu', [x], `${layer}/${activation}`);
    }
  });
  return x;
}

/** [batch, 1] bool: observation and network output are finite. v − v is 0 for finite v, else NaN. */
function addUsable({ constant, node }: Graph, network: string): string {
  const axis = constant('usable/axis', [1], Int32Array.of(1));
  const zero = constant('usable/zero', [], Float32Array.of(0));
  const [inputs, outputs] = ['observation', network].map((value, index) => {
    const part = `usable/${index === 0 ? 'observation' : 'output'}`;
    const difference = node('Sub', [value, value], `${part}Difference`);
    return node('Sum', [difference, axis], `${part}Sum`, { keep_dims: { b: true } });
  });
  return node('Equal', [node('AddV2', [inputs!, outputs!], 'usable/sum'), zero], 'usable');
}

function addBoxAction(
  { constant, node }: Graph,
  rule: BoxRule,
  x: string,
  usable: string,
): JsonObject {
  const size = rule.centre.length;
  const vector = (name: 'centre' | 'scale' | 'low' | 'high' | 'safe'): string =>
    constant(`action/${name}`, [size], rule[name]);
  const scaled = node('Mul', [x, vector('scale')], 'action/scaled');
  const mean = node('AddV2', [scaled, vector('centre')], 'mean');
  const raised = node('Maximum', [mean, vector('low')], 'action/raised');
  const clipped = node('Minimum', [raised, vector('high')], 'action/clipped');
  node('SelectV2', [usable, clipped, vector('safe')], 'action');
  return {
    action: tensorInfo('action', 'DT_FLOAT', [size]),
    mean: tensorInfo('mean', 'DT_FLOAT', [size]),
  };
}

function addChoices(
  { constant, node }: Graph,
  rule: ChoiceRule,
  x: string,
  usable: string,
): JsonObject {
  const total = rule.sizes.reduce((sum, n) => sum + n, 0);
  node('Identity', [x], 'logits');
  const safe = constant('action/safeLogits', [total], safeLogitsOf(rule));
  let decisive = node('SelectV2', [usable, 'logits', safe], 'action/decisive');
  if (rule.masked) {
    const refused = constant('action/refused', [], Float32Array.of(maskedLogit));
    decisive = node('SelectV2', ['actionMask', decisive, refused], 'action/masked');
  }
  const starts = startsOf(rule);
  const axis = constant('action/axis', [], Int32Array.of(1));
  const choices = rule.sizes.map((size, head) => {
    const begin = constant(`head${head}/begin`, [2], Int32Array.of(0, starts[head]!));
    const extent = constant(`head${head}/size`, [2], Int32Array.of(-1, size));
    const part = node('Slice', [decisive, begin, extent], `head${head}/logits`);
    const name = rule.flat ? 'action' : `head${head}/choice`;
    return node('ArgMax', [part, axis], name, { output_type: { type: 'DT_INT32' } });
  });
  if (!rule.flat)
    node('Pack', choices, 'action', { axis: { i: '1' }, N: { i: String(choices.length) } });
  return {
    action: tensorInfo('action', 'DT_INT32', rule.flat ? [] : [rule.sizes.length]),
    logits: tensorInfo('logits', 'DT_FLOAT', [total]),
  };
}
