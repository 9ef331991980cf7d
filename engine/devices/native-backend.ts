import * as tf from '@tensorflow/tfjs';

import type { ArrayBackend, NumberArray } from '../compile/run/array-backend';
import { arrayTypes } from '../compile/run/array-backend';

interface Entry {
  readonly values: NumberArray;
  refCount: number;
  /** Whether anything but programs has had the array: it may be seen after the tensor is gone. */
  isLent?: boolean;
}

interface CpuBackend extends tf.KernelBackend {
  firstUse: boolean;
  data: tf.DataStorage<Entry>;
}

/** Smaller arrays cost nothing to make. */
const leastKept = 2 ** 16;
/** Arrays kept for the next programs, bytes in all. */
const mostKept = 2 ** 28;

/**
 * The `cpu` backend's arrays and kernels, where programs write into arrays of tensors that are gone:
 * the operating system need not find and clear memory for every result.
 *
 * An array is used again only if no kernel and no reader ever had it, so that nobody can see it change.
 */
export function createNativeBackend(): tf.KernelBackend {
  const Cpu = tf.findBackend('cpu').constructor as new () => CpuBackend;
  const kept = new Map<string, NumberArray[]>();
  let keptBytes = 0;

  const keyOf = (type: string, length: number): string => `${type} ${length}`;
  const keep = (values: NumberArray): void => {
    const bytes = values.byteLength;
    const isWhole = values.buffer.byteLength === bytes;
    if (bytes < leastKept || keptBytes + bytes > mostKept || !isWhole) return;
    const key = keyOf(values.constructor.name, values.length);
    kept.set(key, [...(kept.get(key) ?? []), values]);
    keptBytes += bytes;
  };

  class Storage extends tf.DataStorage<Entry> {
    /** For kernels and readers. */
    override get(dataId: object): Entry {
      const entry = super.get(dataId);
      if (entry) entry.isLent = true;
      return entry;
    }
    /** For programs and for counting references. */
    look(dataId: object): Entry {
      return super.get(dataId);
    }
  }

  class NativeBackend extends Cpu implements ArrayBackend {
    readonly storage: Storage;

    constructor() {
      super();
      // Else the first tensor prints advice to install tfjs-node.
      this.firstUse = false;
      this.storage = new Storage(this, tf.engine());
      this.data = this.storage;
    }

    valuesOf(dataId: object): NumberArray {
      return this.storage.look(dataId).values;
    }

    newArray(dtype: keyof typeof arrayTypes, length: number): NumberArray {
      const type = arrayTypes[dtype];
      const values = kept.get(keyOf(type.name, length))?.pop();
      if (!values) return new type(length);
      keptBytes -= values.byteLength;
      return values;
    }

    override refCount(dataId: object): number {
      return this.data.has(dataId) ? this.storage.look(dataId).refCount : 0;
    }

    override incRef(dataId: object): void {
      this.storage.look(dataId).refCount += 1;
    }

    override disposeData(dataId: object, force = false): boolean {
      if (!this.data.has(dataId)) return true;
      const entry = this.storage.look(dataId);
      const isLast = force || entry.refCount <= 1;
      if (isLast && !force && !entry.isLent) keep(entry.values);
      if (isLast) return super.disposeData(dataId, true);
      entry.refCount -= 1;
      return false;
    }
  }
  return new NativeBackend();
}
