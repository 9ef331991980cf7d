import { simulate } from '../../../algorithms/evaluation/simulate';
import { randomActions } from '../../../algorithms/solvers/random';
import { findCompiler } from '../../../engine/compile/run/native';
import { startDevice } from '../../../engine/device';
import { makeEnvironment } from '../../../envs/registry';

const found = findCompiler();
const withCompiler = 'compiler' in found ? test : test.skip;
if ('reason' in found) console.warn(`compiled sequencing is not tested: ${found.reason}`);

withCompiler('compiled, an episode of random orders is what it is on device cpu', async () => {
  const warn = jest.spyOn(console, 'warn').mockImplementation(() => undefined);
  const play = async (device: 'cpu' | 'native') => {
    await startDevice(device);
    const environment = makeEnvironment({
      id: 'trade-sequencing',
      slots: 5,
      trades: { low: 2, high: 5 },
    });
    const policy = randomActions.create('', {}, environment.definition);
    return simulate(environment, policy, { episodes: 60, seed: 0, phase: 'test' });
  };
  const expected = await play('cpu');
  const actual = await play('native');
  expect(warn).not.toHaveBeenCalled();
  warn.mockRestore();
  expect(Object.keys(actual)).toEqual(Object.keys(expected));
  for (const [name, values] of Object.entries(expected)) {
    const scale = Math.max(...values.map(Math.abs));
    values.forEach((value, episode) => {
      expect(Math.abs(actual[name]![episode]! - value)).toBeLessThanOrEqual(2e-5 * scale);
    });
  }
});
