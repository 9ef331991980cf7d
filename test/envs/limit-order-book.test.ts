import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';

import { InputError } from '../../engine/input-error';
import {
  forUse,
  type Key,
  keyAt,
  makeKey,
  phases,
  uniform,
  uniforms,
  uses,
} from '../../engine/random';
import { assertEnvironment } from '../../envs/check';
import { defineEnvironment } from '../../envs/environment';
import { kind } from '../../envs/limit-order-book';
import {
  type LimitOrderBookConfig,
  limitOrderBookSchema,
} from '../../envs/limit-order-book/config';
import { draws } from '../../envs/limit-order-book/market';
import { sampleAction } from '../../envs/sample-action';
import { decide, look, summarise } from './limit-order-book/agent-reference';
import { type Draws, type Exchange, openExchange } from './limit-order-book/reference';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const number = (min: number, max: number) => fc.double({ min, max, noNaN: true });
const rates = (least: number, most: number) =>
  fc.array(number(least, most), { minLength: 1, maxLength: 4 });
const queueRates = (limit: number, leave: number, levels: number) => {
  const table = (at: (queue: number) => number) =>
    Array.from({ length: levels }, () => Array.from({ length: 6 }, (_, queue) => at(queue)));
  return {
    limit: table((queue) => limit * (1 + 1 / (1 + queue))),
    cancel: table((queue) => leave * queue),
    market: table((queue) => (queue === 0 ? 0 : 1 + 2 / queue)),
  };
};
const flows = fc.oneof(
  fc.record({
    kind: fc.constant('poisson'),
    limit: rates(0.5, 3),
    cancel: rates(0.3, 1),
    market: number(0.5, 3),
    excitation: fc.option(
      fc.record({
        of: fc.constantFrom('market', 'all'),
        jump: number(0, 0.4),
        decay: number(2, 20),
      }),
      { nil: null },
    ),
  }),
  fc
    .tuple(number(1, 3), number(1.2, 2), fc.integer({ min: 1, max: 2 }))
    .chain(([limit, leave, levels]) =>
      fc.record({
        kind: fc.constant('queue-reactive'),
        ...Object.fromEntries(
          Object.entries(queueRates(limit, leave, levels)).map(([name, table]) => [
            name,
            fc.constant(table),
          ]),
        ),
        referenceMove: fc.constantFrom(0, 0.7, 1),
        redraw: fc.constantFrom(0, 0.5, 1),
      }),
    ),
);
const tasks = fc.oneof(
  fc.record({
    kind: fc.constant('execute'),
    side: fc.constantFrom('sell', 'buy'),
    quantity: fc.constantFrom(1, 4, 30),
    lot: fc.constantFrom(1, 2),
    behind: fc.constantFrom(0, 2),
  }),
  fc.record({
    kind: fc.constant('make'),
    size: fc.constantFrom(1, 2),
    maximumInventory: fc.constantFrom(2, 3),
    behind: fc.constantFrom(0, 1),
    close: fc.constantFrom('mark', 'cross'),
  }),
);
const configs = fc
  .record({
    task: tasks,
    flow: flows,
    sizes: fc.constantFrom({ kind: 'unit' }, { kind: 'geometric', mean: 2 }),
    levels: fc.constantFrom(3, 5),
    horizon: fc.constantFrom(0.5, 0.75),
    interval: fc.constant(0.25),
    events: fc.constantFrom(3, 6),
    latency: fc.constantFrom(0, 0.1),
    warmUp: fc.constantFrom(0, 3),
    observedLevels: fc.constantFrom(1, 3),
    fees: fc.record({ maker: fc.constantFrom(0, -0.2), taker: fc.constantFrom(0, 0.3) }),
  })
  .map((config) => limitOrderBookSchema.parse(config));

/** One comparison for many numbers: to three digits after the point. */
function expectClose(given: readonly number[], expected: readonly number[]): void {
  const isOff = given.some((value, index) => !(Math.abs(value - expected[index]!) < 5e-4));
  if (isOff) expect(given).toEqual(expected);
}

/** What the events of a step draw, by row. */
function drawsOf(key: Key, events: number, levels: number): Draws[][] {
  const step = key.step.dataSync()[0]!;
  const byEvent = Array.from({ length: events }, (_, index) => {
    const at = keyAt(key, tf.scalar(step * events + index, 'int32'));
    const each = (['time', 'choice', 'entering', 'ahead', 'size', 'reference'] as const).map(
      (name) => [name, uniform(at, draws[name]).arraySync()] as const,
    );
    const redraw = uniforms(at, draws.redraw, 2 * levels).arraySync();
    return redraw.map((one, row) => ({
      ...Object.fromEntries(each.map(([name, values]) => [name, values[row]!])),
      redraw: one,
    })) as unknown as Draws[];
  });
  return Array.from({ length: key.row.size }, (_, row) => byEvent.map((rows) => rows[row]!));
}

function openAll(config: LimitOrderBookConfig, key: Key): Exchange[] {
  const { levels, warmUp } = config;
  const reset = forUse(key, uses.reset);
  const first = uniforms(reset, draws.levels, 2 * levels).arraySync();
  const events = drawsOf(reset, warmUp, levels);
  return first.map((one, row) => openExchange(config, one, events[row] ?? []));
}

describe('a limit order book against an exchange that keeps every order', () => {
  const rows = 4;

  it('agrees in rewards, observations, metrics and ends over episodes', () => {
    fc.assert(
      fc.property(configs, fc.constantFrom(0, 1, 77), (config, seed) => {
        tf.tidy(() => {
          const environment = defineEnvironment(kind.create(config));
          const fields = environment.observationSpace.fields.map(({ name }) => name);
          const parameters = environment.parameters();
          const key = makeKey({ seed, phase: phases.test, rows });
          let current = environment.reset(parameters, key);
          let exchanges = openAll(config, key);
          const compareViews = (observation: tf.Tensor2D, expected: readonly Exchange[]) =>
            observation.arraySync().forEach((seen, row) => {
              const view = look(config, expected[row]!);
              expectClose(
                seen,
                fields.map((name) => view[name]!),
              );
            });
          compareViews(current.observation, exchanges);
          for (let step = 0; step < 6; step += 1) {
            const at = keyAt(key, tf.scalar(step, 'int32'));
            const action = sampleAction(
              environment.actionSpace,
              forUse(at, uses.action),
              0,
              current.actionMask,
            );
            const next = environment.step(parameters, current.state, action, at);
            const inStep = config.latency > 0 ? 2 * config.events : config.events;
            const events = drawsOf(at, inStep, config.levels);
            const chosen = tf.reshape(action, [rows, -1]).arraySync() as number[][];
            const outcomes = exchanges.map((exchange, row) =>
              decide(config, exchange, chosen[row]!, events[row]!),
            );
            expectClose(
              next.reward.arraySync(),
              outcomes.map(({ reward }) => reward),
            );
            expect(next.terminated.arraySync().map(Boolean)).toEqual(
              outcomes.map(({ terminated }) => terminated),
            );
            compareViews(next.finalObservation, exchanges);
            const fresh = openAll(config, at);
            exchanges = exchanges.map((exchange, row) => {
              if (!outcomes[row]!.terminated) return exchange;
              Object.entries(summarise(config, exchange)).forEach(([name, value]) =>
                expect((next.metrics[name]!.arraySync() as number[])[row]).toBeCloseTo(value, 3),
              );
              return fresh[row]!;
            });
            compareViews(next.observation, exchanges);
            current = next;
          }
        });
      }),
      { numRuns: 10, seed: 5, endOnFailure: true },
    );
  });
});

describe('the environment', () => {
  const quick = { warmUp: 3, events: 4, levels: 4, horizon: 0.5 };
  it.each([
    ['execution', {}],
    ['a purchase', { task: { kind: 'execute', side: 'buy', quantity: 2 } }],
    ['market making', { task: { kind: 'make' }, sizes: { kind: 'geometric' } }],
    ['a queue-reactive book', { flow: { kind: 'queue-reactive' } }],
    ['orders that are late', { latency: 0.05, task: { kind: 'make' } }],
    ['excited orders', { flow: { kind: 'poisson', excitation: { jump: 1, decay: 5 } } }],
  ])('keeps the contract: %s', (_, config) => {
    assertEnvironment(kind, { config: { ...quick, ...config } });
  });

  it.each([
    [{ interval: 6 }, /env\.interval/],
    [{ interval: 0.1, latency: 0.1 }, /env\.latency: 0.1 is no shorter than the interval of 0.1/],
    [{ levels: 3, observedLevels: 4 }, /env\.observedLevels/],
    [{ hide: ['depth'] }, /env\.hide: there is no observation component 'depth'/],
    [{ flow: { kind: 'queue-reactive', cancel: [[1, 1]] } }, /env\.flow\.cancel: level 1/],
    [{ flow: { kind: 'queue-reactive', limit: [[90, 90]] } }, /env\.flow\.limit: at level 1/],
  ])('refuses %j', (config, message) => {
    const create = () => kind.create(limitOrderBookSchema.parse(config));
    expect(create).toThrow(InputError);
    expect(create).toThrow(message);
  });
});
