import { stringify } from 'yaml';

import { drawChart } from '../../outputs/chart';
import { findSolution, solutions } from '../../outputs/solutions/registry';
import type { Solution } from '../../outputs/solutions/solution';
import { alignColumns } from '../align-columns';
import { type Command, exitCodes, overrideOption } from '../command';
import { describeSolver } from '../describe-solver';
import { formatPresentation } from '../format-presentation';
import { readProblem } from '../read-problem';
import { writeOutput } from '../write-output';

interface Options {
  readonly solver: string | undefined;
  readonly problem: string | undefined;
  readonly tsplib: string | undefined;
  readonly set: readonly string[];
  readonly plot: string | undefined;
  readonly example: boolean;
  readonly json: boolean;
}

export const command: Command<Options> = {
  declare: (yargs) =>
    yargs
      .positional('solver', { type: 'string', describe: 'the method; without it, their list' })
      .positional('problem', {
        type: 'string',
        describe:
          'YAML or JSON, - or nothing for standard input; without any, what the method expects',
      })
      .options({
        tsplib: {
          type: 'string',
          requiresArg: true,
          describe: 'with tour: the costs from a file of the TSPLIB format',
        },
        set: { ...overrideOption, describe: 'key.path=value: overrides a key of the problem' },
        plot: { type: 'string', requiresArg: true, describe: 'also draw the answer: FILE.svg' },
        example: {
          type: 'boolean',
          default: false,
          describe: 'print an example of a problem, to begin from',
        },
        json: { type: 'boolean', default: false, describe: 'print JSON' },
      })
      .example('$0 solve', 'the methods')
      .example('$0 solve schedule', 'its keys with their units')
      .example('$0 solve schedule --example > problem.yaml', 'a problem to begin from')
      .example('$0 solve schedule problem.yaml --plot trades.svg', 'a table and a picture')
      .example('$0 solve almgren-chriss problem.yaml --set riskAversion=0 --json', 'for machines')
      .example('$0 solve tour --tsplib ftv33.atsp', 'the cheapest order of trades'),

  async run(options) {
    process.stdout.write(`${answer(options)}\n`);
    return exitCodes.done;
  },
};

function answer(options: Options): string {
  const { solver: name, json } = options;
  if (name === undefined) return list(json);
  const solution = findSolution(name);
  const { solver } = solution;
  if (options.example) {
    return json ? JSON.stringify(solver.example, null, 2) : stringify(solver.example).trimEnd();
  }
  const input = readProblem(solver, options);
  if (input === undefined) return describeSolver(solver, json);
  return solveAndShow(solution, input, options);
}

function solveAndShow({ solver, present }: Solution, input: unknown, options: Options): string {
  const result = solver.solve(input);
  if (options.plot === undefined && options.json) return JSON.stringify(result);
  const presentation = present(result, input);
  if (options.plot !== undefined) {
    const { chart, chartSize } = presentation;
    writeOutput('--plot', options.plot, drawChart(chart, chartSize));
  }
  return options.json ? JSON.stringify(result) : formatPresentation(presentation);
}

function list(json: boolean): string {
  const entries = solutions.map(({ solver: { name, title, source } }) => ({ name, title, source }));
  return json
    ? JSON.stringify(entries, null, 2)
    : alignColumns(entries.map(({ name, title }) => [name, title]));
}
