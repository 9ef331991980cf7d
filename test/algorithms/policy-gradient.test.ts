import * as tf from '@tensorflow/tfjs';

import { policyGradientUpdate } from '../../algorithms/policy-gradient';
import { surrogateGradient } from '../../algorithms/trpo/surrogate';
import { flatten } from '../../algorithms/trpo/flat';
import { trpoUpdate } from '../../algorithms/trpo/update';
import { makeKey, phases } from '../../engine/random';
import { expectClose, plain } from './reference';
import { createExample, policyKinds, usual } from './trpo/policies';

beforeAll(async () => {
  await tf.setBackend('cpu');
});
beforeEach(() => tf.engine().startScope());
afterEach(() => tf.engine().endScope());

test('adds a multiple of the gradient and reports the divergence', () => {
  const { policy, parameters, batch, divergence } = createExample('gaussian', { rows: 9, seed: 1 });
  const { gradient } = surrogateGradient(policy, parameters, batch, 9);
  const update = policyGradientUpdate(policy, parameters, batch, { stepSize: 0.05, chunk: 4 });
  expectClose(
    tf.sub(flatten(update.parameters), flatten(parameters)).dataSync(),
    tf.mul(0.05, gradient).dataSync(),
    1e-6,
  );
  const kl = update.diagnostics.kl.dataSync()[0]!;
  expect(kl).toBeCloseTo(divergence(plain(parameters), plain(update.parameters)), 6);
  expect(update.diagnostics.surrogateImprovement.dataSync()[0]).toBeGreaterThan(0);
});

test.each(policyKinds)(
  '%s: a poisoned batch moves TRPO by at most δ, the policy gradient far further',
  (kind) => {
    const { policy, parameters, batch, divergence } = createExample(kind, { rows: 64, seed: 17 });
    // A fault in the reward's sign and unit: a tenth of the advantages times −1000.
    const factors = Array.from({ length: 64 }, (_, i) => (i % 10 === 0 ? -1000 : 1));
    const advantage = tf.mul(batch.advantage, tf.tensor1d(factors)) as tf.Tensor1D;
    const key = makeKey({ seed: 0, phase: phases.training });

    const start = plain(parameters);
    const stepSize = 0.05;
    const options = { stepSize, chunk: usual.chunk };
    const sound = policyGradientUpdate(policy, parameters, batch, options);
    expect(divergence(start, plain(sound.parameters))).toBeLessThan(usual.trustRegion);

    const poisoned = { ...batch, advantage };
    const trusted = trpoUpdate(policy, parameters, poisoned, usual, key);
    const trustedKl = divergence(start, plain(trusted.parameters));
    expect(trusted.diagnostics.accepted.dataSync()[0]).toBe(1);
    expect(trustedKl).toBeLessThanOrEqual(usual.trustRegion * (1 + 1e-4));
    const plainStep = policyGradientUpdate(policy, parameters, poisoned, options);
    const plainKl = divergence(start, plain(plainStep.parameters));
    expect(plainKl).toBeGreaterThan(50 * usual.trustRegion);
  },
);
