import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';

import { checkEnvironment } from '../../envs/check';
import { parseConfig } from '../../envs/parse-config';
import { environmentKinds, findKind, makeEnvironment, parseEnvironment } from '../../envs/registry';
import { make } from '../../envs/vector';

beforeAll(() => tf.setBackend('cpu'));

describe('the registry', () => {
  it('finds a kind by its id, or names the nearest', () => {
    expect(findKind('market-making').id).toBe('market-making');
    expect(() => findKind('marketmaking')).toThrow(
      /^env\.id: no environment 'marketmaking'; did you mean 'market-making'\?/,
    );
  });

  it('has no id twice', () => {
    const ids = environmentKinds.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('fills in defaults, and refuses what is unknown', () => {
    expect(parseEnvironment({ id: 'market-making' })).toMatchObject({ id: 'market-making' });
    expect(Object.keys(parseEnvironment({ id: 'market-making' })).length).toBeGreaterThan(1);
    expect(() => makeEnvironment({ id: 'market-making', inventroy: 1 })).toThrow(
      /^env: unknown key 'inventroy'; did you mean '\w+'/,
    );
  });

  it.each(environmentKinds.map((kind) => [kind.id, kind] as const))(
    '%s keeps the contract',
    (_id, kind) => {
      // The events of the default, some thousand one after another, would take a minute on this device.
      const config = kind.id === 'limit-order-book' ? { warmUp: 5, events: 3, horizon: 0.5 } : {};
      expect(
        checkEnvironment(kind, { steps: 250, config: kind.schema.parse(config) as object }),
      ).toEqual([]);
    },
  );

  it.each(environmentKinds.map(({ id }) => id))('%s runs behind the vectorised front', (id) => {
    const before = tf.memory().numTensors;
    const environment = make(id, { numEnvs: 3, seed: 0 });
    environment.reset();
    for (let step = 0; step < 3; step += 1) {
      const actions = environment.sampleActions();
      environment.step(actions);
      actions.dispose();
    }
    environment.close();
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('parseConfig', () => {
  const schema = z.strictObject({
    rate: z.number().positive().default(1),
    fills: z
      .discriminatedUnion('kind', [
        z.strictObject({ kind: z.literal('exponential'), decay: z.number().default(1) }),
        z.strictObject({ kind: z.literal('power'), exponent: z.number().default(2) }),
      ])
      .default({ kind: 'exponential', decay: 1 }),
    impact: z.union([z.number(), z.strictObject({ low: z.number(), high: z.number() })]).default(0),
  });
  const parse = (value: unknown) => () => parseConfig(schema, value, 'env');

  it('fills in defaults', () => {
    expect(parse({})()).toEqual({ rate: 1, fills: { kind: 'exponential', decay: 1 }, impact: 0 });
  });

  it.each([
    [{ rtae: 2 }, "env: unknown key 'rtae'; did you mean 'rate'? Valid: rate, fills, impact"],
    [
      { fills: { kind: 'power', exponnt: 2 } },
      "env.fills: unknown key 'exponnt'; did you mean 'exponent'? Valid: kind, exponent",
    ],
    [
      { impact: { low: 1, high: 2, hihg: 2 } },
      "env.impact: unknown key 'hihg'; did you mean 'high'? Valid: low, high",
    ],
  ])('names the unknown key and the nearest: %j', (value, message) => {
    expect(parse(value)).toThrow(message);
  });

  it.each([
    [{ rate: -1 }, /^env\.rate: .*>0/],
    [{ rate: 'fast' }, /^env\.rate: .*number/],
    [{ fills: { kind: 'cubic' } }, /^env\.fills\.kind: /],
    [{ impact: { low: 1, high: 'x' } }, /^env\.impact\.high: .*number/],
    [3, /^env: .*object/],
  ])('names the key and what it must be: %j', (value, message) => {
    expect(parse(value)).toThrow(message);
  });
});
