import * as tf from '@tensorflow/tfjs';

import type { PolicyForward } from './check-export';
import type { DecisionRule } from './decision-rule';
import type { Act } from './javascript-policy';
import { tfjsHandler, type TfjsModel } from './tfjs-policy';

/** Runs the text of `policy.cjs`. */
export function runJavascript(source: string, rule: DecisionRule): PolicyForward {
  const exported = {} as { act: Act };
  new Function('exports', source)(exported);
  return (observations, rows, mask) => {
    const action: number[] = [];
    for (let row = 0; row < rows; row += 1) {
      const observation = observations.subarray(row * rule.inputs, (row + 1) * rule.inputs);
      const allowed = mask?.subarray(row * rule.outputs, (row + 1) * rule.outputs);
      const decision = exported.act(observation, allowed);
      if (typeof decision === 'number') action.push(decision);
      else decision.forEach((value) => action.push(value));
    }
    return { action, logits: null };
  };
}

/** Runs a TensorFlow.js model on the current backend. */
export function runTfjs(content: TfjsModel, rule: DecisionRule): PolicyForward {
  const withLogits = rule.action.kind === 'choices';
  return async (observations, rows, mask) => {
    const model = await tf.loadGraphModel(tfjsHandler(content));
    const inputs = {
      observation: tf.tensor2d(observations, [rows, rule.inputs]),
      ...(mask ? { actionMask: tf.tensor2d(mask, [rows, rule.outputs], 'bool') } : {}),
    };
    const names = withLogits ? ['action', 'logits'] : ['action'];
    const outputs = [model.execute(inputs, names)].flat();
    const [action, logits] = await Promise.all(outputs.map((tensor) => tensor.data()));
    tf.dispose([inputs, outputs]);
    model.dispose();
    return { action: action!, logits: logits ?? null };
  };
}

/** The part of onnxruntime's interface that is used, the same in onnxruntime-node and -web. */
interface OnnxRuntime {
  readonly Tensor: new (type: string, data: Float32Array | Uint8Array, dims: number[]) => object;
  readonly InferenceSession: {
    create(model: Uint8Array): Promise<{
      run(feeds: Record<string, object>): Promise<Record<string, { data: ArrayLike<number> }>>;
      release(): Promise<void>;
    }>;
  };
}

/** onnxruntime-node, which the user may have installed; null where it is not found. */
export async function findOnnxRuntime(): Promise<OnnxRuntime | null> {
  const name = 'onnxruntime-node';
  try {
    const found = (await import(name)) as OnnxRuntime & { readonly default?: OnnxRuntime };
    return found.default ?? found;
  } catch {
    return null;
  }
}

/** Runs an ONNX model. */
export function runOnnx(
  runtime: OnnxRuntime,
  content: Uint8Array,
  rule: DecisionRule,
): PolicyForward {
  return async (observations, rows, mask) => {
    const session = await runtime.InferenceSession.create(content);
    const { Tensor } = runtime;
    const outputs = await session.run({
      observation: new Tensor('float32', observations, [rows, rule.inputs]),
      ...(mask ? { actionMask: new Tensor('bool', mask, [rows, rule.outputs]) } : {}),
    });
    await session.release();
    return { action: outputs['action']!.data, logits: outputs['logits']?.data ?? null };
  };
}
