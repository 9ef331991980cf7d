import { randomActions } from '../../../algorithms/solvers/random';
import { simulate } from '../../../algorithms/evaluation/simulate';
import { findCompiler } from '../../../engine/compile/run/native';
import { startDevice } from '../../../engine/device';
import { makeEnvironment } from '../../../envs/registry';

const found = findCompiler();
const withCompiler = 'compiler' in found ? test : test.skip;
if ('reason' in found) console.warn(`compiled order placement is not tested: ${found.reason}`);

const play = async (device: 'cpu' | 'native', config: object) => {
  await startDevice(device);
  const environment = makeEnvironment({ id: 'order-placement', ...config });
  const policy = randomActions.create('order-placement', {}, environment.definition);
  return simulate(environment, policy, { episodes: 60, seed: 0, phase: 'test' });
};

withCompiler.each([
  ['the default', {}],
  [
    'ranges, fees, latency, gain, masks',
    {
      steps: 6,
      latency: 1,
      signal: { low: -0.02, high: 0.02 },
      spread: { low: 0.01, high: 0.02 },
      fill: { probability: { low: 0.4, high: 0.9 }, decay: { low: 0.2, high: 0.8 } },
      fees: { maker: -1e-5, taker: 2e-5 },
      reward: 'gain',
      marketOrders: false,
    },
  ],
  [
    'one choice',
    {
      steps: 1,
      quantity: 1,
      queue: { length: 0 },
      unfinished: { kind: 'abandon' },
      reward: 'gain',
    },
  ],
])('compiled, an episode is what it is on device cpu: %s', async (_, config) => {
  const warn = jest.spyOn(console, 'warn').mockImplementation(() => undefined);
  const expected = await play('cpu', config);
  const actual = await play('native', config);
  expect(warn).not.toHaveBeenCalled();
  warn.mockRestore();
  expect(Object.keys(actual)).toEqual(Object.keys(expected));
  for (const [name, values] of Object.entries(expected)) {
    values.forEach((value, episode) => {
      expect(Math.abs(actual[name]![episode]! - value)).toBeLessThan(1e-5);
    });
  }
});
