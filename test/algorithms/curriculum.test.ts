import * as tf from '@tensorflow/tfjs';

import {
  advanceStanding,
  firstStanding,
  type Level,
  levelsOfRows,
  parametersOfRows,
  tabulateLevels,
} from '../../algorithms/curriculum';
import { disposeTree } from '../../engine/tensors';
import { makeEnvironment } from '../../envs/registry';

beforeAll(() => tf.setBackend('cpu'));

const level = (name: string, env: object): Level => ({
  name,
  definition: makeEnvironment({ id: 'market-making', steps: 10, ...env }).definition,
});
const penalty = (running: number) => ({ reward: { kind: 'inventory-penalty', running } });

describe('advanceStanding', () => {
  const rules = { levels: 3, pass: { score: 0.9, evaluations: 2 } };
  const after = (scores: readonly (number | null)[]) =>
    scores.reduce((standing, score) => advanceStanding(standing, score, rules), firstStanding);

  it('passes a level after enough good validations in a row', () => {
    expect(after([0.95])).toEqual({ level: 0, passes: 1 });
    expect(after([0.95, 0.8, 0.95])).toEqual({ level: 0, passes: 1 });
    expect(after([0.95, 0.9])).toEqual({ level: 1, passes: 0 });
    expect(after([1, 1, 1, 1])).toEqual({ level: 2, passes: 0 });
    expect(after([1, 1, 1, 1, 1, 1, 1]).level).toBe(2);
    expect(after([NaN, NaN])).toEqual({ level: 0, passes: 0 });
  });

  it('counts as passed where there is nothing to gain', () => {
    expect(after([null, null])).toEqual({ level: 1, passes: 0 });
  });
});

describe('levelsOfRows', () => {
  it('leaves a share at the earlier levels, spread evenly', () => {
    expect([...levelsOfRows(0, 0.5, 4)]).toEqual([0, 0, 0, 0]);
    const rows = [...levelsOfRows(3, 0.3, 100)];
    const counts = [0, 1, 2, 3].map((of) => rows.filter((one) => one === of).length);
    expect(counts).toEqual([10, 10, 10, 70]);
  });
});

describe('tabulateLevels', () => {
  it('holds what differs, and gives each row its own', () => {
    const levels = [level('a', penalty(0)), level('b', penalty(0.25)), level('c', penalty(0.5))];
    const table = tabulateLevels(levels);
    expect(Object.keys(table.tables)).toHaveLength(1);
    const rows = parametersOfRows(table, Int32Array.of(2, 0, 1, 2));
    const [[name, values]] = Object.entries(rows) as [[string, tf.Tensor]];
    expect([...values.dataSync()]).toEqual([0.5, 0, 0.25, 0.5]);

    // A row plays as it would in a batch of its own level alone.
    const { definition } = levels[2]!;
    const parameters = { ...definition.parameters(), [name]: values };
    const key = {
      words: tf.tensor1d([1, 0, 0], 'int32'),
      row: tf.range(0, 4, 1, 'int32') as tf.Tensor1D,
      step: tf.scalar(0, 'int32'),
      use: 0,
    };
    const state = {
      ...definition.reset(parameters, key),
      inventory: tf.tensor1d([3, 3, 3, -2]),
    };
    const depths = tf.fill([4, 2], 0.5);
    const mixed = definition.transition(parameters, state, depths, key).reward.dataSync();
    [2, 0, 1, 2].forEach((of, row) => {
      const alone = levels[of]!.definition;
      const reward = alone.transition(alone.parameters(), state, depths, key).reward.dataSync();
      expect(mixed[row]).toBe(reward[row]);
    });
    disposeTree([table.tables, rows]);
  });

  it.each([
    [{ steps: 20 }, 'with the same parameters .* comes out differently'],
    [{ arrivals: { kind: 'hawkes', baseline: 1, jump: 0.1, decay: 1 } }, 'its parameters are'],
    [{ actions: { kind: 'grid' } }, 'it observes or acts differently'],
  ])('refuses another structure: %j', (env, reason) => {
    const levels = [level('odd', { ...penalty(0.1), ...env }), level('target', penalty(0.5))];
    expect(() => tabulateLevels(levels)).toThrow(
      new RegExp(`^curriculum.levels: odd has another structure than target: ${reason}`),
    );
  });

  it('leaves no tensors behind but its tables', () => {
    const levels = [level('a', penalty(0)), level('b', penalty(0.25))];
    const before = tf.memory().numTensors;
    const { tables } = tabulateLevels(levels);
    expect(tf.memory().numTensors).toBe(before + Object.keys(tables).length);
    disposeTree(tables);
  });
});
