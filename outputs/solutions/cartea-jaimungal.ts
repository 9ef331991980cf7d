import { carteaJaimungalSolver } from '../../algorithms/solvers/cartea-jaimungal';
import { atZero, presentQuotes, spreadAtZero } from './present-quotes';
import { presentSolution } from './solution';

export const carteaJaimungalSolution = presentSolution(carteaJaimungalSolver, (result) =>
  presentQuotes(result, {
    summary: [
      ['value without inventory', atZero(result.value), 'quote currency'],
      ['spread without inventory', spreadAtZero(result), 'quote currency'],
      ['long-run gain', result.stationary.gain, 'quote currency / time'],
    ],
    valueName: 'value',
    reference: { name: 'infinite horizon', ...result.stationary },
  }),
);
