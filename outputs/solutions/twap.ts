import { twapSolver } from '../../algorithms/solvers/twap';
import { presentSchedule } from './present-schedule';
import { presentSolution } from './solution';

export const twapSolution = presentSolution(twapSolver, (result) =>
  presentSchedule(result, { summary: [['trade', result.trades[0]!, 'shares a period']] }),
);
