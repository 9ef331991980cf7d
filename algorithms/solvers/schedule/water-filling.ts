import * as tf from '@tensorflow/tfjs';

import { scan } from '../../../engine/loops';
import type { ExecutionConfig } from '../../../envs/execution/config';
import type { ClassicalPolicy, PolicyInput, PolicySolver } from '../policy';

/** Impacts below it count as this, so that nothing is divided by zero; quote currency·time / shares². */
const leastImpact = 1e-20;

/** Newton steps that bring λ to the rounding of float32. */
const newtonSteps = 32;

/**
 * The share of the remaining order that equal marginal costs give to the current period, for every episode
 * by its own coefficients and capacities of the periods left. Trading n of the rest x costs (η/τ)n² and moves
 * the price of x − n by γn: the marginal cost is that of the impact η − γτ/2.
 *
 * λ is the limit of λ ← (rest − Σ cap over the periods whose cap binds at λ) / Σ 1/a over the others: Newton's
 * method on a concave sum, from below. It stands still once all caps that bind are known, after at most N
 * steps; and each step divides the missing shares times the slope by four or more (Dinkelbach's bound).
 * @returns [B] 0 … 1
 */
function waterFilling(
  { parameters, state }: PolicyInput,
  { periods, horizon }: ExecutionConfig,
): tf.Tensor1D {
  const left = tf.sub(periods, tf.cast(state.step!, 'float32'));
  const isLeft = tf.less(tf.range(0, periods), tf.reshape(left, [-1, 1]));
  const impact = tf.sub(
    columns(state.temporaryImpact ?? parameters.temporaryImpact!),
    tf.mul(
      columns(state.permanentImpact ?? parameters.permanentImpact!),
      (0.5 * horizon) / periods,
    ),
  );
  const ease = tf.div(tf.cast(isLeft, 'float32'), tf.maximum(impact, leastImpact)) as tf.Tensor2D;
  const rest = tf.reshape(state.remaining!, [-1, 1]);
  const perEase = tf.div(rest, tf.sum(ease, 1, true));
  const now = (table: tf.Tensor): tf.Tensor => tf.slice(table, [0, 0], [-1, 1]);
  const { capacity } = state;
  if (capacity === undefined) return share(tf.mul(perEase, now(ease)), rest);

  const { carry } = scan(
    ({ level }: { level: tf.Tensor }) => {
      const binds = tf.cast(tf.lessEqual(capacity, tf.mul(level, ease)), 'float32');
      const bound = tf.sum(tf.mul(binds, capacity), 1, true);
      const free = tf.sum(tf.mul(tf.sub(1, binds), ease), 1, true);
      const next = tf.div(tf.relu(tf.sub(rest, bound)), tf.maximum(free, 1e-30));
      const risen = tf.where(tf.greater(free, 0), tf.maximum(level, next), level);
      return { carry: { level: risen }, output: {} };
    },
    { level: perEase as tf.Tensor },
    Math.min(periods, newtonSteps),
  );
  return share(tf.minimum(now(capacity), tf.mul(carry.level, now(ease))), rest);
}

const columns = (impact: tf.Tensor): tf.Tensor =>
  impact.rank === 1 ? tf.reshape(impact, [-1, 1]) : impact;

const share = (trade: tf.Tensor, rest: tf.Tensor): tf.Tensor1D =>
  tf.reshape(tf.div(trade, tf.maximum(rest, 1e-30)), [-1]);

/** The optimum where neither risk nor transient impact counts; it plans anew in every period. */
export const schedulePolicySolver: PolicySolver<ExecutionConfig> = {
  name: 'schedule',
  description:
    'Equal marginal costs of temporary and permanent impact under the capacities, by the coefficients of each episode; transient impact and risk are ignored.',
  environments: ['execution'],
  create: (_kindId, config): ClassicalPolicy => ({
    name: 'schedule',
    kind: 'classical',
    act: (input) =>
      tf.tidy(() => {
        const fraction = waterFilling(input, config);
        const left = tf.sub(config.periods, tf.cast(input.state.step!, 'float32'));
        return tf.reshape(
          config.action === 'fraction' ? fraction : tf.mul(fraction, left),
          [-1, 1],
        );
      }),
  }),
};
