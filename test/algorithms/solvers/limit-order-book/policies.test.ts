import * as tf from '@tensorflow/tfjs';

import { findSolver, solvers } from '../../../../algorithms/solvers/registry';
import { makeKey, phases } from '../../../../engine/random';
import { parseEnvironment, makeEnvironment } from '../../../../envs/registry';

beforeAll(() => tf.setBackend('cpu'));

const quick = { id: 'limit-order-book', levels: 4, warmUp: 2, events: 2, horizon: 6, interval: 1 };

/** What the policy does with a state whose entries are replaced. */
function choose(name: string, task: object, changes: Record<string, number>): number[] {
  const config = { ...quick, task };
  const environment = makeEnvironment(config);
  const parameters = environment.parameters();
  const key = makeKey({ seed: 0, phase: phases.test, rows: 1 });
  const { state, observation } = environment.reset(parameters, key);
  const changed = Object.fromEntries(
    Object.entries(state).map(([entry, tensor]) => [
      entry,
      entry in changes ? tf.fill(tensor.shape, changes[entry]!, tensor.dtype as 'int32') : tensor,
    ]),
  );
  const actionMask = environment.actionMask!(parameters, changed as never);
  const policy = findSolver(name).create(
    'limit-order-book',
    parseEnvironment(config),
    environment.definition,
  );
  const action = policy.act({ parameters, state: changed, observation, actionMask, key });
  return Array.from(action.dataSync());
}

describe('policies of an execution', () => {
  const sell = { kind: 'execute', quantity: 3 };

  it('twap sends a lot at the start of each part of the time, and makes up for what is late', () => {
    const at = (time: number, inventory: number) => choose('twap', sell, { time, inventory })[0];
    expect([at(0, 3), at(1, 2), at(2, 2), at(3, 1), at(4, 1)]).toEqual([2, 0, 2, 0, 2]);
    expect(at(3, 3)).toBe(2);
    const buy = { ...sell, side: 'buy' };
    expect(choose('twap', buy, { time: 0, inventory: -3 })).toEqual([2]);
    expect(choose('twap', buy, { time: 1, inventory: -2 })).toEqual([0]);
  });

  it('the others trade at once, join, or submit and leave', () => {
    expect(choose('immediate', sell, {})).toEqual([3]);
    expect(choose('join-best', sell, {})).toEqual([5]);
    expect(choose('submit-and-leave-1', sell, { step: 0 })).toEqual([6]);
    expect(choose('submit-and-leave-1', sell, { step: 1 })).toEqual([0]);
  });
});

it('quotes join both sides as far as the inventory allows, or stay out', () => {
  const make = { kind: 'make', maximumInventory: 2 };
  expect(choose('join-quotes', make, { inventory: 0 })).toEqual([3, 3]);
  expect(choose('join-quotes', make, { inventory: 2 })).toEqual([0, 3]);
  expect(choose('join-quotes', make, { inventory: -2 })).toEqual([3, 0]);
  expect(choose('no-quotes', make, { inventory: 0 })).toEqual([0, 0]);
});

it('fit the task they are for', () => {
  const fitting = (task: object) => {
    const config = parseEnvironment({ ...quick, task });
    return solvers
      .filter(
        ({ environments, fits }) =>
          environments !== 'any' &&
          environments.includes('limit-order-book') &&
          (fits?.(config) ?? true),
      )
      .map(({ name }) => name)
      .sort();
  };
  expect(fitting({ kind: 'make' })).toEqual(['join-quotes', 'no-quotes']);
  expect(fitting({ kind: 'execute', behind: 0 })).toEqual([
    'immediate',
    'join-best',
    'submit-and-leave-0',
    'twap',
  ]);
});
