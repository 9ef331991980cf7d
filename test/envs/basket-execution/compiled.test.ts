import { simulate } from '../../../algorithms/evaluation/simulate';
import type { ClassicalPolicy } from '../../../algorithms/solvers/policy';
import { findSolver } from '../../../algorithms/solvers/registry';
import { findCompiler } from '../../../engine/compile/run/native';
import { startDevice } from '../../../engine/device';
import { makeEnvironment, parseEnvironment } from '../../../envs/registry';

const found = findCompiler();
const withCompiler = 'compiler' in found ? test : test.skip;
if ('reason' in found) console.warn(`compiled baskets are not tested: ${found.reason}`);

/** Far actions of the random policy would make any rounding large: a tenth of them. */
const gently = (policy: ClassicalPolicy): ClassicalPolicy => ({
  ...policy,
  act: (input) => policy.act(input).mul(0.1),
});

withCompiler.each([
  ['random', 'the default', {}],
  ['vector-almgren-chriss', 'the default', {}],
  [
    'vector-almgren-chriss',
    'a basket that is given, six periods',
    {
      assets: 2,
      periods: 6,
      quantity: [3e5, -2e5],
      volatility: [1, 0.5],
      correlation: [
        [1, 0.7],
        [0.7, 1],
      ],
      temporaryImpact: 2e-6,
      permanentImpact: { low: 0, high: 1 },
      spread: 0.05,
    },
  ],
])('compiled, an episode of %s is what it is on device cpu: %s', async (name, _, config) => {
  const env = { id: 'basket-execution', ...config };
  const warn = jest.spyOn(console, 'warn').mockImplementation(() => undefined);
  const play = async (device: 'cpu' | 'native') => {
    await startDevice(device);
    const environment = makeEnvironment(env);
    const { create } = findSolver(name);
    const policy = create(env.id, parseEnvironment(env), environment.definition);
    return simulate(environment, name === 'random' ? gently(policy) : policy, {
      episodes: 40,
      seed: 0,
      phase: 'test',
    });
  };
  const expected = await play('cpu');
  const actual = await play('native');
  expect(warn).not.toHaveBeenCalled();
  warn.mockRestore();
  expect(Object.keys(actual)).toEqual(Object.keys(expected));
  for (const [metric, values] of Object.entries(expected)) {
    const scale = Math.max(...values.map(Math.abs));
    values.forEach((value, episode) => {
      expect(Math.abs(actual[metric]![episode]! - value)).toBeLessThanOrEqual(2e-5 * scale);
    });
  }
});
