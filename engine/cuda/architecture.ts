import type { Version } from './device';

/** What NVRTC compiles for: machine code for one architecture, or PTX, which the driver compiles further. */
export type Architecture =
  | { readonly kind: 'cubin'; readonly name: `sm_${number}` }
  | { readonly kind: 'ptx'; readonly name: `compute_${number}` };

/**
 * Machine code for the device itself or for the nearest older architecture of its generation, which it
 * runs too; PTX for the nearest older one, if NVRTC does not know the generation yet.
 * @param computeCapability of the device
 * @param supported NVRTC's architectures: 75, 80, …
 * @returns null if the device is older than all of them
 */
export function chooseArchitecture(
  [major, minor]: Version,
  supported: readonly number[],
): Architecture | null {
  const device = major * 10 + minor;
  const nearest = Math.max(0, ...supported.filter((architecture) => architecture <= device));
  if (nearest === 0) return null;
  return Math.floor(nearest / 10) === major
    ? { kind: 'cubin', name: `sm_${nearest}` }
    : { kind: 'ptx', name: `compute_${nearest}` };
}
