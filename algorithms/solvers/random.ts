import { sampleAction } from '../../envs/sample-action';
import type { PolicySolver } from './policy';

export const randomActions: PolicySolver = {
  name: 'random',
  description: 'Uniformly random actions; normal ones where the action space has no bounds.',
  environments: 'any',
  create: (_kindId, _config, definition) => ({
    name: 'random',
    kind: 'classical',
    stochastic: true,
    act: ({ key, actionMask }) => sampleAction(definition.actionSpace, key, 0, actionMask),
  }),
};
