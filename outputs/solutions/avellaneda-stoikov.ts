import { avellanedaStoikovSolver } from '../../algorithms/solvers/avellaneda-stoikov';
import { presentQuotes, spreadAtZero } from './present-quotes';
import { presentSolution } from './solution';

export const avellanedaStoikovSolution = presentSolution(
  avellanedaStoikovSolver,
  (result, { riskAversion, volatility, horizon, time }) =>
    presentQuotes(result, {
      summary: [
        ['spread', spreadAtZero(result), 'quote currency'],
        [
          'change of the reservation price',
          -riskAversion * volatility ** 2 * (horizon - time),
          'quote currency / share',
        ],
      ],
      valueName: 'value when held',
    }),
);
