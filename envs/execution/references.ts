import type { References } from '../kind';
import { isRandom } from '../processes/coefficients';
import type { ExecutionConfig } from './config';

/** An even pace is naive; the best depends on what the order costs and what is drawn at random. */
export function executionReferences(config: ExecutionConfig): References | null {
  const optimum = optimalPolicy(config);
  return optimum === null ? null : { naive: 'twap', optimum };
}

/** The classical policy of the greatest mean return; null where none is known. */
function optimalPolicy(config: ExecutionConfig): string | null {
  const { temporaryImpact, permanentImpact, transientImpact, capacity, riskAversion } = config;
  const risk = config.reward === 'shortfall-and-risk' ? riskAversion : 0;
  const transient = transientImpact ? [transientImpact.impact, transientImpact.resilience] : [];
  if ([temporaryImpact, permanentImpact, ...transient, capacity ?? 0].some(isRandom)) {
    return risk === 0 && transientImpact === null ? 'schedule' : null;
  }
  // Schedules fixed in advance weigh the risk as the config says, whatever the reward.
  if (risk !== riskAversion || (risk !== 0 && isRandom(config.volatility))) return null;
  if ([permanentImpact, ...transient].some(Array.isArray)) return null;
  const isClosedForm = risk >= 0 && transientImpact === null && capacity === null;
  return isClosedForm && !Array.isArray(temporaryImpact) ? 'almgren-chriss' : 'obizhaeva-wang';
}
