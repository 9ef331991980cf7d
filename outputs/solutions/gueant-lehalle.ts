import { gueantLehalleSolver } from '../../algorithms/solvers/gueant-lehalle';
import { atZero, presentQuotes, spreadAtZero } from './present-quotes';
import { presentSolution } from './solution';

export const gueantLehalleSolution = presentSolution(gueantLehalleSolver, (result) =>
  presentQuotes(result, {
    summary: [
      ['value without inventory', atZero(result.value), 'quote currency'],
      ['spread without inventory', spreadAtZero(result), 'quote currency'],
      ['long-run gain', result.stationary.gain, 'quote currency / time'],
      ['markup c of the approximation', result.approximation.markup, 'quote currency'],
      ['skew s of the approximation', result.approximation.skew, 'quote currency / share'],
    ],
    valueName: 'certainty equivalent',
    reference: { name: 'approximation', ...result.approximation },
  }),
);
