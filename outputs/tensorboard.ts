import { closeSync, fsyncSync, mkdirSync, openSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';

import { appendFully } from './atomic-file';
import { crc32c } from './crc32c';
import { histogramOf } from './histogram';
import {
  bytesField,
  doubleField,
  doublesField,
  floatField,
  type Message,
  message,
  stringField,
  varintField,
} from './protobuf';

/**
 * A TensorBoard event file. Steps are safe integers ≥ 0. What is added is kept in memory until
 * `flush` or `close`, which write and wait for the disk.
 */
export interface EventFile {
  readonly path: string;
  /** One point of the curve `tag`. NaN and infinities are kept: TensorBoard marks them. */
  addScalar(tag: string, value: number, step: number): void;
  /** The distribution of the finite ones of `values`. */
  addHistogram(tag: string, values: ArrayLike<number>, step: number): void;
  /** Markdown in the Text tab. */
  addText(tag: string, markdown: string, step: number): void;
  flush(): void;
  close(): void;
}

export interface EventFileOptions {
  /**
   * The first step that this file will hold, where it continues an earlier file of the folder:
   * TensorBoard drops the earlier files' points from that step on.
   */
  readonly resumesAt?: number;
  /** Milliseconds since 1970; default Date.now. */
  readonly now?: () => number;
}

/**
 * Starts a new event file in the folder (made if missing); a resumed run adds a second file to its
 * folder. Framing: TensorFlow's record_writer.h; messages: event.proto, summary.proto, tensor.proto.
 */
export function createEventFile(folder: string, options: EventFileOptions = {}): EventFile {
  const now = options.now ?? Date.now;
  mkdirSync(folder, { recursive: true });
  const { file, path } = openNew(folder, Math.floor(now() / 1000));
  let waiting: Uint8Array[] = [];

  const addEvent = (...content: Uint8Array[]): void => {
    waiting.push(frame(message(doubleField(1, now() / 1000), ...content)));
  };
  const addValue = (step: number, ...value: Uint8Array[]): void =>
    addEvent(varintField(2, step), bytesField(5, bytesField(1, message(...value))));
  const flush = (): void => {
    appendFully(file, message(...waiting));
    waiting = [];
    fsyncSync(file);
  };

  addEvent(stringField(3, 'brain.Event:2'));
  if (options.resumesAt !== undefined) addEvent(varintField(2, options.resumesAt), sessionStart());
  flush();

  return {
    path,
    addScalar: (tag, value, step) => addValue(step, stringField(1, tag), floatField(2, value)),
    addHistogram: (tag, values, step) =>
      addValue(step, stringField(1, tag), bytesField(5, histogramMessage(values))),
    addText: (tag, markdown, step) =>
      addValue(
        step,
        stringField(1, tag),
        bytesField(8, textTensor(markdown)),
        bytesField(9, textMetadata()),
      ),
    flush,
    close() {
      flush();
      closeSync(file);
    },
  };
}

/** TensorBoard reads a folder's files in the order of their names, which start with the time. */
function openNew(folder: string, seconds: number): { file: number; path: string } {
  const host = hostname().replace(/[^\w-]/g, '-');
  for (let count = 0; ; count += 1) {
    const stem = `events.out.tfevents.${String(seconds).padStart(10, '0')}`;
    const path = join(folder, `${stem}.${host}.${process.pid}.${count}`);
    try {
      return { file: openSync(path, 'wx'), path };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}

/** One record: its length (8 bytes), the length's checksum, the bytes, their checksum. */
function frame(bytes: Uint8Array): Uint8Array {
  const record = new Uint8Array(16 + bytes.length);
  const view = new DataView(record.buffer);
  view.setBigUint64(0, BigInt(bytes.length), true);
  view.setUint32(8, maskedCrc(record.subarray(0, 8)), true);
  record.set(bytes, 12);
  view.setUint32(12 + bytes.length, maskedCrc(bytes), true);
  return record;
}

/** The checksum rotated and shifted, so that checksums of data with checksums in it stay useful. */
function maskedCrc(bytes: Uint8Array): number {
  const crc = crc32c(bytes);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

/** Event.session_log { status: START } */
const sessionStart = (): Uint8Array => bytesField(7, varintField(1, 1));

/** HistogramProto */
function histogramMessage(values: ArrayLike<number>): Message {
  const { minimum, maximum, count, sum, sumOfSquares, limits, counts } = histogramOf(values);
  return message(
    doubleField(1, minimum),
    doubleField(2, maximum),
    doubleField(3, count),
    doubleField(4, sum),
    doubleField(5, sumOfSquares),
    doublesField(6, limits),
    doublesField(7, counts),
  );
}

/** TensorProto { dtype: DT_STRING, tensor_shape: scalar, string_val } */
const textTensor = (markdown: string): Message =>
  message(varintField(1, 7), bytesField(2, message()), stringField(8, markdown));

/** SummaryMetadata { plugin_data: { plugin_name: 'text' }, data_class: DATA_CLASS_TENSOR } */
const textMetadata = (): Message =>
  message(bytesField(1, stringField(1, 'text')), varintField(4, 2));
