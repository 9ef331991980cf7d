import { drawComparisonPage } from '../../outputs/comparison/page';
import { drawCurves } from '../../outputs/comparison/draw-curves';
import { InputError } from '../../engine/input-error';
import { type Command, exitCodes } from '../command';
import { compareRuns } from '../compare-runs';
import { formatComparison } from '../format-comparison';
import { listRuns, readRun } from '../read-run';
import { writeOutput } from '../write-output';

interface Options {
  readonly runs: readonly string[];
  readonly label: readonly string[];
  readonly plot: string | undefined;
  readonly html: string | undefined;
  readonly json: boolean;
}

export const command: Command<Options> = {
  declare: (yargs) =>
    yargs
      .positional('runs', {
        type: 'string',
        array: true,
        demandOption: true,
        describe: 'runs of one environment, or folders of runs, such as that of a sweep',
      })
      .options({
        label: {
          type: 'string',
          array: true,
          nargs: 1,
          default: [] as string[],
          describe: "a group's name, once for each group in their order; default the runs' names",
        },
        plot: { type: 'string', requiresArg: true, describe: 'draw the curves: FILE.svg' },
        html: {
          type: 'string',
          requiresArg: true,
          describe: 'write a page with curves, intervals and tables: FILE.html',
        },
        json: { type: 'boolean', default: false, describe: 'print one JSON object' },
      })
      .example('$0 compare runs/cartpole-seed*', 'ten seeds of one config: one group')
      .example(
        '$0 compare runs/small-seed* runs/large-seed* --html sizes.html',
        'two configs, seeds of each together, on a page',
      )
      .example('$0 compare runs/quickstart-sweep --plot curves.svg', 'the runs of a sweep'),

  run({ runs, label, plot, html, json }) {
    const comparison = compareRuns(runs.flatMap(listRuns).map(readRun), label);
    if (plot !== undefined) {
      if (comparison.curves.length === 0) {
        throw new InputError('--plot: the runs have no validations in metrics.jsonl to draw');
      }
      writeOutput('--plot', plot, drawCurves(comparison));
    }
    if (html !== undefined) writeOutput('--html', html, drawComparisonPage(comparison));
    const text = json ? JSON.stringify(comparison) : formatComparison(comparison);
    process.stdout.write(`${text}\n`);
    return Promise.resolve(exitCodes.done);
  },
};
