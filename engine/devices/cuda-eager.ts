import * as tf from '@tensorflow/tfjs';

import { arrange } from '../compile/arrange';
import type { Graph } from '../compile/graph';
import { type ArgumentSpec, record } from '../compile/trace';
import { CompileError, isDType, sizeOf } from '../compile/traced';
import { unifyGraphs } from '../compile/unify';
import { kernelNames } from '../random-kernels';
import type { CudaBackend, CudaDeviceProgram } from './cuda-backend';

/** A kernel of TensorFlow.js with its inputs and attributes. */
export interface KernelCall {
  readonly kernelName: string;
  readonly inputs: Readonly<Record<string, tf.TensorInfo>>;
  readonly attributes: Readonly<Record<string, unknown>>;
}

type Attempt = { readonly program: CudaDeviceProgram } | { readonly reason: string };

/** Programs of single kernels, by backend and what they are called with. */
const known = new WeakMap<CudaBackend, Map<string, Attempt>>();

/** Sizes that a kernel is recorded at; what depends on them shows. */
const recordedSizes = [100_003, 97] as const;

/** More entries than this are not worked on as parameters, one by one in the text of a program. */
const mostEntries = 2 ** 20;

/**
 * Runs one kernel as a program of its own, compiled when it is first called with such shapes; where rows
 * do not depend on each other, for any number of them.
 * @returns null and the reason if it cannot be compiled
 */
export function runCompiled(
  backend: CudaBackend,
  call: KernelCall,
): { readonly outputs: tf.TensorInfo[] } | { readonly outputs: null; readonly reason: string } {
  const tensors = Object.values(call.inputs);
  let reason = '';
  for (const isRow of divisions(call)) {
    const rows = rowsOf(tensors, isRow);
    for (const size of rows === null ? [null] : [null, rows]) {
      const attempt = attemptOf(backend, call, isRow, size);
      if ('program' in attempt) {
        return { outputs: backend.runProgram(attempt.program, tensors, rows ?? 1) };
      }
      reason ||= attempt.reason;
    }
  }
  return { outputs: null, reason };
}

/** Which inputs have their rows along axis 0, in the order in which it is tried. */
function divisions({ kernelName, inputs }: KernelCall): (readonly boolean[])[] {
  const shapes = Object.values(inputs).map(({ shape }) => shape);
  switch (kernelName) {
    case kernelNames.draw:
      return [shapes.map((shape, index) => index > 0 && shape.length > 0)];
    case kernelNames.permutation:
      return [shapes.map(() => false)];
    case 'GatherV2':
      // A table with its entries chosen, then rows that are chosen themselves.
      return [
        [false, shapes[1]!.length > 0],
        [true, false],
        [false, false],
      ];
  }
  const rank = Math.max(0, ...shapes.map((shape) => shape.length));
  const rows = Math.max(
    0,
    ...shapes.filter((shape) => shape.length === rank).map((shape) => shape[0] ?? 0),
  );
  const all = shapes.map((shape) => shape.length > 0 && shape[0] === rows);
  const ofRank = all.map((is, index) => is && shapes[index]!.length === rank);
  const first = all.map((is, index) => is && all.indexOf(true) === index);
  const none = shapes.map(() => false);
  const distinct = new Map([all, ofRank, first, none].map((one) => [one.join(), one]));
  return [...distinct.values()];
}

function rowsOf(tensors: readonly tf.TensorInfo[], isRow: readonly boolean[]): number | null {
  const place = isRow.indexOf(true);
  return place < 0 ? null : tensors[place]!.shape[0]!;
}

/** @param size of the batch; null: any */
function attemptOf(
  backend: CudaBackend,
  call: KernelCall,
  isRow: readonly boolean[],
  size: number | null,
): Attempt {
  let programs = known.get(backend);
  if (!programs) known.set(backend, (programs = new Map()));
  const specs = Object.entries(call.inputs).map(([name, { dtype, shape }], index): ArgumentSpec => {
    if (!isDType(dtype)) throw new CompileError(`${name} is of type ${dtype}`);
    return {
      name,
      dtype,
      shape: shape.map((own, axis) => (axis === 0 && isRow[index] ? -1 : own)),
    };
  });
  const key = JSON.stringify([call.kernelName, call.attributes, specs, size]);
  const existing = programs.get(key);
  if (existing) return existing;
  const attempt = build(backend, call, specs, size);
  programs.set(key, attempt);
  return attempt;
}

function build(
  backend: CudaBackend,
  { kernelName, inputs, attributes }: KernelCall,
  specs: readonly ArgumentSpec[],
  size: number | null,
): Attempt {
  const names = Object.keys(inputs);
  const recordAt = (rows: number): Graph =>
    record(
      kernelName,
      specs,
      (tensors) => {
        const named = Object.fromEntries(names.map((name, index) => [name, tensors[index]!]));
        const result = tf.engine().runKernel(kernelName, named, attributes as tf.NamedAttrMap);
        return (Array.isArray(result) ? result : [result]) as tf.Tensor[];
      },
      rows,
    );
  try {
    let graph: Graph;
    if (size !== null) graph = { ...recordAt(size), rows: size };
    else if (specs.some(({ shape }) => shape.includes(-1))) {
      const [first, second] = recordedSizes.map(recordAt) as [Graph, Graph];
      graph = unifyGraphs(first, second, recordedSizes);
    } else {
      graph = recordAt(recordedSizes[1]);
      const entries = graph.outputs.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
      if (entries > mostEntries) throw new CompileError(`${entries} entries at once`);
    }
    return { program: backend.loadProgram(kernelName, arrange(graph)) };
  } catch (error) {
    if (!(error instanceof CompileError)) throw error;
    return { reason: error.message };
  }
}
