import * as tf from '@tensorflow/tfjs';

import {
  initialiseSchema,
  policySchema,
  trainingSchema,
  trpoSchema,
  valueSchema,
} from '../../algorithms/schema';
import { type Clone, createCloningPrograms } from '../../algorithms/imitation/cloning';
import { actOnce } from '../../algorithms/evaluation/simulate';
import { findSolver } from '../../algorithms/solvers/registry';
import { createLearner } from '../../algorithms/training';
import { asRows } from '../../algorithms/trajectory';
import { initialAdam } from '../../algorithms/value/adam-fit';
import { findCompiler } from '../../engine/compile/run/native';
import { startDevice } from '../../engine/device';
import { makeKey, phases } from '../../engine/random';
import { makeEnvironment, parseEnvironment } from '../../envs/registry';

const found = findCompiler();
const withCompiler = 'compiler' in found ? test.each : test.skip.each;
if ('reason' in found) console.warn(`compiled cloning is not tested: ${found.reason}`);

/** States, what the solver does in them, and how well the clone fits before and after it has learned from them. */
async function cloneOn(device: 'cpu' | 'native', solverName: string, env: { id: string }) {
  await startDevice(device);
  const { id, ...parameters } = parseEnvironment(env);
  const environment = makeEnvironment({ id, ...parameters });
  const solver = findSolver(solverName).create(id, parameters, environment.definition);
  const learner = createLearner(environment, {
    policy: policySchema.parse({ hidden: [16] }),
    value: valueSchema.parse({ hidden: [8] }),
    trpo: trpoSchema.parse({}),
    training: trainingSchema.parse({ environments: 32, steps: 5, discount: 1 }),
  });
  const options = initialiseSchema.parse({ from: solverName, minibatch: 40, learningRate: 0.01 })!;
  const { collect, fit } = createCloningPrograms(learner, solver, options);
  const shared = environment.parameters();
  actOnce(environment, solver, shared);
  const { policy, observations } = learner.initialise(0).tensors as unknown as Clone;
  const { words, row, step } = makeKey({ seed: 0, phase: phases.imitation, rows: 32 });
  const key = { words, step };
  const collected = collect({
    rows: { row },
    parameters: { environment: shared, policy, observations, key },
  });
  const { observation, target, actionMask } = collected;
  const rows = {
    observation: asRows(observation!),
    target: asRows(target!),
    ...(actionMask ? { actionMask: asRows(actionMask) } : {}),
  };
  const learningRate = tf.scalar(options.learningRate);
  let clone: Clone = { policy, adam: initialAdam(policy), observations };
  const errors: number[] = [];
  for (let round = 0; round < 3; round += 1) {
    const fitted = fit({ rows, parameters: { clone, key, learningRate } });
    errors.push((await fitted.error.data())[0]!);
    clone = fitted.clone;
  }
  return {
    observation: [...(await observation!.data())],
    target: [...(await target!.data())],
    mask: [...((await actionMask?.data()) ?? [])],
    errors,
  };
}

withCompiler([
  ['tour', { id: 'trade-sequencing', slots: 4, trades: { low: 2, high: 4 } }],
  ['almgren-chriss', { id: 'execution' }],
] as const)(
  'compiled, a clone of %s sees and learns what it does on device cpu',
  async (name, env) => {
    const warn = jest.spyOn(console, 'warn').mockImplementation(() => undefined);
    const expected = await cloneOn('cpu', name, env);
    const actual = await cloneOn('native', name, env);
    expect(warn).not.toHaveBeenCalled();
    warn.mockRestore();
    const distance = (a: number[], b: number[]) =>
      Math.max(...a.map((value, index) => Math.abs(value - b[index]!)));
    expect(actual.observation).toHaveLength(expected.observation.length);
    expect(distance(actual.observation, expected.observation)).toBeLessThan(2e-5);
    expect(distance(actual.target, expected.target)).toBeLessThan(2e-5);
    expect(actual.mask).toEqual(expected.mask);
    expect(distance(actual.errors, expected.errors)).toBeLessThan(2e-3);
    expect(actual.errors.at(-1)).toBeLessThan(actual.errors[0]!);
  },
);
