import * as tf from '@tensorflow/tfjs';

import { isRecording } from '../recorder';
import { leavesOf, mapTrees, type TensorTree, tidyTree } from '../tensors';
import { arrange } from './arrange';
import { commonText, printC } from './emit/c-program';
import type { Graph } from './graph';
import { printGraph, printSchedule } from './print';
import { type ArrayBackend, arrayTypes } from './run/array-backend';
import { type DeviceProgram, isDeviceBackend } from './run/device';
import { compileAhead, loadNative, type NativeProgram } from './run/native';
import { type ArgumentSpec, type Captures, record } from './trace';
import { CompileError, isDType, sizeOf } from './traced';
import { unifyGraphs } from './unify';

/** What a compiled function takes: trees of tensors, told apart by where the batch stands. */
export interface CompiledArguments {
  /** Every leaf [B, …]. */
  readonly rows?: TensorTree;
  /** Every leaf [T, B, …]. */
  readonly series?: TensorTree;
  /** No batch in them: weights, coefficients, keys, step counters. */
  readonly parameters?: TensorTree;
}

export interface CompileOptions {
  /** Names the program in errors and in what the debug switch shows. */
  readonly name: string;
  /** What happens to a function that cannot be compiled. Default `error`. */
  readonly fallback?: 'error' | 'eager';
  /**
   * Tensors that the function takes from outside of its arguments. `refuse` (the default): an error, as a
   * program would go on with the old one where a variable gets a new tensor. `bind`: the tensors met
   * while recording are inputs for good; they must live as long as the function is called.
   */
  readonly captures?: Captures;
}

/**
 * A function of tensors as one fused program, on devices that compile; elsewhere the function itself.
 *
 * It is recorded at its first call and whenever the shape of a row, a parameter or the number of steps
 * changes; another batch size reuses the program, unless what the function does depends on the size. It
 * must be pure: the same operations whatever the values (`tf.where`, `branch`, `scan`, `iterate`), and
 * no tensors but its arguments and the constants it makes. It is not recorded by a gradient tape around
 * it: take gradients inside.
 * @returns the function; its results are new tensors, the caller's
 * @throws CompileError at a call, naming the operation and the line of the function
 */
export function compile<Arguments extends CompiledArguments, Result extends TensorTree>(
  compute: (given: Arguments) => Result,
  options: CompileOptions,
): (given: Arguments) => Result {
  const { name, fallback = 'error', captures = 'refuse' } = options;
  const entries = new Map<string, Entry<Result>>();
  let isEager = false;

  const entryFor = (given: Arguments, call: Call, device: string): Entry<Result> => {
    const key = `${device} ${call.key}`;
    const general = entries.get(key);
    if (general) return general;
    const fixedKey = `${key} B = ${call.rows}`;
    const fixed = entries.get(fixedKey);
    if (fixed) return fixed;
    const entry = build(name, compute, given, call, captures);
    entries.set(entry.graph.rows === null ? key : fixedKey, entry);
    return entry;
  };

  return (given) => {
    const device = isRecording() || isEager ? null : compiledDevice();
    if (!device) return tidyTree(() => compute(given));
    try {
      const call = describeCall(given);
      const entry = entryFor(given, call, device);
      if (collecting && !entry.onDevice) collecting.add(entry.source);
      return run(entry, call);
    } catch (error) {
      if (!(error instanceof CompileError)) throw error;
      if (fallback === 'error') throw new CompileError(`${name}: ${error.message}`);
      console.warn(`${name} runs eagerly: ${error.message}`);
      isEager = true;
      return tidyTree(() => compute(given));
    }
  };
}

interface Entry<Result extends TensorTree> {
  readonly graph: Graph;
  readonly source: string;
  /** The shape of the result, its tensors long disposed of. */
  readonly template: Result;
  /** Tensors from outside, inputs after the arguments. */
  readonly captured: readonly tf.TensorInfo[];
  /** Sizes that were looked at: a function may do something else for more rows. */
  readonly mostRows: number;
  program: NativeProgram | null;
  /** On a device that has its own programs. */
  readonly onDevice: DeviceProgram | null;
}

/** The tensors of one call. */
interface Call {
  readonly key: string;
  readonly specs: readonly ArgumentSpec[];
  readonly tensors: readonly tf.Tensor[];
  readonly rows: number;
}

/** The tensors of a tree in order, with their paths: records of the same tensors in another order differ. */
function namedLeaves(tree: TensorTree, name: string): { name: string; tensor: tf.Tensor }[] {
  if (tree instanceof tf.Tensor) return [{ name, tensor: tree }];
  return Object.entries(tree).flatMap(([key, part]) =>
    namedLeaves(part as TensorTree, `${name}.${key}`),
  );
}

const groups = [
  ['rows', 0],
  ['series', 1],
  ['parameters', -1],
] as const;

function describeCall(given: CompiledArguments): Call {
  const specs: ArgumentSpec[] = [];
  const tensors: tf.Tensor[] = [];
  let rows: number | null = null;
  for (const [group, axis] of groups) {
    const tree = given[group];
    if (tree === undefined) continue;
    namedLeaves(tree, group).forEach(({ name, tensor }) => {
      const { shape, dtype } = tensor;
      if (!isDType(dtype)) throw new CompileError(`${name} is of type ${dtype}`);
      if (axis >= 0) {
        const own = shape[axis];
        if (own === undefined)
          throw new CompileError(`${name} of shape [${shape}] has no batch axis ${axis}`);
        if (rows !== null && own !== rows) {
          throw new CompileError(`${name} has ${own} rows where others have ${rows}`);
        }
        rows = own;
      }
      specs.push({ name, dtype, shape: shape.map((size, place) => (place === axis ? -1 : size)) });
      tensors.push(tensor);
    });
  }
  const shapes = specs.map(({ name, dtype, shape }) => `${name} ${dtype}[${shape}]`).join(' ');
  return { key: `${tf.engine().backendName}: ${shapes}`, specs, tensors, rows: rows ?? 1 };
}

/**
 * Sizes to record at, unlike any other size: what depends on the batch shows. The small one, and the
 * least of the others that is no smaller than the batch at hand.
 */
const smallSize = 97;
const largeSizes = [10_007, 100_003, 1_000_003, 10_000_019, 100_000_007] as const;

function build<Arguments extends CompiledArguments, Result extends TensorTree>(
  name: string,
  compute: (given: Arguments) => Result,
  given: Arguments,
  { specs, rows }: Call,
  captures: Captures,
): Entry<Result> {
  let template: Result | undefined;
  const recordAt = (size: number): Recorded =>
    record(
      name,
      specs,
      (inputs) => {
        let place = 0;
        const replaced: Record<string, TensorTree> = {};
        for (const [group] of groups) {
          const tree = given[group];
          if (tree !== undefined) replaced[group] = mapTrees(() => inputs[place++]!, tree);
        }
        template = compute(replaced as unknown as Arguments);
        return leavesOf(template);
      },
      size,
      captures,
    );
  const hasRows = specs.some(({ shape }) => shape.includes(-1));
  let graph: Recorded;
  const large = largeSizes.find((size) => size >= rows);
  if (!hasRows) graph = recordAt(smallSize);
  else if (large === undefined) graph = { ...recordAt(rows), rows };
  else {
    const [first, second] = [recordAt(large), recordAt(smallSize)];
    try {
      graph = { ...unifyGraphs(first, second, [large, smallSize]), captured: first.captured };
    } catch (error) {
      if (!(error instanceof CompileError)) throw error;
      graph = { ...recordAt(rows), rows };
    }
  }
  show('graph', () => printGraph(graph));
  const arranged = arrange(graph);
  show('schedule', () => printSchedule(arranged));
  const backend = tf.backend();
  const onDevice = isDeviceBackend(backend) ? backend.loadProgram(name, arranged) : null;
  const source = onDevice ? '' : printC(arranged);
  show('code', () => source.slice(commonText.length));
  const { captured } = graph;
  const mostRows = hasRows ? (large ?? rows) : Infinity;
  return { graph, source, template: template!, captured, mostRows, program: null, onDevice };
}

type Recorded = ReturnType<typeof record>;

/** `MAKERTAKER_SHOW=graph,schedule,code` prints these stages of every program that is built. */
function show(stage: 'graph' | 'schedule' | 'code', text: () => string): void {
  if (process.env['MAKERTAKER_SHOW']?.split(',').includes(stage)) console.error(text());
}

/** The device that runs compiled programs, if the present one does. */
function compiledDevice(): 'native' | 'cuda' | null {
  const name = tf.engine().backendName;
  return name === 'native' || name === 'cuda' ? name : null;
}

/** Whether compiled functions run as programs on the present device. */
export const compilesHere = (): boolean => !isRecording() && compiledDevice() !== null;

function run<Result extends TensorTree>(entry: Entry<Result>, { tensors, rows }: Call): Result {
  const { graph } = entry;
  if (entry.onDevice) return runOnDevice(entry, entry.onDevice, { tensors, rows });
  const backend = tf.backend() as ArrayBackend;
  const inputs = [...tensors, ...entry.captured].map((tensor) => arrayOf(backend, tensor));
  const outputs = graph.outputs.map(({ dtype, shape }) => {
    const full = shape.map((size) => (size < 0 ? rows : size));
    return { dtype, shape: full, values: backend.newArray(dtype, sizeOf(full)) };
  });
  if (!collecting) {
    entry.program ??= loadNative(entry.source);
    entry.program.run([...inputs, ...outputs.map(({ values }) => values)], rows);
  }
  const results = outputs.map(({ dtype, shape, values }) =>
    engineInternals().makeTensorFromTensorInfo(
      { dataId: backend.write(values, shape, dtype), shape, dtype },
      backend,
    ),
  );
  let place = 0;
  return mapTrees(() => results[place++]!, entry.template);
}

/** While programs are collected it runs as well: it is enqueued, and nothing waits for it. */
function runOnDevice<Result extends TensorTree>(
  { captured, template }: Entry<Result>,
  program: DeviceProgram,
  { tensors, rows }: Pick<Call, 'tensors' | 'rows'>,
): Result {
  const backend = tf.backend();
  if (!isDeviceBackend(backend)) throw new Error('the device has changed during a call');
  const results = backend
    .runProgram(program, [...tensors, ...captured], rows)
    .map((info) => engineInternals().makeTensorFromTensorInfo(info, backend));
  let place = 0;
  return mapTrees(() => results[place++]!, template);
}

const engineInternals = () =>
  tf.engine() as unknown as {
    makeTensorFromTensorInfo(info: tf.TensorInfo, backend: tf.KernelBackend): tf.Tensor;
  };

/** A tensor's numbers, without a copy where they are stored as programs expect them. */
function arrayOf(backend: ArrayBackend, tensor: tf.TensorInfo): ArrayBufferView {
  const values = backend.valuesOf(tensor.dataId);
  const type = arrayTypes[tensor.dtype as keyof typeof arrayTypes];
  return values instanceof type ? values : type.from(values);
}

let collecting: Set<string> | null = null;

/**
 * Compiles every program that some work calls, several at a time, before the work is done in earnest:
 * while it is looked through, compiled functions return zeros.
 */
export async function prepare(work: () => void): Promise<void> {
  if (!compiledDevice()) return;
  const sources = new Set<string>();
  collecting = sources;
  try {
    work();
  } finally {
    collecting = null;
  }
  const queue = [...sources];
  const compileNext = async (): Promise<void> => {
    for (let source = queue.shift(); source !== undefined; source = queue.shift()) {
      await compileAhead(source);
    }
  };
  await Promise.all([compileNext(), compileNext(), compileNext(), compileNext()]);
}
