import { valueIterationSolver } from '../../algorithms/solvers/value-iteration';
import { atZero, presentQuotes, spreadAtZero } from './present-quotes';
import { presentSolution } from './solution';

export const valueIterationSolution = presentSolution(valueIterationSolver, (result, input) =>
  presentQuotes(result, {
    summary: [
      ...(result.gain === undefined
        ? ([['value without inventory', atZero(result.value), 'quote currency']] as const)
        : ([
            ['gain', result.gain, 'quote currency / step'],
            ['gain over time', result.gain / input.dt, 'quote currency / time'],
          ] as const)),
      ['spread without inventory', spreadAtZero(result), 'quote currency'],
      ['error bound', result.errorBound, 'quote currency'],
      ['iterations', result.iterations],
    ],
    valueName: input.average ? 'relative value' : 'value',
    onGrid: true,
  }),
);
