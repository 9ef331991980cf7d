import './gradients';

import { cpu } from './devices/cpu';
import type { Probe } from './devices/device';
import { native } from './devices/native';
import { tensorflow } from './devices/tensorflow';
import { cuda } from './devices/cuda';
import { wasm } from './devices/wasm';
import { InputError } from './input-error';

/** Best first, as long as TensorFlow has a GPU; without one `tensorflow` comes after `native`. */
const devices = [cuda, tensorflow, native, wasm, cpu] as const;

export type Device = (typeof devices)[number];
export type DeviceName = Device['name'] | 'auto';

export const deviceNames: readonly DeviceName[] = ['auto', ...devices.map(({ name }) => name)];

export interface StartedDevice {
  readonly name: Device['name'];
  readonly version: string;
  readonly description: string;
  /** Whether it computes in several threads. */
  readonly hasThreads: boolean;
  /** Devices that would have come first and why they did not; empty unless `auto` was asked for. */
  readonly whyNotBetter: readonly { readonly name: Device['name']; readonly reason: string }[];
}

export type DescribedDevice = { readonly name: Device['name'] } & Probe;

/** Every device, best first, with its version or the reason why it is missing. */
export async function describeDevices(): Promise<DescribedDevice[]> {
  const described = await Promise.all(
    devices.map(async ({ name, probe }) => ({ name, ...(await probe()) })),
  );
  return rank(described);
}

/** Without a GPU `tensorflow` falls behind `native`. */
function rank(described: DescribedDevice[]): DescribedDevice[] {
  const slow = described.find(
    ({ name, ...probe }) => name === 'tensorflow' && !(probe.available && probe.hasGpu),
  );
  if (!slow) return described;
  const rest = described.filter((device) => device !== slow);
  const after = rest.findIndex(({ name }) => name === 'native') + 1;
  return [...rest.slice(0, after), slow, ...rest.slice(after)];
}

/**
 * Makes a device the current TensorFlow.js backend.
 * @param name `auto` takes the first of `describeDevices` that is available and starts
 * @param threads at most so many, on devices that have any; null: as many as there are cores
 * @throws InputError if there is no such device or it does not start
 */
export async function startDevice(
  name: DeviceName,
  threads: number | null = null,
): Promise<StartedDevice> {
  if (!deviceNames.includes(name)) {
    throw new InputError(`device: '${String(name)}' is none of ${deviceNames.join(', ')}`);
  }
  const whyNotBetter: { name: Device['name']; reason: string }[] = [];
  for (const device of await candidates(name)) {
    const outcome = await start(device, threads);
    if (outcome.started) return { ...outcome.started, whyNotBetter };
    whyNotBetter.push({ name: device.name, reason: outcome.reason });
  }
  const reasons = whyNotBetter.map((missing) => `${missing.name}: ${missing.reason}`);
  throw new InputError(`device: ${reasons.join('; ')}; 'auto' takes the best there is`);
}

async function candidates(name: DeviceName): Promise<Device[]> {
  if (name !== 'auto') return devices.filter((device) => device.name === name);
  const ranked = await describeDevices();
  return ranked.map((described) => devices.find((device) => device.name === described.name)!);
}

async function start(
  device: Device,
  threads: number | null,
): Promise<
  { started: Omit<StartedDevice, 'whyNotBetter'> } | { started?: undefined; reason: string }
> {
  const probe = await device.probe();
  if (!probe.available) return { reason: probe.reason };
  try {
    await device.start(threads);
  } catch (error) {
    return { reason: error instanceof Error ? error.message : String(error) };
  }
  const { name, hasThreads } = device;
  const { version, description } = probe;
  return { started: { name, version, description, hasThreads } };
}
