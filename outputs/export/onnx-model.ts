import { bytesField, type Message, message, stringField, varintField } from '../protobuf';

/** Element types of ONNX's TensorProto. */
export const elementTypes = { float32: 1, int32: 6, int64: 7, bool: 9 } as const;

/**
 * The messages of an ONNX model (onnx.proto), as far as policies need them. Opset 17 and IR version
 * 8 are what onnxruntime reads since 1.12.
 */
const operatorSet = 17;
const representation = 8;

export interface OnnxModel {
  readonly name: string;
  readonly producerVersion: string;
  readonly description: string;
  readonly nodes: readonly Message[];
  readonly constants: readonly Message[];
  readonly inputs: readonly Message[];
  readonly outputs: readonly Message[];
  readonly metadata: Readonly<Record<string, string>>;
}

/** ModelProto */
export function onnxModel(model: OnnxModel): Message {
  const graph = message(
    ...model.nodes.map((node) => bytesField(1, node)),
    stringField(2, model.name),
    ...model.constants.map((tensor) => bytesField(5, tensor)),
    ...model.inputs.map((value) => bytesField(11, value)),
    ...model.outputs.map((value) => bytesField(12, value)),
  );
  return message(
    varintField(1, representation),
    stringField(2, 'makertaker'),
    stringField(3, model.producerVersion),
    stringField(6, model.description),
    bytesField(7, graph),
    bytesField(8, message(stringField(1, ''), varintField(2, operatorSet))),
    ...Object.entries(model.metadata).map(([key, value]) =>
      bytesField(14, message(stringField(1, key), stringField(2, value))),
    ),
  );
}

/** NodeProto with one output and integer attributes. */
export const onnxNode = (
  operator: string,
  inputs: readonly string[],
  output: string,
  attributes: Readonly<Record<string, number>> = {},
): Message =>
  message(
    ...inputs.map((input) => stringField(1, input)),
    stringField(2, output),
    stringField(3, output),
    stringField(4, operator),
    ...Object.entries(attributes).map(([name, value]) =>
      bytesField(5, message(stringField(1, name), varintField(3, value), varintField(20, 2))),
    ),
  );

/** TensorProto of float32 or int64. @param shape [] is a scalar */
export function onnxConstant(
  name: string,
  shape: readonly number[],
  values: Float32Array | BigInt64Array,
): Message {
  const type = values instanceof Float32Array ? elementTypes.float32 : elementTypes.int64;
  return message(
    ...shape.map((size) => varintField(1, size)),
    varintField(2, type),
    stringField(8, name),
    bytesField(9, new Uint8Array(values.buffer, values.byteOffset, values.byteLength)),
  );
}

/** ValueInfoProto of a tensor. @param shape a name for a size that varies */
export const onnxValue = (
  name: string,
  type: keyof typeof elementTypes,
  shape: readonly (number | string)[],
): Message => {
  const dimensions = shape.map((size) =>
    bytesField(1, typeof size === 'number' ? varintField(1, size) : stringField(2, size)),
  );
  const tensor = message(varintField(1, elementTypes[type]), bytesField(2, message(...dimensions)));
  return message(stringField(1, name), bytesField(2, bytesField(1, tensor)));
};
