import { InputError } from '../engine/input-error';

/** An array on the host, row-major. */
export type ArrayData =
  | { readonly dtype: 'float32'; readonly shape: readonly number[]; readonly data: Float32Array }
  | { readonly dtype: 'float64'; readonly shape: readonly number[]; readonly data: Float64Array }
  | { readonly dtype: 'int32'; readonly shape: readonly number[]; readonly data: Int32Array }
  /** 'bool': one byte an element, 0 or 1. */
  | {
      readonly dtype: 'uint8' | 'bool';
      readonly shape: readonly number[];
      readonly data: Uint8Array;
    };

export interface SafetensorsFile {
  readonly arrays: Readonly<Record<string, ArrayData>>;
  readonly metadata: Readonly<Record<string, string>>;
}

const formats = {
  float64: { code: 'F64', bytes: 8, array: Float64Array },
  float32: { code: 'F32', bytes: 4, array: Float32Array },
  int32: { code: 'I32', bytes: 4, array: Int32Array },
  uint8: { code: 'U8', bytes: 1, array: Uint8Array },
  bool: { code: 'BOOL', bytes: 1, array: Uint8Array },
} as const;

type Dtype = keyof typeof formats;

const dtypeOfCode = new Map(
  (Object.keys(formats) as Dtype[]).map((dtype) => [formats[dtype].code as string, dtype]),
);

/** The format's own limit on the length of the header. */
const longestHeader = 100_000_000;

/**
 * Encodes arrays in the safetensors format (https://huggingface.co/docs/safetensors): the length of
 * the header (8 bytes, little-endian), the header (JSON, padded with spaces to a multiple of 8),
 * the arrays, those with the widest elements first so that each is aligned. Equal input, equal bytes.
 */
export function encodeSafetensors(
  arrays: Readonly<Record<string, ArrayData>>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const entries = Object.entries(arrays).sort(
    ([nameA, a], [nameB, b]) =>
      formats[b.dtype].bytes - formats[a.dtype].bytes || (nameA < nameB ? -1 : 1),
  );
  const header: [string, unknown][] = [];
  if (Object.keys(metadata).length > 0) header.push(['__metadata__', metadata]);
  let end = 0;
  for (const [name, array] of entries) {
    if (name === '__metadata__') throw new Error('An array cannot be named __metadata__.');
    const { code, bytes } = formats[array.dtype];
    if (sizeOf(array.shape) !== array.data.length) {
      throw new Error(
        `Array ${name} has ${array.data.length} elements, its shape [${array.shape.join(', ')}] ${sizeOf(array.shape)}.`,
      );
    }
    const begin = end;
    end += array.data.length * bytes;
    header.push([name, { dtype: code, shape: array.shape, data_offsets: [begin, end] }]);
  }
  const json = new TextEncoder().encode(jsonObject(header));
  const headerLength = Math.ceil(json.length / 8) * 8;
  const file = new Uint8Array(8 + headerLength + end);
  new DataView(file.buffer).setBigUint64(0, BigInt(headerLength), true);
  file.fill(0x20, 8, 8 + headerLength);
  file.set(json, 8);
  let position = 8 + headerLength;
  for (const [, { data }] of entries) {
    file.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), position);
    position += data.byteLength;
  }
  return file;
}

/**
 * Decodes a safetensors file into arrays of its own; the strict counterpart of `encodeSafetensors`.
 * @param source how messages call the file
 * @throws InputError with the reason, for anything that the format does not allow or that is not
 * float64, float32, int32, uint8 or bool
 */
export function decodeSafetensors(file: Uint8Array, source: string): SafetensorsFile {
  const refuse = (reason: string): never => {
    throw new InputError(`${source}: ${reason}`);
  };
  if (file.length < 8) {
    refuse(`truncated: ${file.length} bytes are too few for a safetensors file`);
  }
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const headerLength = Number(view.getBigUint64(0, true));
  if (headerLength > longestHeader) {
    refuse('not a safetensors file: its header would be longer than the format allows');
  }
  if (8 + headerLength > file.length) {
    refuse(`truncated: its header of ${headerLength} bytes ends after the file's ${file.length}`);
  }
  const header = parseHeader(file.subarray(8, 8 + headerLength), refuse);
  const body = file.subarray(8 + headerLength);

  let metadata: Record<string, string> = {};
  const arrays: [string, ArrayData][] = [];
  const spans: { name: string; begin: number; end: number }[] = [];
  for (const [name, entry] of Object.entries(header)) {
    if (name === '__metadata__') {
      if (!isRecord(entry) || Object.values(entry).some((value) => typeof value !== 'string')) {
        refuse('the header’s __metadata__ is not a record of strings');
      }
      metadata = entry as Record<string, string>;
      continue;
    }
    const { dtype, shape, begin, end } = parseEntry(name, entry, refuse);
    if (end > body.length) {
      refuse(
        `truncated: array ${name} ends at byte ${end} of the ${body.length} that follow the header`,
      );
    }
    spans.push({ name, begin, end });
    const bytes = new Uint8Array(body.subarray(begin, end));
    if (dtype === 'bool' && bytes.some((value) => value > 1)) {
      refuse(`array ${name} is of dtype BOOL but holds bytes other than 0 and 1`);
    }
    const data = new formats[dtype].array(bytes.buffer);
    arrays.push([name, { dtype, shape, data } as ArrayData]);
  }

  spans.sort((a, b) => a.begin - b.begin || a.end - b.end);
  let covered = 0;
  for (const { name, begin, end } of spans) {
    if (begin < covered)
      refuse(`array ${name} overlaps another (its data starts at byte ${begin})`);
    if (begin > covered)
      refuse(`bytes ${covered} to ${begin} before array ${name} belong to no array`);
    covered = end;
  }
  if (covered < body.length) {
    refuse(`${body.length - covered} bytes after the last array belong to no array`);
  }
  return { arrays: Object.fromEntries(arrays), metadata };
}

function parseHeader(
  bytes: Uint8Array,
  refuse: (reason: string) => never,
): Record<string, unknown> {
  if (bytes[0] !== 0x7b) refuse('not a safetensors file: its header does not start with {');
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return refuse('its header is not JSON in UTF-8');
  }
  return isRecord(header) ? header : refuse('its header is not a JSON object');
}

function parseEntry(
  name: string,
  entry: unknown,
  refuse: (reason: string) => never,
): { dtype: Dtype; shape: number[]; begin: number; end: number } {
  if (!isRecord(entry)) return refuse(`the header’s entry ${name} is not an object`);
  const { dtype: code, shape, data_offsets: offsets, ...rest } = entry;
  if (Object.keys(rest).length > 0) {
    refuse(`the header’s entry ${name} has an unknown key ${Object.keys(rest)[0]}`);
  }
  const dtype = dtypeOfCode.get(code as string);
  if (!dtype) {
    return refuse(
      `array ${name} has dtype ${JSON.stringify(code)}; readable are ${[...dtypeOfCode.keys()].join(', ')}`,
    );
  }
  if (!isCounts(shape)) return refuse(`the shape of array ${name} is not a list of sizes`);
  if (!isCounts(offsets) || offsets.length !== 2 || offsets[0]! > offsets[1]!) {
    return refuse(`the data_offsets of array ${name} are not two ascending byte positions`);
  }
  const [begin, end] = offsets as [number, number];
  const expected = sizeOf(shape) * formats[dtype].bytes;
  if (end - begin !== expected) {
    refuse(
      `array ${name} of shape [${shape.join(', ')}] and dtype ${formats[dtype].code} needs ${expected} bytes but has ${end - begin}`,
    );
  }
  return { dtype, shape, begin, end };
}

/** An object's JSON text with its members in this order (integer-like names would otherwise move). */
const jsonObject = (members: readonly (readonly [string, unknown])[]): string =>
  `{${members.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join(',')}}`;

const sizeOf = (shape: readonly number[]): number => shape.reduce((size, n) => size * n, 1);

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isCounts = (value: unknown): value is number[] =>
  Array.isArray(value) && value.every((n) => Number.isSafeInteger(n) && n >= 0);
