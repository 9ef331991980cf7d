import type * as tf from '@tensorflow/tfjs';

import type { Key } from '../../engine/random';
import type { Tensors } from '../../engine/tensors';
import type { Moments } from '../normaliser';
import type { Network } from '../policies/network';
import type { ValueConfig } from '../schema';
import { type AdamState, fitByAdam } from './adam-fit';
import { fitByTrustRegion } from './trust-region-fit';
import { renormaliseReturns, standardiseTargets } from './value-function';

/** What a value fit changes. */
export interface ValueState {
  readonly value: Tensors;
  readonly adam: AdamState;
  /** Of return targets. */
  readonly returns: Moments;
}

/** Return targets that the normaliser remembers, in iterations. */
const returnMemory = 10;

/**
 * The value network after an iteration's targets: the return normaliser takes them in, then the
 * network is fitted in standardised units.
 * @param data observation [N, O] normalised; target [N] in units of return
 * @param key orders the minibatches
 */
export function fitValue(
  network: Network,
  before: ValueState,
  data: { readonly observation: tf.Tensor2D; readonly target: tf.Tensor1D },
  { fit, chunk }: Pick<ValueConfig, 'fit'> & { readonly chunk: number },
  key: Key,
): ValueState {
  const { parameters, returns } = renormaliseReturns(
    network,
    before.value,
    before.returns,
    data.target,
    returnMemory * data.target.shape[0],
  );
  const rows = { ...data, target: standardiseTargets(returns, data.target) };
  switch (fit.kind) {
    case 'adam': {
      const fitted = fitByAdam(network, parameters, before.adam, rows, fit, key);
      return { value: fitted.parameters, adam: fitted.state, returns };
    }
    case 'trust-region':
      return {
        value: fitByTrustRegion(network, parameters, rows, fit, chunk),
        adam: before.adam,
        returns,
      };
  }
}
