import util from 'node:util';

import * as tf from '@tensorflow/tfjs';

import type { Device, Probe } from './device';

const packages = ['@tensorflow/tfjs-node-gpu', '@tensorflow/tfjs-node'] as const;

/** What is read of the native backend. */
interface NativeBackend extends tf.KernelBackend {
  readonly isUsingGpuDevice: boolean;
  readonly binding: { readonly TF_Version: string };
}

/** The TensorFlow library through its native TensorFlow.js binding, eager, with a GPU where it sees one. */
export const tensorflow: Device<'tensorflow'> = {
  name: 'tensorflow',
  hasThreads: true,
  probe: async () => (probed ??= await probe()),
  start: async () => {
    await tf.setBackend('tensorflow');
  },
};

let probed: Probe | undefined;

async function probe(): Promise<Probe> {
  const installed = packages.find(isInstalled);
  if (!installed) return { available: false, reason: `${packages.join(' or ')} is not installed` };
  const failure = await load(installed);
  if (failure) return { available: false, reason: `${installed} does not load: ${failure}` };
  const { isUsingGpuDevice, binding } = tf.findBackend('tensorflow') as NativeBackend;
  return {
    available: true,
    version: `${binding.TF_Version} (${installed})`,
    description: `TensorFlow on the ${isUsingGpuDevice ? 'GPU' : 'CPU: it sees no GPU'}`,
    hasGpu: isUsingGpuDevice,
  };
}

function isInstalled(name: string): boolean {
  try {
    require.resolve(name);
    return true;
  } catch {
    return false;
  }
}

/** Loads the binding, which makes itself the current backend: that is undone. @returns why it failed */
async function load(name: string): Promise<string | undefined> {
  restoreRemovedFunctions();
  process.env['TF_CPP_MIN_LOG_LEVEL'] ??= '2';
  const before = tf.engine().backendName;
  try {
    await import(name);
    await tf.ready();
  } catch (error) {
    return String(error instanceof Error ? error.message : error)
      .split('\n')[0]!
      .trim();
  }
  if (before) await tf.setBackend(before);
  return undefined;
}

/** tfjs-node 4.22 calls two functions that Node 23 removed from `util`. */
function restoreRemovedFunctions(): void {
  const old = util as unknown as Record<string, unknown>;
  old['isNullOrUndefined'] ??= (value: unknown): boolean => value === null || value === undefined;
  old['isArray'] ??= Array.isArray;
}
