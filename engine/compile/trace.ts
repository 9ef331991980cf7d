import * as tf from '@tensorflow/tfjs';

import { kernelNames } from '../random-kernels';
import { type LoopRecorder, recordWith } from '../recorder';
import type { Builder } from './builder';
import { createBuilder } from './builder';
import type { DType, Graph, Input, Node, Output, Space } from './graph';
import { elementwiseLowerings } from './lower/elementwise';
import { layoutLowerings } from './lower/layout';
import { createLoopRecorder } from './lower/loops';
import { randomLowerings } from './lower/random';
import { reductionLowerings } from './lower/reductions';
import {
  CompileError,
  guessAxis,
  isDType,
  type Lowering,
  type Recording,
  sizeOf,
  type Traced,
} from './traced';

/** What a recorded function is given: shapes, and where the batch stands. */
export interface ArgumentSpec {
  readonly name: string;
  readonly dtype: DType;
  /** −1 where the batch is. */
  readonly shape: readonly number[];
}

const lowerings: Readonly<Record<string, Lowering>> = {
  ...elementwiseLowerings,
  ...layoutLowerings,
  ...reductionLowerings,
  ...randomLowerings,
};

const backendName = 'makertaker-recording';

/** The tensors of the recording in progress, by their data. */
let known = new WeakMap<object, Traced>();
let recording: Recording | null = null;
/** Where the function that is being recorded was asked to be compiled. */
const batch: Space = { name: 'the batch', size: null };

/**
 * Runs a function once on tensors without values and keeps what it does.
 *
 * The function sees ordinary tensors on a backend of its own; the gradient tape works above backends,
 * so that what `tf.grads` does is recorded as well. Strictly synchronous: the backend in use before is
 * restored whatever happens.
 * @param rows B for the time being
 * @throws CompileError that names the operation and the line of the function
 */
export function record(
  name: string,
  specs: readonly ArgumentSpec[],
  run: (inputs: tf.Tensor[]) => tf.Tensor[],
  rows: number,
): Graph {
  registerOnce();
  const engine = tf.engine() as unknown as {
    backendName: string;
    backendInstance: tf.KernelBackend;
  };
  const before = { name: engine.backendName, instance: engine.backendInstance };
  const outside = { known, recording };
  known = new WeakMap();
  const builder = createBuilder();
  recording = createRecording(builder, rows);
  const inputs: Input[] = specs.map((spec, index) => {
    const axis = spec.shape.indexOf(-1);
    const space = axis < 0 ? null : batch;
    const columns = sizeOf(spec.shape.filter((_, place) => place !== axis));
    const node = builder.make({ op: 'argument', index }, { dtype: spec.dtype, columns, space });
    return { ...spec, axis, node };
  });
  try {
    engine.backendName = backendName;
    engine.backendInstance = backend;
    const outputs = recordWith(loops, () =>
      collect(() =>
        run(
          inputs.map(({ shape, axis, node }) =>
            tensorOf({ node, axis, shape: shape.map((size) => (size < 0 ? rows : size)) }),
          ),
        ),
      ),
    );
    return { name, inputs, outputs, rows: null };
  } finally {
    engine.backendName = before.name;
    engine.backendInstance = before.instance;
    ({ known, recording } = outside);
  }
}

/** The function's results as outputs; its tensors are gone afterwards. */
function collect(run: () => tf.Tensor[]): Output[] {
  const outputs: Output[] = [];
  tf.tidy(() => {
    for (const tensor of run()) {
      const { node, shape, axis } = tracedOf(tensor);
      outputs.push({ node, axis, dtype: node.dtype, shape: shape.map((size, at) => (at === axis ? -1 : size)) });
    }
  });
  return outputs;
}

function createRecording(builder: Builder, rows: number): Recording {
  const spaces = new Map<Node, Space>();
  return {
    builder,
    rows,
    batch,
    count: (factor, power) =>
      builder.make(
        { op: 'count', factor, power },
        { dtype: 'float32', columns: 1, space: null },
      ),
    spaceOf: (index, size) => {
      const existing = spaces.get(index);
      if (existing) return existing;
      const space = { name: `${size} chosen rows`, size };
      spaces.set(index, space);
      return space;
    },
  };
}

function present(): Recording {
  if (!recording) throw new Error('nothing is being recorded');
  return recording;
}

function tracedOf(tensor: { readonly dataId: object }): Traced {
  const traced = known.get(tensor.dataId);
  if (traced) return traced;
  throw located(
    new CompileError(
      'a tensor from outside of the function would be baked in and go stale: pass it as an argument, or make it a constant within by tf.tensor(t.dataSync(), t.shape)',
    ),
  );
}

function infoOf(traced: Traced): tf.TensorInfo {
  const dataId = {};
  known.set(dataId, traced);
  return { dataId, shape: [...traced.shape], dtype: traced.node.dtype };
}

const tensorOf = (traced: Traced): tf.Tensor =>
  (
    tf.engine() as unknown as {
      makeTensorFromTensorInfo(info: tf.TensorInfo, backend: tf.KernelBackend): tf.Tensor;
    }
  ).makeTensorFromTensorInfo(infoOf(traced), backend);

const loops: LoopRecorder = createLoopRecorder(present, tracedOf, tensorOf);

/** Adds the line of the function that was being recorded to an error. */
function located(error: CompileError): CompileError {
  const frame = (error.stack ?? '')
    .split('\n')
    .slice(1)
    .find((line) => !/node_modules|node:|[/\\]engine[/\\]/.test(line));
  const place = frame && /\(?((?:[A-Za-z]:)?[^\s()]+:\d+):\d+\)?$/.exec(frame.trim())?.[1];
  if (place && !error.message.includes(place)) error.message += ` (at ${place})`;
  return error;
}

/** A backend that notes operations instead of doing them. */
class RecordingBackend extends tf.KernelBackend {
  override write(
    given: Parameters<tf.KernelBackend['write']>[0],
    shape: number[],
    dtype: tf.DataType,
  ): object {
    if (!isDType(dtype)) throw located(new CompileError(`tensors of type ${dtype}`));
    const values = given as ArrayLike<number>;
    const { builder } = present();
    const size = sizeOf(shape);
    const first = values[0] ?? 0;
    let isSame = true;
    for (let place = 1; place < size && isSame; place += 1) {
      isSame = Object.is(values[place], first);
    }
    const node = builder.constant(isSame ? [first] : values, dtype);
    const axis = isSame ? guessAxis(present(), shape) : -1;
    return infoOf({ node, shape, axis }).dataId;
  }

  override readSync(): never {
    throw located(new CompileError('a value is read on the host (dataSync, arraySync, a branch on a value); choose by tf.where, branch, scan or iterate'));
  }

  override read(): never {
    return this.readSync();
  }

  override disposeData = () => true;
  override refCount = () => 1;
  override incRef(): void {}
  override numDataIds = () => 0;
  override floatPrecision = () => 32 as const;
  override memory = () => ({ unreliable: true });
  override dispose(): void {}
}

const backend = new RecordingBackend();

const inputNames = (inputs: object): tf.TensorInfo[] => Object.values(inputs) as tf.TensorInfo[];

let registered = false;

/** Makes the kernels of the recording backend known; those without a lowering say so when they are used. */
function registerOnce(): void {
  if (registered) return;
  registered = true;
  const names = new Set([
    ...tf.getKernelsForBackend('cpu').map(({ kernelName }) => kernelName),
    ...Object.keys(lowerings),
    ...Object.values(kernelNames),
  ]);
  for (const kernelName of names) {
    tf.registerKernel({
      kernelName,
      backendName,
      kernelFunc: ({ inputs, attrs }) => {
        try {
          const lower = lowerings[kernelName];
          if (!lower) throw new CompileError('is not among the operations that can be compiled');
          const traced = lower(
            present(),
            inputNames(inputs).map(tracedOf),
            (attrs ?? {}) as Record<string, unknown>,
          );
          return Array.isArray(traced) ? traced.map(infoOf) : infoOf(traced as Traced);
        } catch (error) {
          if (!(error instanceof Error)) throw error;
          if (error instanceof CompileError && error.message.startsWith('a tensor from')) throw error;
          throw located(new CompileError(`${kernelName}: ${error.message.replace(/^.*?: (?=.*\(at )/, '')}`));
        }
      },
    });
  }
}
