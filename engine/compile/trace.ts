import * as tf from '@tensorflow/tfjs';

import { kernelNames } from '../random-kernels';
import { type LoopRecorder, recordWith } from '../recorder';
import type { Builder } from './builder';
import { createBuilder } from './builder';
import type { DType, Graph, Input, Node, Output, Space } from './graph';
import { elementwiseLowerings } from './lower/elementwise';
import { gatherLowerings } from './lower/gather';
import { layoutLowerings } from './lower/layout';
import { createLoopRecorder } from './lower/loops';
import { productLowerings } from './lower/products';
import { randomLowerings } from './lower/random';
import { reductionLowerings } from './lower/reductions';
import {
  CompileError,
  expanded,
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
  ...gatherLowerings,
  ...reductionLowerings,
  ...productLowerings,
  ...randomLowerings,
};

const backendName = 'makertaker-recording';
/** Arrays of more zeros than this are not looked through for negative ones. */
const mostTold = 4096;

/** What to do with a tensor that is no argument: an error, or an input bound to it for good. */
export type Captures = 'refuse' | 'bind';

/** The tensors of the recording in progress, by their data. */
let known = new WeakMap<object, Traced>();
let recording: Recording | null = null;
/** Takes in a tensor from outside, if that is allowed. */
let bind: ((tensor: tf.TensorInfo) => Traced) | null = null;
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
  captures: Captures = 'refuse',
): Graph & { readonly captured: readonly tf.TensorInfo[] } {
  registerOnce();
  const engine = tf.engine() as unknown as {
    backendName: string;
    backendInstance: tf.KernelBackend;
  };
  const before = { name: engine.backendName, instance: engine.backendInstance };
  const outside = { known, recording, bind };
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
  const captured: tf.TensorInfo[] = [];
  const bindInput = (tensor: tf.TensorInfo): Traced => {
    const { shape, dtype } = tensor;
    if (!isDType(dtype)) throw new CompileError(`a tensor of type ${dtype}`);
    const node = builder.make(
      { op: 'argument', index: inputs.length },
      { dtype, columns: sizeOf(shape), space: null },
    );
    inputs.push({ name: `captured[${captured.length}]`, dtype, shape, axis: -1, node });
    captured.push({ dataId: tensor.dataId, shape, dtype });
    const traced = { node, shape, axis: -1 };
    known.set(tensor.dataId, traced);
    return traced;
  };
  bind = captures === 'bind' ? bindInput : null;
  const frames = Error.stackTraceLimit;
  try {
    // Between an operation and the function that calls it stand a dozen frames of TensorFlow.js.
    Error.stackTraceLimit = 60;
    engine.backendName = backendName;
    engine.backendInstance = backend;
    const outputs = recordWith(loops, () =>
      collect(inputs, () =>
        run(
          inputs.map(({ shape, axis, node }) =>
            tensorOf({ node, axis, shape: shape.map((size) => (size < 0 ? rows : size)) }),
          ),
        ),
      ),
    );
    return { name, inputs, outputs, rows: null, captured };
  } finally {
    engine.backendName = before.name;
    engine.backendInstance = before.instance;
    Error.stackTraceLimit = frames;
    ({ known, recording, bind } = outside);
  }
}

/** The function's results as outputs; its tensors are gone afterwards. */
function collect(inputs: readonly Input[], run: () => tf.Tensor[]): Output[] {
  let outputs: Output[] = [];
  tf.tidy(() => {
    outputs = run().map((tensor) => outputOf(inputs, tracedOf(tensor)));
  });
  return outputs;
}

function outputOf(inputs: readonly Input[], traced: Traced): Output {
  const { builder, rows } = present();
  const { axis } = traced;
  const node = expanded(present(), traced);
  const { dtype, columns, space } = node;
  // Rows chosen from the batch are as many whatever its size.
  const ofBatch = space ? space.size === null : axis >= 0 && traced.shape[axis] === rows;
  const shape = traced.shape.map((size, at) => (at === axis && ofBatch ? -1 : size));
  if (!space && axis >= 0 && !ofBatch) {
    const inner = sizeOf(shape.slice(axis + 1));
    const period = shape[axis]! * inner;
    const spread = Int32Array.from(
      { length: sizeOf(shape) },
      (_, at) => Math.floor(at / period) * inner + (at % inner),
    );
    return { node: builder.pick([node], spread), axis: -1, dtype, shape };
  }
  if (isInPlace(inputs, node, shape, axis)) return { node, axis, dtype, shape };
  const copy = builder.make(
    { op: 'pick', source: Int32Array.from({ length: columns }, (_, at) => at), fill: 0 },
    { inputs: [node], dtype, columns },
  );
  return { node: copy, axis, dtype, shape };
}

/** Whether the rows of an input, or what a loop puts out step by step, lie in a result as they come. */
function isInPlace(
  inputs: readonly Input[],
  node: Node,
  shape: readonly number[],
  axis: number,
): boolean {
  if (!node.space) return true;
  const stride = sizeOf(shape.slice(axis + 1));
  if (node.op === 'stack') return (node.columns / node.of.length) % stride === 0;
  if (node.op !== 'argument') return true;
  const input = inputs[node.index]!;
  return sizeOf(input.shape.slice(input.axis + 1)) === stride;
}

function createRecording(builder: Builder, rows: number): Recording {
  const spaces = new Map<Node, Space>();
  return {
    builder,
    rows,
    batch,
    count: (factor, power) =>
      builder.make({ op: 'count', factor, power }, { dtype: 'float32', columns: 1, space: null }),
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

function tracedOf(tensor: tf.TensorInfo): Traced {
  const traced = known.get(tensor.dataId);
  if (traced) return traced;
  if (bind) return bind(tensor);
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

/** The folder of the engine as it stands in stacks. */
const ownFolder =
  /\(?((?:[A-Za-z]:)?[^\s()]+[/\\])compile[/\\]trace\.[jt]s:/.exec(new Error().stack ?? '')?.[1] ??
  __dirname;

/** Adds the line of the function that was being recorded to an error. */
function located(error: CompileError): CompileError {
  const frame = (error.stack ?? '')
    .split('\n')
    .slice(1)
    .find(
      (line) =>
        /:\d+\)?$/.test(line) &&
        !/node_modules|node:|[/\\]tfjs-/.test(line) &&
        !line.includes(ownFolder),
    );
  const place = frame && /\(?((?:[A-Za-z]:)?[^\s()]+:\d+):\d+\)?$/.exec(frame.trim())?.[1];
  if (place && !error.message.includes(place)) error.message += ` (at ${place})`;
  return error;
}

/** Whether all entries are one number. */
function areSame(values: ArrayLike<number>, size: number): boolean {
  if (values instanceof Float32Array || values instanceof Int32Array) {
    // What is filled equals itself one entry further, byte by byte.
    const bytes = Buffer.from(values.buffer, values.byteOffset, values.byteLength);
    const entry = values.BYTES_PER_ELEMENT;
    if (values.length <= 1 || bytes.subarray(entry).equals(bytes.subarray(0, -entry))) return true;
  }
  const first = values[0] ?? 0;
  for (let place = 1; place < size; place += 1) if (values[place] !== first) return false;
  return true;
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
    let isSame = areSame(values, size);
    // 0 and −0 are told apart.
    if (isSame && first === 0 && size <= mostTold) {
      for (let place = 1; place < size; place += 1) isSame &&= Object.is(values[place], first);
    }
    const node = builder.constant(isSame ? [first] : values, dtype);
    const axis = isSame ? guessAxis(present(), shape) : -1;
    return infoOf({ node, shape, axis }).dataId;
  }

  override readSync(): never {
    throw located(
      new CompileError(
        'a value is read on the host (dataSync, arraySync, a branch on a value); choose by tf.where, branch, scan or iterate',
      ),
    );
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
          if (error instanceof CompileError && error.message.startsWith('a tensor from'))
            throw error;
          throw located(
            new CompileError(`${kernelName}: ${error.message.replace(/^.*?: (?=.*\(at )/, '')}`),
          );
        }
      },
    });
  }
}
