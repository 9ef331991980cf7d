import * as tf from '@tensorflow/tfjs';

import type { Tensors } from '../../engine/tensors';
import type { Driver } from '../processes/driver';
import { type Box, box } from '../space';
import { choicesOf, longestAhead, type OrderPlacementConfig } from './config';
import type { Process } from './process';

export interface OrderObserver {
  readonly space: Box;
  /** [B, O] */
  observe(parameters: Tensors, state: Tensors): tf.Tensor2D;
}

/** The names under which decisions wait for their turn, the next one first. */
export const pendingNames = (latency: number): string[] =>
  Array.from({ length: latency }, (_, index) => `pending${index + 1}`);

/** The clock, what is left to buy, the market as far as it varies, and the resting order. */
export function createObserver(
  config: OrderPlacementConfig,
  processes: readonly Process[],
): OrderObserver {
  const drivers = [
    ...clockAndInventory(config),
    ...processes.filter(({ varies }) => varies !== 'never').map(look),
    // An order rests only from one step to the next.
    ...(config.steps > 1 ? restingOrder(config) : []),
    ...pendingNames(config.latency).flatMap((name) => pendingDecision(config, name)),
  ];
  if (drivers.length === 0) drivers.push(constant());
  return {
    space: box(drivers.flatMap(({ fields }) => fields)),
    // Stacked by rows and transposed: on wasm many times faster than by columns.
    observe: (parameters, state) =>
      tf.transpose(
        tf.stack(drivers.map(({ observe }) => observe(parameters, state))),
      ) as tf.Tensor2D,
  };
}

const fraction = (
  name: string,
  unit: string,
  description: string,
  observe: Driver['observe'],
): Driver => ({ fields: [{ name, unit, low: 0, high: 1, description }], observe });

function clockAndInventory({ steps, quantity }: OrderPlacementConfig): Driver[] {
  const drivers: Driver[] = [];
  if (steps > 1) {
    drivers.push(
      fraction('timeLeft', `${steps} steps`, 'Steps left.', (_, state) =>
        tf.sub(1, tf.mul(tf.cast(state.step!, 'float32'), 1 / steps)),
      ),
    );
  }
  if (steps > 1) {
    // The last steps differ more from one another than a clock shows.
    drivers.push({
      fields: [
        {
          name: 'requiredPace',
          unit: 'units / step',
          low: 0,
          high: quantity,
          description: 'What is left to buy over the steps left.',
        },
      ],
      observe: (_, state) =>
        tf.div(state.remaining!, tf.maximum(tf.sub(steps, tf.cast(state.step!, 'float32')), 1)),
    });
  }
  if (quantity > 1 || steps > 1) {
    drivers.push(
      fraction('inventoryLeft', `${quantity} units`, 'What is left to buy.', (_, state) =>
        tf.mul(state.remaining!, 1 / quantity),
      ),
    );
  }
  return drivers;
}

const meanings: Readonly<Record<string, { readonly unit: string; readonly description: string }>> =
  {
    signal: {
      unit: 'quote currency / step',
      description: 'Expected rise of the best bid in this step, without that of the imbalance.',
    },
    spread: { unit: 'quote currency', description: 'Best ask less best bid.' },
    imbalance: { unit: '', description: '(bid size − ask size)/(their sum).' },
    fillProbability: {
      unit: '1/step',
      description: 'Probability that sellers reach the best bid in a step.',
    },
    fillDecay: {
      unit: '1/tick',
      description: 'Decay of that probability with the depth of an order.',
    },
  };

function look(process: Process): Driver {
  const { name, scale } = process;
  const { unit, description } = meanings[name]!;
  return {
    fields: [
      {
        name,
        unit: `${Number(scale.toPrecision(6))} ${unit}`.trim(),
        low: -Infinity,
        high: Infinity,
        description,
      },
    ],
    observe: (parameters, state) => tf.mul(process.current(parameters, state), 1 / scale),
  };
}

function restingOrder(config: OrderPlacementConfig): Driver[] {
  const longest = longestAhead(config);
  const drivers = Array.from({ length: config.levels }, (_, depth) =>
    fraction(
      `restsAt[${depth}]`,
      '1',
      `1: an order rests ${depth} ticks below the best bid; else 0.`,
      (_parameters, state) => tf.cast(tf.equal(state.depth!, depth), 'float32'),
    ),
  );
  if (longest === 0) return drivers;
  return [
    ...drivers,
    fraction(
      'queueAhead',
      `${longest} orders`,
      'Orders that are to be filled before it; 0 without an order.',
      (_, state) => tf.mul(state.ahead!, 1 / longest),
    ),
  ];
}

function pendingDecision(config: OrderPlacementConfig, name: string): Driver[] {
  const { count, hold } = choicesOf(config);
  return Array.from({ length: count }, (_, choice) => choice)
    .filter((choice) => choice !== hold)
    .map((choice) =>
      fraction(
        `${name}[${choice}]`,
        '1',
        `1: choice ${choice} is on its way; else 0.`,
        (_, state) => tf.cast(tf.equal(state[name]!, tf.scalar(choice, 'int32')), 'float32'),
      ),
    );
}

/** Where all is known in advance, there is nothing to see. */
const constant = (): Driver =>
  fraction('constant', '1', 'Always 1: nothing varies.', (_, state) =>
    tf.onesLike(state.remaining!),
  );
