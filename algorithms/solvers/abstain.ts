import * as tf from '@tensorflow/tfjs';

import { type PredationConfig } from '../../envs/predation/config';
import { largestOf } from '../../envs/predation/whole';
import type { PolicySolver } from './policy';

/** No raid: profit zero. */
export const abstain: PolicySolver<PredationConfig> = {
  name: 'abstain',
  description: 'Never trades.',
  environments: ['predation'],
  create: (_kindId, { maxTrade }) => ({
    name: 'abstain',
    kind: 'classical',
    act: ({ observation }) => tf.fill([observation.shape[0]], largestOf(maxTrade), 'int32'),
  }),
};
