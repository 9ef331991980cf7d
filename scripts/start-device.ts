import { type DeviceName, startDevice, type StartedDevice } from '../engine/device';

/**
 * Starts a device with a bound on its threads, where it has any.
 * @param threads null: as many as cores
 * @param notify told where the device takes no such bound
 */
export async function startDeviceWith(
  name: DeviceName,
  threads: number | null,
  notify: (line: string) => void,
): Promise<StartedDevice> {
  if (threads !== null) {
    // TensorFlow reads these when its library loads.
    process.env['TF_NUM_INTRAOP_THREADS'] = String(threads);
    process.env['TF_NUM_INTEROP_THREADS'] = '1';
  }
  const started = await startDevice(name, threads);
  if (threads !== null && !started.hasThreads) {
    notify(`threads: ${threads} has no effect, the device ${started.name} computes in one thread`);
  }
  return started;
}

/** `wasm 4.22.0`, and why better ones did not start. */
export function describeStarted({ name, version, whyNotBetter }: StartedDevice): string {
  const missing = whyNotBetter.map((better) => `${better.name}: ${better.reason}`);
  return [`${name} ${version}`, ...(missing.length > 0 ? [`(${missing.join('; ')})`] : [])].join(
    ' ',
  );
}
