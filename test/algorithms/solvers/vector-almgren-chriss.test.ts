import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';

import { simulate } from '../../../algorithms/evaluation/simulate';
import { solveBasket } from '../../../algorithms/solvers/basket';
import { twap } from '../../../algorithms/solvers/twap';
import { vectorAlmgrenChriss } from '../../../algorithms/solvers/vector-almgren-chriss';
import { forUse, makeKey, phases, uses } from '../../../engine/random';
import type { Tensors } from '../../../engine/tensors';
import { kind } from '../../../envs/basket-execution';
import { basketExecutionSchema } from '../../../envs/basket-execution/config';
import { makeEnvironment } from '../../../envs/registry';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const number = (min: number, max: number) => fc.double({ min, max, noNaN: true });

test('follows the schedule of the eigenproblem, and costs what it says', () => {
  const cases = fc
    .tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 7 }))
    .chain(([assets, periods]) => {
      const each = (min: number, max: number) =>
        fc.array(number(min, max), { minLength: assets, maxLength: assets });
      return fc.record({
        assets: fc.constant(assets),
        periods: fc.constant(periods),
        horizon: fc.constantFrom(1, 5),
        quantity: fc.array(fc.integer({ min: -1000, max: 1000 }), {
          minLength: assets,
          maxLength: assets,
        }),
        volatility: each(0.1, 2),
        temporaryImpact: each(1e-3, 1e-2),
        rho: number(0, 0.9),
        crossImpact: number(0, 0.9),
        permanentImpact: number(0, 1.5),
        riskAversion: number(0, 0.05),
      });
    });
  fc.assert(
    fc.property(cases, ({ rho, ...given }) => {
      tf.tidy(() => {
        const correlation = given.volatility.map((_, i) =>
          given.volatility.map((_, j) => (i === j ? 1 : rho)),
        );
        const config = basketExecutionSchema.parse({ ...given, correlation });
        const { assets, periods, horizon, quantity, temporaryImpact: eta, volatility } = given;
        const definition = kind.create(config);
        const policy = vectorAlmgrenChriss.create(kind.id, config, definition);
        const parameters = definition.parameters();
        const key = makeKey({ seed: 0, phase: phases.check, rows: 1 });
        const temporary = correlation.map((row, i) =>
          row.map((r, j) => (i === j ? 1 : given.crossImpact * r) * Math.sqrt(eta[i]! * eta[j]!)),
        );
        const solution = solveBasket({
          quantities: quantity,
          periods,
          horizon,
          covariance: correlation.map((row, i) =>
            row.map((r, j) => r * volatility[i]! * volatility[j]!),
          ),
          temporaryImpact: temporary,
          permanentImpact: temporary.map((row) =>
            row.map((entry) => (given.permanentImpact * entry * periods) / horizon),
          ),
          spreadCost: quantity.map(() => 0),
          riskAversion: given.riskAversion,
        });
        const scale = quantity.reduce((sum, x) => sum + Math.abs(x), 1);
        let state: Tensors = definition.reset(parameters, forUse(key, uses.reset));
        for (let step = 0; step < periods; step += 1) {
          const action = policy.act({
            parameters,
            state,
            observation: definition.observe(parameters, state),
            key,
          });
          state = definition.transition(parameters, state, action, key).state;
          const held = (state.held!.arraySync() as number[][])[0]!;
          for (let i = 0; i < assets; i += 1) {
            expect(Math.abs(held[i]! - solution.holdings[step + 1]![i]!)).toBeLessThan(
              2e-5 * scale,
            );
          }
        }
        const { expectedCost, riskCost } = definition.measure!(parameters, state);
        const utility = expectedCost!.dataSync()[0]! + riskCost!.dataSync()[0]!;
        expect(Math.abs(utility - solution.utility)).toBeLessThan(
          1e-4 * Math.abs(solution.utility) + 1e-6,
        );
      });
    }),
    { numRuns: 40 },
  );
});

test('costs less than equal trades in every random basket', async () => {
  const environment = makeEnvironment({ id: 'basket-execution' });
  const config = basketExecutionSchema.parse({});
  const costs = async (solver: { create: typeof vectorAlmgrenChriss.create }) => {
    const policy = solver.create(kind.id, config, environment.definition);
    const played = await simulate(environment, policy, { episodes: 50, seed: 0, phase: 'test' });
    return played.expectedCost!.map((cost, episode) => cost + played.riskCost![episode]!);
  };
  const [best, even] = [await costs(vectorAlmgrenChriss), await costs(twap as never)];
  best.forEach((cost, episode) => expect(cost).toBeLessThan(even[episode]! * (1 + 1e-5)));
});
