import * as tf from '@tensorflow/tfjs';

import { bandOver, returnPaths } from '../../../algorithms/evaluation/bands';
import {
  recordEpisodes,
  type Recorder,
  valueAt,
} from '../../../algorithms/evaluation/record-episodes';
import { simulate } from '../../../algorithms/evaluation/simulate';
import { findSolver } from '../../../algorithms/solvers/registry';
import { startDevice } from '../../../engine/device';
import { findKind, makeFromKind } from '../../../envs/registry';

const options = { seed: 3, phase: 'test' } as const;

function open(id: string, parameters: object, solver: string) {
  const kind = findKind(id);
  const full = kind.schema.parse(parameters) as object;
  const environment = makeFromKind(kind, full);
  return { environment, policy: findSolver(solver).create(id, full, environment.definition) };
}

const quoting = { steps: 12, inventory: { initial: [-3, 3], maximum: 20 } };
const wealth: Recorder = {
  start: (_, { inventory }) => ({ inventory: inventory! }),
  moment: (_, { wealth, fills, inventory }) => ({
    wealth: wealth!,
    fills: fills!,
    inventory: inventory!,
  }),
  move: (_, _state, action) => ({ asked: tf.add(action, tf.zerosLike(action)) }),
};

describe.each(['cpu', 'native'] as const)('recordEpisodes on %s', (device) => {
  let started = true;
  beforeAll(async () => {
    started = await startDevice(device, 1).then(
      () => true,
      () => false,
    );
  });

  it('plays the episodes that simulate plays', async () => {
    if (!started) return;
    const { environment, policy } = open('market-making', quoting, 'avellaneda-stoikov');
    const recording = recordEpisodes(environment, policy, wealth, { ...options, episodes: 7 });
    const metrics = await simulate(environment, policy, { ...options, episodes: 40, batch: 16 });
    const { steps, moments, lengths, action, start } = recording;
    expect(steps).toBe(12);
    expect([...lengths]).toEqual([...metrics.length!.subarray(0, 7)]);
    const { band, episodes } = returnPaths(recording, 7);
    expect(band.median).toHaveLength(13);
    for (let episode = 0; episode < 7; episode += 1) {
      expect(episodes[episode]!.at(-1)).toBeCloseTo(metrics.return![episode]!, 4);
      expect(valueAt(moments.wealth!, 12, episode)).toBeCloseTo(metrics.profit![episode]!, 4);
      expect(valueAt(moments.inventory!, 12, episode)).toBe(metrics.finalInventory![episode]!);
      expect(valueAt(start.inventory!, 0, episode)).toBe(valueAt(moments.inventory!, 0, episode));
      // Bids less asks that were filled are what the inventory gained; two components side by side.
      const filled = [0, 1].map((side) => valueAt(moments.fills!, 12, episode, side));
      expect(filled[0]! - filled[1]!).toBe(
        metrics.finalInventory![episode]! - valueAt(start.inventory!, 0, episode),
      );
      expect(valueAt(recording.moves.asked!, 5, episode, 1)).toBe(valueAt(action, 5, episode, 1));
    }
    policy.dispose?.();
  });

  it('keeps the last state of an episode that is over', async () => {
    if (!started) return;
    const { environment, policy } = open('cartpole', {}, 'random');
    const recorder: Recorder = {
      moment: (_, state) => Object.fromEntries(Object.entries(state)),
    };
    const recording = recordEpisodes(environment, policy, recorder, { ...options, episodes: 6 });
    const metrics = await simulate(environment, policy, { ...options, episodes: 6 });
    expect([...recording.lengths]).toEqual([...metrics.length!]);
    expect(new Set(recording.lengths).size).toBeGreaterThan(2);
    expect(recording.steps).toBe(Math.max(...recording.lengths));
    const [track] = Object.values(recording.moments);
    expect(track!.moments).toBe(recording.steps + 1);
    const shortest = [...recording.lengths].indexOf(Math.min(...recording.lengths));
    const end = recording.lengths[shortest]!;
    for (const one of Object.values(recording.moments)) {
      expect(valueAt(one, recording.steps, shortest)).toBe(valueAt(one, end, shortest));
    }
    // A reward of 1 a step, none after the end.
    const rewards = Array.from({ length: recording.steps }, (_, step) =>
      valueAt(recording.reward, step, shortest),
    );
    expect(rewards.reduce((sum, reward) => sum + reward, 0)).toBe(end);
  });

  it('frees every tensor but its policy’s', () => {
    if (!started) return;
    const { environment, policy } = open('execution', { periods: 4 }, 'twap');
    const record = () =>
      recordEpisodes(
        environment,
        policy,
        { moment: (_, { remaining }) => ({ remaining: remaining! }) },
        { ...options, episodes: 3 },
      );
    record();
    const before = tf.memory().numTensors;
    record();
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('bandOver', () => {
  it('has quantiles of the episodes, moment by moment', () => {
    const { mean, median, low, lower, upper, high } = bandOver(2, (moment) =>
      Array.from({ length: 101 }, (_, episode) => (100 - episode) * (moment + 1)),
    );
    expect([mean, median, low, lower, upper, high]).toEqual([
      [50, 100],
      [50, 100],
      [5, 10],
      [25, 50],
      [75, 150],
      [95, 190],
    ]);
  });
});
