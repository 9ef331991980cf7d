import * as tf from '@tensorflow/tfjs';

import type { PolicyForward } from './check-export';
import type { DecisionRule } from './decision-rule';
import type { Act } from './javascript-policy';
import { type Latency, timeDecisions } from './latency';
import { tfjsHandler, type TfjsModel } from './tfjs-policy';

/** What runs an exported policy on this machine, or why nothing does. */
export type Runtime =
  | {
      readonly kind: 'present';
      readonly forward: PolicyForward;
      /** Times decisions one by one. @param observations [rows, O], taken in turn */
      time(observations: Float32Array, rows: number, decisions: number): Promise<Latency>;
      dispose?(): void;
    }
  | { readonly kind: 'missing'; readonly reason: string };

/** Each row in turn, [O]. */
const rowsInTurn =
  (observations: Float32Array, rows: number, inputs: number) =>
  (count: number): Float32Array =>
    observations.subarray((count % rows) * inputs, ((count % rows) + 1) * inputs);

/** Runs the text of `policy.cjs`. */
export function javascriptRuntime(source: string, rule: DecisionRule): Runtime {
  const exported = {} as { act: Act };
  new Function('exports', source)(exported);
  const { act } = exported;
  return {
    kind: 'present',
    forward(observations, rows, mask) {
      const action: number[] = [];
      for (let row = 0; row < rows; row += 1) {
        const observation = observations.subarray(row * rule.inputs, (row + 1) * rule.inputs);
        const allowed = mask?.subarray(row * rule.outputs, (row + 1) * rule.outputs);
        const decision = act(observation, allowed);
        if (typeof decision === 'number') action.push(decision);
        else decision.forEach((value) => action.push(value));
      }
      return { action, logits: null };
    },
    time(observations, rows, decisions) {
      const row = rowsInTurn(observations, rows, rule.inputs);
      return timeDecisions((count) => {
        act(row(count));
      }, decisions);
    },
  };
}

/** Runs a TensorFlow.js model on the current backend. */
export function tfjsRuntime(content: TfjsModel, rule: DecisionRule): Runtime {
  const names = rule.action.kind === 'choices' ? ['action', 'logits'] : ['action'];
  const open = (): Promise<tf.GraphModel> => tf.loadGraphModel(tfjsHandler(content));
  const decide = async (
    model: tf.GraphModel,
    ...[observations, rows, mask]: Parameters<PolicyForward>
  ) => {
    const inputs = {
      observation: tf.tensor2d(observations, [rows, rule.inputs]),
      ...(mask ? { actionMask: tf.tensor2d(mask, [rows, rule.outputs], 'bool') } : {}),
    };
    const outputs = [model.execute(inputs, names)].flat();
    const [action, logits] = await Promise.all(outputs.map((tensor) => tensor.data()));
    tf.dispose([inputs, outputs]);
    return { action: action!, logits: logits ?? null };
  };
  return {
    kind: 'present',
    async forward(...given) {
      const model = await open();
      const decisions = await decide(model, ...given);
      model.dispose();
      return decisions;
    },
    async time(observations, rows, decisions) {
      const model = await open();
      const row = rowsInTurn(observations, rows, rule.inputs);
      const allowed = maskOfAll(rule);
      const latency = await timeDecisions(
        (count) => decide(model, row(count), 1, allowed),
        decisions,
      );
      model.dispose();
      return latency;
    },
  };
}

/** A mask that allows everything; null where the model takes none. */
const maskOfAll = ({ action, outputs }: DecisionRule): Uint8Array | null =>
  action.kind === 'choices' && action.masked ? new Uint8Array(outputs).fill(1) : null;

/** The part of onnxruntime's interface that is used, the same in onnxruntime-node and -web. */
interface OnnxLibrary {
  readonly Tensor: new (type: string, data: Float32Array | Uint8Array, dims: number[]) => object;
  readonly InferenceSession: { create(model: Uint8Array): Promise<OnnxSession> };
}

interface OnnxSession {
  run(feeds: Record<string, object>): Promise<Record<string, { data: ArrayLike<number> }>>;
  release(): Promise<void>;
}

/** onnxruntime-node, which the user may have installed; null where it is not found. */
async function findOnnxLibrary(): Promise<OnnxLibrary | null> {
  const name = 'onnxruntime-node';
  try {
    const found = (await import(name)) as OnnxLibrary & { readonly default?: OnnxLibrary };
    return found.default ?? found;
  } catch {
    return null;
  }
}

/** Runs an ONNX model. */
export async function onnxRuntime(content: Uint8Array, rule: DecisionRule): Promise<Runtime> {
  const library = await findOnnxLibrary();
  if (!library) return { kind: 'missing', reason: 'onnxruntime-node is not installed' };
  const { InferenceSession, Tensor } = library;
  const decide = async (
    session: OnnxSession,
    ...[observations, rows, mask]: Parameters<PolicyForward>
  ) => {
    const outputs = await session.run({
      observation: new Tensor('float32', observations, [rows, rule.inputs]),
      ...(mask ? { actionMask: new Tensor('bool', mask, [rows, rule.outputs]) } : {}),
    });
    return { action: outputs['action']!.data, logits: outputs['logits']?.data ?? null };
  };
  return {
    kind: 'present',
    async forward(...given) {
      const session = await InferenceSession.create(content);
      const decisions = await decide(session, ...given);
      await session.release();
      return decisions;
    },
    async time(observations, rows, decisions) {
      const session = await InferenceSession.create(content);
      const row = rowsInTurn(observations, rows, rule.inputs);
      const allowed = maskOfAll(rule);
      const latency = await timeDecisions(
        (count) => decide(session, row(count), 1, allowed),
        decisions,
      );
      await session.release();
      return latency;
    },
  };
}
