import * as tf from '@tensorflow/tfjs';

import type { Tensors } from '../../engine/tensors';
import type { Coefficient } from '../processes/coefficients';
import type { Driver } from '../processes/driver';
import type { Impact } from '../processes/impact';
import { type Box, box, type Field } from '../space';
import type { ExecutionConfig } from './config';

export interface ExecutionObserver {
  readonly space: Box;
  /** [B, O] */
  observe(parameters: Tensors, state: Tensors): tf.Tensor2D;
}

export interface ExecutionParts {
  readonly volatility: Coefficient;
  readonly impact: Impact;
  readonly capacity: Coefficient | null;
}

/**
 * What an agent sees: the clock, the rest of the order, the move of the price since arrival, and
 * whatever drives the dynamics and varies. Never a price itself.
 */
export function createObserver(config: ExecutionConfig, parts: ExecutionParts): ExecutionObserver {
  const { hide, periods, quantity } = config;
  const hidden = new Set<string>(hide);
  const drivers: Driver[] = [timeLeft(periods), remaining()];
  if (parts.volatility.reference > 0 && !hidden.has('priceMove')) {
    drivers.push(priceMove(config, parts.volatility));
  }
  if (parts.impact.transient && !hidden.has('displacement')) {
    drivers.push(displacement(parts.impact.transient.impact));
  }
  if (!hidden.has('coefficients')) {
    for (const coefficient of [parts.volatility, ...parts.impact.coefficients]) {
      if (coefficient.varies === 'never') continue;
      const columns = coefficient.varies === 'by period' ? periods : 1;
      const unit = { size: coefficient.reference, name: 'its typical value' };
      drivers.push(relative(coefficient.name, columns, unit));
    }
    if (parts.capacity && parts.capacity.varies !== 'never') {
      const unit = { size: quantity / periods, name: 'quantity / periods' };
      drivers.push(relative(parts.capacity.name, periods, unit));
    }
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

const timeLeft = (periods: number): Driver => ({
  fields: [
    {
      name: 'timeLeft',
      unit: '1',
      low: 0,
      high: 1,
      description: 'Periods left as a fraction of all.',
    },
  ],
  observe: (_, state) => tf.sub(1, tf.mul(tf.cast(state.step!, 'float32'), 1 / periods)),
});

const remaining = (): Driver => ({
  fields: [
    {
      name: 'remaining',
      unit: '1',
      low: 0,
      high: 1,
      description: 'Shares left as a fraction of the order.',
    },
  ],
  observe: (parameters, state) => tf.div(state.remaining!, parameters.quantity!),
});

const priceMove = ({ side, horizon }: ExecutionConfig, volatility: Coefficient): Driver => ({
  fields: [
    {
      name: 'priceMove',
      unit: 'σ√T',
      low: -Infinity,
      high: Infinity,
      description: 'Move of the mid price since arrival, positive in favour of the order.',
    },
  ],
  observe: (parameters, state) =>
    tf.div(
      tf.mul(state.priceMove!, (side === 'sell' ? 1 : -1) / Math.sqrt(horizon)),
      volatility.current(parameters, state),
    ),
});

const displacement = (impact: Coefficient): Driver => ({
  fields: [
    {
      name: 'displacement',
      unit: 'κX',
      low: 0,
      high: 1,
      description:
        'Displacement of the price by transient impact, as a fraction of what the whole order at once would cause.',
    },
  ],
  observe: (parameters, state) =>
    tf.div(state.displacement!, tf.mul(impact.current(parameters, state), parameters.quantity!)),
});

/** A coefficient as a multiple of a unit: one column, or one a period with the current one first. */
function relative(
  name: string,
  columns: number,
  unit: { readonly size: number; readonly name: string },
): Driver {
  const field = (suffix: string, description: string): Field => ({
    name: `${name}${suffix}`,
    unit: unit.name,
    low: 0,
    high: Infinity,
    description,
  });
  const ahead = (count: number): string =>
    count === 0
      ? `${name} of the current period.`
      : `${name} ${count} period${count > 1 ? 's' : ''} ahead; 0 past the end.`;
  return {
    fields:
      columns === 1
        ? [field('', `${name} of the episode.`)]
        : Array.from({ length: columns }, (_, count) => field(`[${count}]`, ahead(count))),
    observe: (_, state) => tf.div(state[name]!, unit.size),
  };
}
