import * as tf from '@tensorflow/tfjs';

import { sizeOf } from '../compile/traced';
import { kernelNames, registerRandomKernels } from '../random-kernels';
import type { CudaBackend } from './cuda-backend';
import { copiesOf } from './cuda-copies';
import { type KernelCall, runCompiled } from './cuda-eager';

/**
 * Makes every kernel known that device `cpu` has: those that move numbers as they are copy them, others
 * run as small programs of their own, and what cannot be compiled runs on the CPU, with a warning.
 */
export function registerCudaKernels(backendName: string): void {
  registerRandomKernels('cpu');
  const names = new Set([
    ...tf.getKernelsForBackend('cpu').map(({ kernelName }) => kernelName),
    ...Object.values(kernelNames),
  ]);
  for (const kernelName of names) {
    if (tf.getKernel(kernelName, backendName)) continue;
    tf.registerKernel({
      kernelName,
      backendName,
      kernelFunc: ({ inputs, attrs, backend }) => {
        const call: KernelCall = {
          kernelName,
          inputs: present(inputs as tf.NamedTensorInfoMap),
          attributes: (attrs ?? {}) as Record<string, unknown>,
        };
        const outputs = run(backend as CudaBackend, call);
        return outputs.length === 1 && !givesLists.has(kernelName) ? outputs[0]! : outputs;
      },
    });
  }
}

/** Kernels whose result is a list even of one. */
const givesLists = new Set(['Unpack', 'SplitV']);

/** Kernels are called with undefined for what is optional. */
const present = (inputs: tf.NamedTensorInfoMap): Record<string, tf.TensorInfo> =>
  Object.fromEntries(Object.entries(inputs).filter(([, input]) => input)) as Record<
    string,
    tf.TensorInfo
  >;

function run(backend: CudaBackend, call: KernelCall): tf.TensorInfo[] {
  const copied = copiesOf(backend, call);
  if (copied) return copied;
  // Nothing to compute with.
  const isEmpty = Object.values(call.inputs).some(({ shape }) => sizeOf(shape) === 0);
  if (isEmpty || Object.keys(call.inputs).length === 0) return runOnHost(backend, call);
  const result = runCompiled(backend, call);
  if (result.outputs) return result.outputs;
  warnOnce(call.kernelName, result.reason);
  return runOnHost(backend, call);
}

const warned = new Set<string>();

function warnOnce(kernelName: string, reason: string): void {
  if (warned.has(kernelName)) return;
  warned.add(kernelName);
  console.warn(`cuda: ${kernelName} runs on the CPU, its tensors copied there and back: ${reason}`);
}

/** Downloads the inputs, runs the kernel of device `cpu`, uploads the result. */
function runOnHost(
  backend: CudaBackend,
  { kernelName, inputs, attributes }: KernelCall,
): tf.TensorInfo[] {
  const cpu = tf.findBackend('cpu');
  const kernel = tf.getKernel(kernelName, 'cpu');
  if (!kernel) throw new Error(`device cuda has no kernel ${kernelName}`);
  const place = ({ dataId, shape, dtype }: tf.TensorInfo): tf.TensorInfo => ({
    dataId: cpu.write(backend.readSync(dataId), shape, dtype),
    shape,
    dtype,
  });
  const given = Object.fromEntries(
    Object.entries(inputs).map(([name, input]) => [name, place(input)]),
  );
  const made = kernel.kernelFunc({
    inputs: given,
    attrs: attributes as tf.NamedAttrMap,
    backend: cpu,
  });
  const outputs = Array.isArray(made) ? made : [made];
  const results = outputs.map(({ dataId, shape, dtype }) => ({
    dataId: backend.write(cpu.readSync(dataId), shape, dtype),
    shape,
    dtype,
  }));
  // A kernel may give an input back as its result.
  const temporary = new Set([...Object.values(given), ...outputs].map(({ dataId }) => dataId));
  temporary.forEach((dataId) => cpu.disposeData(dataId, true));
  return results;
}
