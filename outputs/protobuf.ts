/**
 * The little of the protocol-buffers wire format that TensorBoard events and ONNX models need
 * (https://protobuf.dev/programming-guides/encoding): a message is the concatenation of its fields.
 */
export type Message = Uint8Array;

const utf8 = new TextEncoder();
const wire = { varint: 0, bits64: 1, bytes: 2, bits32: 5 } as const;

/** A message of fields in the order given. */
export function message(...fields: readonly Uint8Array[]): Message {
  const whole = new Uint8Array(fields.reduce((size, field) => size + field.length, 0));
  let position = 0;
  for (const field of fields) {
    whole.set(field, position);
    position += field.length;
  }
  return whole;
}

/** int32, int64, uint64, bool and enum. @param value a safe integer ≥ 0 */
export const varintField = (number: number, value: number): Uint8Array =>
  message(tag(number, wire.varint), varint(value));

export const floatField = (number: number, value: number): Uint8Array => {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setFloat32(0, value, true);
  return message(tag(number, wire.bits32), bytes);
};

export const doubleField = (number: number, value: number): Uint8Array =>
  message(tag(number, wire.bits64), doubles([value]));

/** Bytes, or a message as a field of another. */
export const bytesField = (number: number, bytes: Uint8Array): Uint8Array =>
  message(tag(number, wire.bytes), varint(bytes.length), bytes);

export const stringField = (number: number, text: string): Uint8Array =>
  bytesField(number, utf8.encode(text));

/** repeated double, packed */
export const doublesField = (number: number, values: readonly number[]): Uint8Array =>
  bytesField(number, doubles(values));

const tag = (number: number, type: number): Uint8Array => varint(number * 8 + type);

function doubles(values: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(8 * values.length);
  const view = new DataView(bytes.buffer);
  values.forEach((value, index) => view.setFloat64(8 * index, value, true));
  return bytes;
}

function varint(value: number): Uint8Array {
  if (!Number.isSafeInteger(value) || value < 0) throw new Error(`${value} is not a varint here.`);
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  bytes.push(rest);
  return Uint8Array.from(bytes);
}
