import * as tf from '@tensorflow/tfjs';

import { parityProgram } from '../../../bench/parity';
import { parityCases } from '../../../bench/parity-cases';
import type { CudaTarget } from '../../../engine/compile/emit/cuda-tile';
import type { DeviceBackend } from '../../../engine/compile/run/device';
import type { Schedule } from '../../../engine/compile/schedule';

/** An A100 and an H100. */
export const targets: Record<'sm_80' | 'sm_90', CudaTarget> = {
  sm_80: { sharedBytesPerBlock: 163 * 1024, sharedBytesPerMultiprocessor: 164 * 1024 },
  sm_90: { sharedBytesPerBlock: 227 * 1024, sharedBytesPerMultiprocessor: 228 * 1024 },
};

/** Schedules of programs by name, caught where a device would load them. */
export async function catchSchedules(names: RegExp): Promise<Map<string, Schedule>> {
  const schedules = new Map<string, Schedule>();
  const caught = new Error('caught');
  await tf.setBackend('cpu');
  const Backend = tf.backend().constructor as new () => tf.KernelBackend;
  const catcher = Object.assign(new Backend(), {
    loadProgram(name: string, schedule: Schedule) {
      schedules.set(name, schedule);
      throw caught;
    },
    runProgram: () => [],
  }) satisfies DeviceBackend;
  tf.registerBackend('cuda', () => catcher);
  for (const kernel of tf.getKernelsForBackend('cpu')) {
    tf.registerKernel({ ...kernel, backendName: 'cuda' });
  }
  await tf.setBackend('cuda');
  for (const one of parityCases().filter(({ name }) => names.test(name))) {
    await parityProgram(one)
      .compare(2)
      .catch((error: unknown) => {
        if (error !== caught) throw error;
      });
  }
  return schedules;
}
