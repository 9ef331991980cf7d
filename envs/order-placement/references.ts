import type { References } from '../kind';
import { type OrderPlacementConfig } from './config';
import { isRange } from './process';

/** Whether an episode is one choice for one unit, so that the best one has a closed form. */
export const isOneChoice = ({ quantity, steps, queue }: OrderPlacementConfig): boolean =>
  quantity === 1 && steps === 1 && queue.length === 0;

/** Whether the market has finitely many states, so that a table can hold the best choice in each. */
export const isFinite = ({ signal, spread, imbalance, fill }: OrderPlacementConfig): boolean =>
  ![signal, spread, imbalance, fill.probability, fill.decay].some(isRange);

/** The best constant choice is naive; the best of all is a formula for one choice, else a table. */
export function orderPlacementReferences(config: OrderPlacementConfig): References | null {
  const naive = 'best-constant-order';
  if (isOneChoice(config)) return { naive, optimum: 'order-choice' };
  return isFinite(config) ? { naive, optimum: 'order-placement' } : null;
}
