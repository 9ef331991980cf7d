import { simulate } from '../../../algorithms/evaluation/simulate';
import { randomActions } from '../../../algorithms/solvers/random';
import { tour } from '../../../algorithms/solvers/sequencing';
import { findCompiler } from '../../../engine/compile/run/native';
import { startDevice } from '../../../engine/device';
import { makeEnvironment, parseEnvironment } from '../../../envs/registry';

const found = findCompiler();
const withCompiler = 'compiler' in found ? test.each : test.skip.each;
if ('reason' in found) console.warn(`compiled sequencing is not tested: ${found.reason}`);

withCompiler([
  ['random orders', randomActions],
  ['orders planned on the host', tour],
] as const)('compiled, an episode of %s is what it is on device cpu', async (_, solver) => {
  const warn = jest.spyOn(console, 'warn').mockImplementation(() => undefined);
  const play = async (device: 'cpu' | 'native') => {
    await startDevice(device);
    const config = parseEnvironment({
      id: 'trade-sequencing',
      slots: 5,
      trades: { low: 2, high: 5 },
    });
    const environment = makeEnvironment(config);
    const policy = solver.create(config.id, config as never, environment.definition);
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
