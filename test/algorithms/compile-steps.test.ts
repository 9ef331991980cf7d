import * as tf from '@tensorflow/tfjs';

import { compileReset } from '../../algorithms/compile-steps';
import { findCompiler } from '../../engine/compile/run/native';
import { startDevice } from '../../engine/device';
import { makeKey, phases } from '../../engine/random';
import { makeEnvironment, parseEnvironment } from '../../envs/registry';

const found = findCompiler();
const withCompiler = 'compiler' in found ? test : test.skip;
if ('reason' in found) console.warn(`compiled starts are not tested: ${found.reason}`);

withCompiler('a compiled start of episodes is what the environment makes, row by row', async () => {
  const rows = 50;
  const start = async (device: 'cpu' | 'native') => {
    await startDevice(device);
    const environment = makeEnvironment(
      parseEnvironment({ id: 'trade-sequencing', slots: 4, trades: { low: 2, high: 4 } }),
    );
    const shared = environment.parameters();
    // As levels of a curriculum do: a parameter of each row's own.
    const ofRows = { crossImpact: tf.linspace(0, 1, rows) };
    const key = makeKey({ seed: 5, phase: phases.check, rows });
    const { state, observation } =
      device === 'cpu'
        ? environment.reset({ ...shared, ...ofRows }, key)
        : compileReset(environment)(shared, key, ofRows);
    const leaves = { ...state, observation };
    return Object.fromEntries(
      Object.entries(leaves).map(([name, tensor]) => [name, [...tensor.dataSync()]]),
    );
  };
  const expected = await start('cpu');
  const warn = jest.spyOn(console, 'warn').mockImplementation(() => undefined);
  const actual = await start('native');
  expect(warn).not.toHaveBeenCalled();
  warn.mockRestore();
  expect(Object.keys(actual).sort()).toEqual(Object.keys(expected).sort());
  for (const [name, values] of Object.entries(expected)) {
    const scale = Math.max(1, ...values.map(Math.abs));
    values.forEach((value, at) => {
      expect(Math.abs(actual[name]![at]! - value)).toBeLessThanOrEqual(2e-5 * scale);
    });
  }
  // The first row's trades cost each other nothing.
  expect(new Set(actual['costs']!.slice(0, 16).map(Math.abs))).toEqual(new Set([0]));
  expect(Math.max(...actual['costs']!.slice(-16).map(Math.abs))).toBeGreaterThan(0);
});
