import * as tf from '@tensorflow/tfjs';

import { InputError } from '../../engine/input-error';
import { type Key, normals } from '../../engine/random';
import type { Tensors } from '../../engine/tensors';
import { createCoefficient, largest } from '../processes/coefficients';
import { correlationMatrix, createCorrelations } from '../processes/correlations';
import { createList } from '../processes/lists';
import { createQuantities } from '../processes/quantities';
import type { BasketExecutionConfig } from './config';
import { identity, times } from './matrices';

/** The random numbers of a step (noise) and of a reset (the rest), by draw. */
export const draws = {
  noise: 0,
  quantity: 1,
  side: 2,
  volatility: 3,
  correlation: 4,
  temporaryImpact: 5,
  crossImpact: 6,
  permanentImpact: 7,
  riskAversion: 8,
} as const;

/** The coefficients of each row's market; what is the same in all rows may have a batch of one. */
export interface BasketFigures {
  /** √η_i, [1 or B, 1 or m]: times shares it gives units in which every asset's own impact is 1. */
  readonly rootImpact: tf.Tensor2D;
  /** K = (1 − β)I + βρ, [1 or B, m, m]: H_ij = √η_i K_ij √η_j. */
  readonly impactMatrix: tf.Tensor3D;
  /** g, [1 or B, 1]: Γ = gH/τ. */
  readonly permanentShare: tf.Tensor2D;
  /** √λ τ σ_i/√η_i, [1 or B, 1 or m]: risk beside impact; κτ of the asset where both are small. */
  readonly urgency: tf.Tensor2D;
  /** λτ²C in units of equal impact, [1 or B, m, m]: urgency_i ρ_ij urgency_j. */
  readonly risk: tf.Tensor3D;
  /** H̃ = H − ½τΓ in the same units, [1 or B, m, m]: (1 − ½g)K. */
  readonly netImpact: tf.Tensor3D;
  /** ρ, [1 or B, m, m]. */
  readonly correlation: tf.Tensor3D;
  /** β, [1 or B, 1] */
  readonly crossImpact: tf.Tensor2D;
}

export interface BasketMarket {
  /** Which of its figures each episode draws. */
  readonly varies: Readonly<Record<'correlation' | 'crossImpact' | 'permanentImpact', boolean>>;
  parameters(): Tensors;
  /** What the state of B episodes keeps of the market, and their `quantity` [B, m]. */
  draw(parameters: Tensors, key: Key): Tensors & { readonly quantity: tf.Tensor2D };
  figures(parameters: Tensors, state: Tensors): BasketFigures;
  /** σ√τ Rξ, [B, m] quote currency per share: the part of the mid prices' moves that is chance. */
  noise(parameters: Tensors, state: Tensors, key: Key): tf.Tensor2D;
}

/** @throws InputError for lists of the wrong length and numbers out of range */
export function createMarket(config: BasketExecutionConfig): BasketMarket {
  const { assets, periods } = config;
  const tau = config.horizon / periods;
  checkLargest('crossImpact', config.crossImpact, (value) => value < 1, 'less than 1');
  checkLargest('permanentImpact', config.permanentImpact, (value) => value < 2, 'less than 2');

  const list = (name: 'volatility' | 'temporaryImpact', positive = false) =>
    createList({ name, value: config[name], count: assets, draw: draws[name], positive });
  const coefficient = (name: 'crossImpact' | 'permanentImpact' | 'riskAversion') =>
    createCoefficient({ name, value: config[name], periods, draw: draws[name] });
  const volatility = list('volatility');
  const temporary = list('temporaryImpact', true);
  const correlations = createCorrelations(config.correlation, assets, draws.correlation);
  const crossImpact = coefficient('crossImpact');
  const permanent = coefficient('permanentImpact');
  const riskAversion = coefficient('riskAversion');
  const quantities = createQuantities(config.quantity, assets, draws);
  const parts = [volatility, temporary, correlations, crossImpact, permanent, riskAversion];

  return {
    varies: {
      correlation: correlations.varies,
      crossImpact: crossImpact.varies !== 'never',
      permanentImpact: permanent.varies !== 'never',
    },
    parameters: () => ({
      ...Object.assign({}, ...parts.map((part) => part.parameters())),
      ...quantities.parameters(),
    }),
    draw: (parameters, key) => ({
      ...Object.assign({}, ...parts.map((part) => part.draw(parameters, key))),
      quantity: quantities.draw(parameters, key),
    }),
    figures(parameters, state) {
      const rootImpact = tf.sqrt(temporary.current(parameters, state));
      const correlation = correlationMatrix(correlations.root(parameters, state));
      const beta = perRow(crossImpact.current(parameters, state));
      const lambda = perRow(riskAversion.current(parameters, state));
      const share = tf.expandDims(beta, 2);
      const permanentShare = perRow(permanent.current(parameters, state));
      const impactMatrix = tf.add(
        tf.mul(share, correlation),
        tf.mul(tf.sub(1, share), identity(assets)),
      ) as tf.Tensor3D;
      const urgency = tf.div(
        tf.mul(tf.mul(tf.sqrt(lambda), tau), volatility.current(parameters, state)),
        rootImpact,
      ) as tf.Tensor2D;
      return {
        rootImpact,
        impactMatrix,
        permanentShare,
        urgency,
        risk: tf.mul(tf.mul(tf.expandDims(urgency, 2), correlation), tf.expandDims(urgency, 1)),
        netImpact: tf.mul(impactMatrix, tf.expandDims(tf.sub(1, tf.mul(permanentShare, 0.5)), 2)),
        correlation,
        crossImpact: beta,
      };
    },
    noise(parameters, state, key) {
      const shocks = normals(key, draws.noise, correlations.factors);
      const moves = times(correlations.root(parameters, state), shocks);
      return tf.mul(moves, tf.mul(volatility.current(parameters, state), Math.sqrt(tau)));
    },
  };
}

const perRow = (value: tf.Tensor): tf.Tensor2D => tf.reshape(value, [-1, 1]);

function checkLargest(
  name: string,
  value: BasketExecutionConfig['crossImpact'],
  isAllowed: (value: number) => boolean,
  rule: string,
): void {
  if (!isAllowed(largest(value))) {
    throw new InputError(`env.${name}: ${largest(value)}; expected ${rule}`);
  }
}
