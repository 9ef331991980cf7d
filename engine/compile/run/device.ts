import type * as tf from '@tensorflow/tfjs';

import type { Schedule } from '../schedule';

/** A program that a backend has made ready. */
export type DeviceProgram = object;

/** A backend that runs programs on its own device, where its tensors lie. */
export interface DeviceBackend extends tf.KernelBackend {
  /** Compiles a program, unless that was done before. @param name in messages */
  loadProgram(name: string, schedule: Schedule): DeviceProgram;
  /**
   * Enqueues a program.
   * @param rows B
   * @returns new tensors, whose numbers are there once the device has come so far
   */
  runProgram(
    program: DeviceProgram,
    inputs: readonly tf.TensorInfo[],
    rows: number,
  ): tf.TensorInfo[];
}

export const isDeviceBackend = (backend: tf.KernelBackend): backend is DeviceBackend =>
  'runProgram' in backend;
