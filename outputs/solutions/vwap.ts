import { vwapSolver } from '../../algorithms/solvers/vwap';
import { presentSchedule } from './present-schedule';
import { presentSolution } from './solution';

export const vwapSolution = presentSolution(vwapSolver, (result, { quantity, volume }) => {
  const total = volume.reduce((sum, v) => sum + v, 0);
  return presentSchedule(result, {
    summary: [['share of the volume', quantity / total, 'shares a share of the market']],
  });
});
