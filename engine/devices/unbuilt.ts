import type { Device } from './device';

const unbuilt = <Name extends string>(name: Name): Device<Name> => ({
  name,
  hasThreads: false,
  probe: () => Promise.resolve({ available: false, reason: 'not built into this version' }),
  start: () => Promise.reject(new Error(`device ${name} is not built into this version`)),
});

/** Compiled kernels on an NVIDIA GPU. */
export const cuda = unbuilt('cuda');
