import type { GroupComparison } from '../../algorithms/evaluation/run-groups';
import type { Measure } from './comparison';

/** More would be read by nobody. */
const mostPairs = 15;

/** The pairs to show: all of a few groups; of more, the best group against each of the others. */
export const tellingPairs = ({ groups, pairs }: Measure): readonly GroupComparison[] =>
  pairs.length > mostPairs ? pairs.slice(0, groups.length - 1) : pairs;
