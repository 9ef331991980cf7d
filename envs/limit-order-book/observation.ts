import * as tf from '@tensorflow/tfjs';

import { InputError } from '../../engine/input-error';
import type { Tensors } from '../../engine/tensors';
import type { Driver } from '../processes/driver';
import { type Box, box, type Field } from '../space';
import { type AgentState, othersMid } from './account';
import { asRows, type Best, bestQuotes, depthAt, onlyWhere } from './book';
import type { LimitOrderBookConfig } from './config';
import { restingSide } from './execute';
import { meanSizeOf } from './order-sizes';
import { type BookSide, orderOf, signOf } from './own-orders';

export interface BookObserver {
  readonly space: Box;
  /** [B, O] */
  observe(parameters: Tensors, state: AgentState): tf.Tensor2D;
}

/** Orders that are observed as 1: about twice what stands at a price. */
const typicalQueue = 4;

/** A part of the observation that looks at the book: others' best quotes are given. */
interface View {
  readonly fields: readonly Field[];
  observe(parameters: Tensors, state: AgentState, best: Best): readonly tf.Tensor1D[];
}

/**
 * What the agent sees: the clock, its inventory, the sizes near the best quotes, its orders and their
 * place in the queue, and what drives the flow. An order that sells and one that buys see the same: sizes
 * are those of its own side and of the opposite one.
 */
export function createObserver(
  config: LimitOrderBookConfig,
  drivers: readonly Driver[],
): BookObserver {
  const { task, hide } = config;
  const shares =
    typicalQueue *
    (config.flow.kind === 'replay' ? config.flow.typicalSize : meanSizeOf(config.sizes));
  const named: readonly { readonly name: string; readonly side: BookSide }[] =
    task.kind === 'make'
      ? [
          { name: 'bid', side: 'bid' },
          { name: 'ask', side: 'ask' },
        ]
      : [
          { name: 'own', side: restingSide(task.side) },
          { name: 'opposite', side: restingSide(task.side) === 'ask' ? 'bid' : 'ask' },
        ];
  const acting = task.kind === 'make' ? named : named.slice(0, 1);
  const views: View[] = [
    clock(),
    inventory(config),
    spread(),
    ...named.map(({ name, side }) => sizes(name, side, config.observedLevels, shares)),
    imbalance(named[0]!, named[1]!),
    ...acting.map(({ name, side }) => ownOrder(name, side, shares, quantityOf(config))),
    midMove(config),
    ...drivers.map(fromDriver),
  ];
  const names = views.flatMap(({ fields }) => fields.map(({ name }) => name));
  for (const name of hide) {
    if (!names.includes(name)) {
      throw new InputError(
        `env.hide: there is no observation component '${name}'; there are ${names.join(', ')}`,
      );
    }
  }
  if (names.every((name) => hide.includes(name))) {
    throw new InputError('env.hide: at least one component must be observed');
  }
  const isVisible = ({ name }: Field): boolean => !hide.includes(name);
  return {
    space: box(views.flatMap(({ fields }) => fields.filter(isVisible))),
    observe(parameters, state) {
      const best = bestQuotes(state.depth);
      const columns = views.flatMap(({ fields, observe }) =>
        observe(parameters, state, best).filter((_, index) => isVisible(fields[index]!)),
      );
      // Stacked by rows and transposed: on wasm many times faster than by columns.
      return tf.transpose(tf.stack(columns)) as tf.Tensor2D;
    },
  };
}

const quantityOf = ({ task }: LimitOrderBookConfig): number =>
  task.kind === 'execute' ? task.quantity : task.size;

const field = (
  name: string,
  unit: string,
  bounds: readonly [number, number],
  description: string,
) => ({
  name,
  unit,
  low: bounds[0],
  high: bounds[1],
  description,
});

const clock = (): View => ({
  fields: [field('timeLeft', 'horizons', [0, 1], 'Time to the horizon.')],
  observe: ({ horizon }, { time }) => [tf.sub(1, tf.div(time, horizon!)) as tf.Tensor1D],
});

const inventory = ({ task }: LimitOrderBookConfig): View =>
  task.kind === 'execute'
    ? {
        fields: [field('remaining', 'orders', [0, 1], 'Part of the order that is left.')],
        observe: ({ quantity }, state) => [
          tf.div(
            task.side === 'sell' ? state.inventory : tf.neg(state.inventory),
            quantity!,
          ) as tf.Tensor1D,
        ],
      }
    : {
        fields: [field('inventory', 'maximum inventories', [-1, 1], 'Inventory.')],
        observe: ({ maximumInventory }, state) => [
          tf.div(state.inventory, maximumInventory!) as tf.Tensor1D,
        ],
      };

const spread = (): View => ({
  fields: [
    field('spread', 'ticks', [1, Infinity], 'Of others’ best quotes; 1 is the smallest there is.'),
  ],
  observe: (_parameters, _state, { bid, ask }) => [asRows(tf.sub(ask, bid))],
});

const sizes = (name: string, side: BookSide, levels: number, shares: number): View => ({
  fields: Array.from({ length: levels }, (_, ticks) =>
    field(
      `${name}Size[${ticks}]`,
      `${shares} shares`,
      [0, Infinity],
      `Others’ shares ${ticks === 0 ? 'at the best quote' : `${ticks} tick${ticks > 1 ? 's' : ''} behind it`} on the ${name} side.`,
    ),
  ),
  observe: (_parameters, { depth }, best) =>
    Array.from({ length: levels }, (_, ticks) => {
      const column = tf.add(best[side], signOf(side) * ticks);
      return asRows(tf.mul(depthAt(depth, column), signOf(side) / shares));
    }),
});

const imbalance = (
  own: { readonly name: string; readonly side: BookSide },
  opposite: { readonly name: string; readonly side: BookSide },
): View => ({
  fields: [
    field(
      'imbalance',
      '1',
      [-1, 1],
      `Shares at the best quote of the ${own.name} side less those of the ${opposite.name} side, over their sum.`,
    ),
  ],
  observe(_parameters, { depth }, best) {
    const [first, second] = [own, opposite].map(({ side }) =>
      tf.mul(depthAt(depth, best[side]), signOf(side)),
    );
    return [asRows(tf.div(tf.sub(first!, second!), tf.maximum(tf.add(first!, second!), 1)))];
  },
});

const ownOrder = (name: string, side: BookSide, shares: number, quantity: number): View => ({
  fields: [
    field(`${name}Order`, `${quantity} shares`, [0, Infinity], 'What rests of the agent’s order.'),
    field(
      `${name}OrderDistance`,
      'ticks',
      [-Infinity, Infinity],
      'How far it is behind others’ best quote; negative: better than it; 0 without an order.',
    ),
    field(
      `${name}OrderAhead`,
      `${shares} shares`,
      [0, Infinity],
      'Others’ shares at its price that come first; 0 without an order.',
    ),
  ],
  observe(_parameters, state, best) {
    const { size, column, ahead } = orderOf(state, side);
    const rests = tf.greater(size, 0);
    const distance = tf.mul(tf.sub(column, best[side]), signOf(side));
    return [
      tf.mul(size, 1 / quantity),
      onlyWhere(rests, distance),
      onlyWhere(rests, tf.mul(ahead, 1 / shares)),
    ].map(asRows);
  },
});

const midMove = ({ task, horizon }: LimitOrderBookConfig): View => {
  const direction = task.kind === 'execute' && task.side === 'buy' ? -1 : 1;
  const scale = Math.sqrt(horizon);
  return {
    fields: [
      field(
        'midMove',
        `${Number(scale.toPrecision(3))} ticks`,
        [-Infinity, Infinity],
        'Move of others’ mid price since the start, positive in favour of what is held.',
      ),
    ],
    observe: (_parameters, state) => [
      tf.mul(tf.sub(asRows(othersMid(state)), state.arrival), direction / scale) as tf.Tensor1D,
    ],
  };
};

const fromDriver = ({ fields, observe }: Driver): View => ({
  fields,
  observe(parameters, state, { bid, ask }) {
    const values = observe(parameters, { ...state, bestSum: asRows(tf.add(bid, ask)) });
    return fields.length === 1 ? [values as tf.Tensor1D] : (tf.unstack(values, 1) as tf.Tensor1D[]);
  },
});
