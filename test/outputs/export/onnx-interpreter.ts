import type { PolicyForward } from '../../../outputs/export/check-export';
import { bytesOf, readFields, valuesOf } from '../protobuf-reader';

/** A tensor as nested rows would be: at most two axes, numbers only. */
interface Value {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

const text = (bytes: number | Buffer): string => (bytes as Buffer).toString();
const strings = (bytes: Buffer, number: number): string[] => valuesOf(bytes, number).map(text);

function readConstant(tensor: Buffer): [string, Value] {
  const shape = valuesOf(tensor, 1) as number[];
  const raw = bytesOf(tensor, 9);
  const type = valuesOf(tensor, 2)[0];
  const width = type === 1 ? 4 : 8;
  const data = Array.from({ length: raw.length / width }, (_, i) =>
    type === 1 ? raw.readFloatLE(4 * i) : Number(raw.readBigInt64LE(8 * i)),
  );
  return [bytesOf(tensor, 8).toString(), { shape, data }];
}

/** Elementwise with broadcasting of at most two axes. */
function combine(change: (...values: number[]) => number, ...inputs: Value[]): Value {
  const size = (axis: number): number =>
    Math.max(...inputs.map(({ shape }) => shape[shape.length - axis] ?? 1));
  const [rows, columns] = [size(2), size(1)];
  const at = ({ shape, data }: Value, row: number, column: number): number => {
    const width = shape.at(-1) ?? 1;
    return data[((shape.at(-2) ?? 1) > 1 ? row * width : 0) + (width > 1 ? column : 0)]!;
  };
  const data: number[] = [];
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1) {
      data.push(change(...inputs.map((input) => at(input, row, column))));
    }
  }
  return { shape: [rows, columns], data };
}

const rowsOf = ({ shape, data }: Value): number[][] =>
  Array.from({ length: shape[0]! }, (_, row) => data.slice(row * shape[1]!, (row + 1) * shape[1]!));

const fromRows = (rows: number[][]): Value => ({
  shape: [rows.length, rows[0]!.length],
  data: rows.flat(),
});

/** What the ONNX operator specification says of each operator that exported policies use. */
const operators: Record<string, (inputs: Value[], attributes: Record<string, number>) => Value> = {
  Sub: ([a, b]) => combine((x, y) => x - y, a!, b!),
  Add: ([a, b]) => combine((x, y) => x + y, a!, b!),
  Mul: ([a, b]) => combine((x, y) => x * y, a!, b!),
  Div: ([a, b]) => combine((x, y) => x / y, a!, b!),
  Min: ([a, b]) => combine(Math.min, a!, b!),
  Max: ([a, b]) => combine(Math.max, a!, b!),
  Clip: ([a, low, high]) => combine((x, l, h) => Math.min(Math.max(x, l), h), a!, low!, high!),
  Equal: ([a, b]) => combine((x, y) => Number(x === y), a!, b!),
  Where: ([c, a, b]) => combine((yes, x, y) => (yes ? x : y), c!, a!, b!),
  Identity: ([a]) => a!,
  Cast: ([a]) => a!,
  Tanh: ([a]) => combine(Math.tanh, a!),
  Relu: ([a]) => combine((x) => Math.max(x, 0), a!),
  Gemm: ([a, w, b]) => {
    const weights = rowsOf(w!);
    const product = (x: number[]): number[] => {
      const y = [...b!.data];
      x.forEach((value, i) => weights[i]!.forEach((weight, j) => (y[j]! += value * weight)));
      return y;
    };
    return fromRows(rowsOf(a!).map(product));
  },
  ReduceSum: ([a]) => fromRows(rowsOf(a!).map((row) => [row.reduce((sum, v) => sum + v, 0)])),
  Slice: ([a, start, end]) =>
    fromRows(rowsOf(a!).map((row) => row.slice(start!.data[0], end!.data[0]))),
  ArgMax: ([a]) => fromRows(rowsOf(a!).map((row) => [row.indexOf(Math.max(...row))])),
  Concat: (parts) =>
    fromRows(rowsOf(parts[0]!).map((_, i) => parts.flatMap((part) => rowsOf(part)[i]!))),
};

/** Decodes a model and runs it node by node in float64: shares no code with the exporter. */
export function interpretOnnx(model: Buffer): PolicyForward {
  const graph = bytesOf(model, 7);
  const constants = valuesOf(graph, 5).map((tensor) => readConstant(tensor as Buffer));
  const nodes = valuesOf(graph, 1).map((node) => {
    const attributes = valuesOf(node as Buffer, 5).map((attribute) => {
      const fields = new Map(
        readFields(attribute as Buffer).map(({ number, value }) => [number, value]),
      );
      return [text(fields.get(1)!), fields.get(3) as number] as const;
    });
    return {
      inputs: strings(node as Buffer, 1),
      output: strings(node as Buffer, 2)[0]!,
      operator: strings(node as Buffer, 4)[0]!,
      attributes: Object.fromEntries(attributes),
    };
  });
  return (observations, rows, mask) => {
    const values = new Map<string, Value>(constants);
    const matrix = (data: ArrayLike<number>): Value => ({
      shape: [rows, data.length / rows],
      data: Array.from(data),
    });
    values.set('observation', matrix(observations));
    if (mask) values.set('actionMask', matrix(mask));
    for (const { inputs, output, operator, attributes } of nodes) {
      values.set(
        output,
        operators[operator]!(
          inputs.map((input) => values.get(input)!),
          attributes,
        ),
      );
    }
    return { action: values.get('action')!.data, logits: values.get('logits')?.data ?? null };
  };
}

export interface OnnxInterface {
  readonly irVersion: number;
  readonly opset: number;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
}

/** What the model declares: `name type [shape]`. */
export function readOnnxInterface(model: Buffer): OnnxInterface {
  const graph = bytesOf(model, 7);
  const describe = (value: number | Buffer): string => {
    const tensor = bytesOf(value as Buffer, 2, 1);
    const dimensions = valuesOf(bytesOf(tensor, 2), 1).map((dimension) => {
      const size = readFields(dimension as Buffer)[0]!.value;
      return typeof size === 'number' ? size : size.toString();
    });
    return `${bytesOf(value as Buffer, 1)} ${valuesOf(tensor, 1)[0]} [${dimensions.join(', ')}]`;
  };
  return {
    irVersion: valuesOf(model, 1)[0] as number,
    opset: valuesOf(bytesOf(model, 8), 2)[0] as number,
    inputs: valuesOf(graph, 11).map(describe),
    outputs: valuesOf(graph, 12).map(describe),
  };
}
