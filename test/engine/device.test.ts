import * as tf from '@tensorflow/tfjs';

import { describeDevices, deviceNames, type DeviceName, startDevice } from '../../engine/device';
import { InputError } from '../../engine/input-error';

describe('devices', () => {
  it.each(['cpu', 'wasm'] as const)('%s starts and computes', async (name) => {
    const started = await startDevice(name);
    expect(started).toMatchObject({ name, whyNotBetter: [] });
    expect(started.version).toMatch(/^\d+\.\d+/);
    expect(tf.getBackend()).toBe(name);
    expect(tf.tidy(() => tf.add(1, 2).arraySync())).toBe(3);
  });

  it('are described each with a version or a reason, and the current one stays', async () => {
    await startDevice('cpu');
    const described = await describeDevices();
    expect(tf.getBackend()).toBe('cpu');
    expect(described.map(({ name }) => name).sort()).toEqual(
      deviceNames.filter((name) => name !== 'auto').sort(),
    );
    for (const device of described) {
      expect(device.available ? device.version : device.reason).not.toBe('');
    }
  });

  it('auto takes the first that is available and says why the better ones did not start', async () => {
    const described = await describeDevices();
    const first = described.findIndex(({ available }) => available);
    const started = await startDevice('auto');
    expect(started.name).toBe(described[first]!.name);
    expect(started.whyNotBetter.map(({ name }) => name)).toEqual(
      described.slice(0, first).map(({ name }) => name),
    );
    expect(started.whyNotBetter.every(({ reason }) => reason.length > 0)).toBe(true);
  });

  it('tensorflow comes before native only with a GPU', async () => {
    const names = (await describeDevices()).map(({ name }) => name);
    const gpu = (await describeDevices()).some(
      (device) => device.name === 'tensorflow' && device.available && device.hasGpu,
    );
    expect(names.indexOf('tensorflow') < names.indexOf('native')).toBe(gpu);
  });

  it('that are missing or unknown are bad input', async () => {
    const missing = (await describeDevices()).find(({ available }) => !available);
    if (missing) await expect(startDevice(missing.name)).rejects.toThrow(InputError);
    await expect(startDevice('abacus' as DeviceName)).rejects.toThrow(/'abacus'.*wasm/);
  });
});
