import { closest } from 'fastest-levenshtein';

import { type DeviceName, deviceNames } from '../engine/device';
import { InputError } from '../engine/input-error';

/** @returns the value @throws InputError unless it is an integer of at least so much */
export function checkCount(option: string, value: number, least: number): number {
  if (Number.isSafeInteger(value) && value >= least) return value;
  throw new InputError(`${option} ${value}: expected an integer of at least ${least}`);
}

interface DeviceChoice {
  readonly device: string | undefined;
  readonly threads: number | undefined;
}

/** The device that the options ask for, in place of the config's. */
export function chooseDevice(
  { device, threads }: DeviceChoice,
  config: { readonly device: DeviceName; readonly threads: number | null },
): { readonly device: DeviceName; readonly threads: number | null } {
  return {
    device: device === undefined ? config.device : checkDevice(device),
    threads: threads === undefined ? config.threads : checkCount('--threads', threads, 1),
  };
}

/** @returns the name @throws InputError that names the nearest device unless there is one of that name */
export function checkDevice(name: string): DeviceName {
  const known = deviceNames.find((device) => device === name);
  if (known) return known;
  throw new InputError(
    `--device ${name}: did you mean '${closest(name, [...deviceNames])}'? Valid: ${deviceNames.join(', ')}`,
  );
}
