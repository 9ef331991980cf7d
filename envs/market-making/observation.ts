import * as tf from '@tensorflow/tfjs';

import { InputError } from '../../engine/input-error';
import type { Tensors } from '../../engine/tensors';
import type { Driver } from '../processes/driver';
import { tickPhase } from '../processes/tick-size';
import { type Box, box, type Field } from '../space';
import type { MarketMakingConfig } from './config';

/** What an agent sees: inventory, time left, and what drives the dynamics, never an absolute price. */
export interface Observer {
  readonly space: Box;
  /** [B, O] */
  observe(parameters: Tensors, state: Tensors): tf.Tensor2D;
}

/** @param drivers of the processes and pending quotes, in the order of their columns */
export function createObserver(config: MarketMakingConfig, drivers: readonly Driver[]): Observer {
  const all = [...ownDrivers(config), ...drivers];
  const names = all.flatMap(({ fields }) => fields.map(({ name }) => name));
  for (const name of config.hide) {
    if (!names.includes(name)) {
      throw new InputError(
        `hide: there is no observation component '${name}'; there are ${names.join(', ')}`,
      );
    }
  }
  const visible = ({ name }: Field) => !config.hide.includes(name);
  const seen = all.filter(({ fields }) => fields.some(visible));
  if (seen.length === 0) throw new InputError('hide: at least one component must be observed');
  return {
    space: box(seen.flatMap(({ fields }) => fields.filter(visible))),
    observe(parameters, state) {
      const columns = seen.flatMap(({ fields, observe }) => {
        const values = observe(parameters, state);
        const parts = fields.length === 1 ? [values] : tf.unstack(values, 1);
        return parts.filter((_, index) => visible(fields[index]!));
      });
      // Stacked by rows and transposed: on wasm many times faster than by columns.
      return tf.transpose(tf.stack(columns)) as tf.Tensor2D;
    },
  };
}

function ownDrivers({
  inventory,
  steps,
  tick,
  reward,
  riskAversion,
}: MarketMakingConfig): Driver[] {
  const scale = inventory.scale ?? inventory.maximum;
  const bound = inventory.maximum / scale;
  const drivers: Driver[] = [
    {
      fields: [
        {
          name: 'inventory',
          unit: `${scale} shares`,
          low: -bound,
          high: bound,
          description: 'Inventory.',
        },
      ],
      observe: (_parameters, state) => tf.mul(state.inventory!, 1 / scale),
    },
    {
      fields: [
        {
          name: 'timeLeft',
          unit: 'horizons',
          low: 0,
          high: 1,
          description: 'Time to the horizon.',
        },
      ],
      observe: (_parameters, state) =>
        tf.sub(1, tf.mul(tf.cast(state.step!, 'float32'), 1 / steps)),
    },
  ];
  if (tick !== null) {
    drivers.push({
      fields: [
        {
          name: 'tickPhase',
          unit: `${tick} quote currency`,
          low: 0,
          high: 1,
          description: 'Position of the mid price between two ticks.',
        },
      ],
      observe: (parameters, state) =>
        tickPhase(tf.add(parameters.initialPrice!, state.move!), parameters.tick!),
    });
  }
  if (reward.kind === 'exponential-utility') {
    drivers.push({
      fields: [
        {
          name: 'profit',
          unit: `${1 / riskAversion} quote currency`,
          low: -Infinity,
          high: Infinity,
          description:
            'Profit since the start of the episode, on which the utility of more depends.',
        },
      ],
      observe: (parameters, state) => tf.mul(state.wealth!, parameters.riskAversion!),
    });
  }
  return drivers;
}
