import * as tf from '@tensorflow/tfjs';

import type { Tensors } from '../../engine/tensors';
import type { Driver } from '../processes/driver';
import { type Box, box, type Field } from '../space';
import type { PredationConfig } from './config';
import type { Ladder } from './ladder';
import { farAway, field, observeStops } from './observe-stops';
import type { Whole } from './whole';

export interface RaidObserver {
  readonly space: Box;
  /** [B, O] */
  observe(parameters: Tensors, state: Tensors): tf.Tensor2D;
}

export interface RaidParts {
  readonly halfSpread: Whole;
  readonly maxShort: Whole;
  readonly maxTrade: Whole;
  readonly recovery: Whole;
  readonly noise: Whole;
  readonly ladder: Ladder;
}

/**
 * What both players see: the clock, the position and its limits, the costs, and of each unfired stop how
 * many sales it is away, what the short will then be, and what it sells. Never a price itself.
 */
export function createObserver(config: PredationConfig, parts: RaidParts): RaidObserver {
  const { periods, defender } = config;
  const { halfSpread, maxShort, maxTrade, recovery, noise } = parts;
  const unit = 1 / Math.max(1, maxShort.largest);
  const unitName = `${1 / unit} units`;
  const short = (state: Tensors) => tf.neg(state.position!);
  const left = (state: Tensors) => tf.sub(periods, tf.cast(state.step!, 'float32'));
  const room = (parameters: Tensors, state: Tensors) =>
    tf.add(maxShort.current(parameters, state), state.position!);
  const tradable = (parameters: Tensors, state: Tensors) =>
    tf.mul(maxTrade.current(parameters, state), left(state));

  const drivers: Driver[] = [
    column({
      field: field('timeLeft', '1', 0, 1, 'Periods left as a fraction of all.'),
      observe: (_, state) => tf.mul(left(state), 1 / periods),
    }),
    column({
      field: field('short', unitName, 0, 1, 'Units sold short.'),
      observe: (_, state) => tf.mul(short(state), unit),
    }),
    column({
      field: field('room', unitName, 0, 1, 'Units that the limit of the position lets it sell.'),
      observe: (parameters, state) => tf.mul(room(parameters, state), unit),
    }),
    column({
      field: field(
        'reach',
        unitName,
        0,
        farAway,
        `Units that can be traded in the periods left; ${farAway} at most.`,
      ),
      observe: (parameters, state) =>
        tf.minimum(tf.mul(tf.mul(maxTrade.current(parameters, state), left(state)), unit), farAway),
    }),
  ];
  const whole = (number: Whole, description: string) => {
    if (!number.varies) return;
    const { name, largest } = number;
    const scale = Math.max(1, largest);
    drivers.push(
      column({
        field: field(name, `${scale}`, 0, 1, description),
        observe: (parameters, state) => tf.mul(number.current(parameters, state), 1 / scale),
      }),
    );
  };
  whole(halfSpread, 'Half of the spread.');
  whole(maxTrade, 'The largest trade of a period.');
  whole(recovery, 'How far the mid returns in a period.');
  whole(noise, 'How far the mid moves at random in a period, at most.');
  if (recovery.largest > 0) {
    drivers.push(
      column({
        field: field(
          'displacement',
          `${config.tick / unit} half-ticks`,
          -Infinity,
          Infinity,
          'How far the mid is below where it began.',
        ),
        observe: (parameters, state) =>
          tf.mul(tf.sub(parameters.mid!, state.mid!), unit / config.tick),
      }),
    );
  }
  drivers.push(
    observeStops(parts, unit, (parameters, state) =>
      tf.minimum(room(parameters, state), tradable(parameters, state)),
    ),
  );
  if (defender !== null) {
    const scale = Math.max(1, defender.budget);
    drivers.push(
      column({
        field: field('budget', `${scale} units`, 0, 1, 'Units that the defender can still buy.'),
        observe: (_, state) => tf.mul(state.budget!, 1 / scale),
      }),
    );
  }
  return {
    space: box(drivers.flatMap(({ fields }) => fields)),
    // Put together as rows and turned over once: on wasm 30 times as fast as columns side by side.
    observe: (parameters, state) =>
      tf.transpose(
        tf.concat(
          drivers.map(({ observe }) => {
            const seen = observe(parameters, state);
            return seen.rank === 2 ? tf.transpose(seen) : tf.expandDims(seen, 0);
          }),
          0,
        ),
      ) as tf.Tensor2D,
  };
}

const column = ({
  field: one,
  observe,
}: {
  readonly field: Field;
  readonly observe: Driver['observe'];
}): Driver => ({ fields: [one], observe });
