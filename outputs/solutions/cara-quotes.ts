import { caraQuotesSolver } from '../../algorithms/solvers/cara-quotes';
import { atZero, presentQuotes, spreadAtZero } from './present-quotes';
import { presentSolution } from './solution';

export const caraQuotesSolution = presentSolution(caraQuotesSolver, (result) =>
  presentQuotes(result, {
    summary: [
      ['value without inventory', atZero(result.value), 'quote currency'],
      ['spread without inventory', spreadAtZero(result), 'quote currency'],
      ['step', result.step],
    ],
    valueName: 'certainty equivalent',
  }),
);
