import { basename } from 'node:path';

import { type Calibration, calibrate, timeUnits } from '../../algorithms/calibration/calibrate';
import { createOrderFlow, type OrderFlow } from '../../algorithms/calibration/order-flow';
import { recordLobster } from '../../algorithms/calibration/record-lobster';
import { createPriceGrid, inferBookTick } from '../../algorithms/calibration/price-grid';
import { recordTrades } from '../../algorithms/calibration/record-trades';
import { createTape } from '../../algorithms/calibration/tape';
import { parseConfig } from '../../configs/parse-config';
import { InputError } from '../../engine/input-error';
import { lobsterPriceUnits } from '../../envs/market-data/lobster';
import {
  mergeTradesAndQuotes,
  readQuotes,
  readTrades,
} from '../../envs/market-data/trades-and-quotes';
import { calibratedEnvironments, writeEnvironment } from '../../outputs/calibration/environment';
import { presentCalibration } from '../../outputs/calibration/present';
import { drawChart } from '../../outputs/chart';
import { checkCount } from '../check-options';
import { type Command, exitCodes } from '../command';
import { formatPresentation } from '../format-presentation';
import { findMarketData } from '../market-data-files';
import { parseSession } from '../parse-session';
import { readLines } from '../read-lines';
import { writeOutput } from '../write-output';

interface Options {
  readonly files: readonly string[];
  readonly out: string | undefined;
  readonly env: (typeof calibratedEnvironments)[number];
  readonly 'time-unit': (typeof timeUnits)[number];
  readonly sampling: number;
  readonly buckets: number;
  readonly levels: number;
  readonly tick: number | undefined;
  readonly 'minimum-depth': number | undefined;
  readonly session: string | undefined;
  readonly 'quote-lag': number;
  readonly plot: string | undefined;
  readonly json: boolean;
}

export const command: Command<Options> = {
  declare: (yargs) =>
    yargs
      .positional('files', {
        type: 'string',
        array: true,
        demandOption: true,
        describe:
          "market data, also gzipped: a pair of files a day, LOBSTER's message and orderbook, or trades (time,price,size[,side]) and quotes (time,bid,ask)",
      })
      .options({
        out: {
          type: 'string',
          requiresArg: true,
          describe: 'also write a config for train and evaluate: FILE.yaml',
        },
        env: {
          choices: calibratedEnvironments,
          default: 'market-making' as const,
          describe: 'with --out: the environment it is for',
        },
        'time-unit': {
          choices: timeUnits,
          default: 's' as const,
          describe: 'parameters are per this; a day is a session of trading',
        },
        sampling: {
          type: 'number',
          requiresArg: true,
          default: 60,
          describe: 'seconds between the samples of the mid that the volatility is estimated from',
        },
        buckets: {
          type: 'number',
          requiresArg: true,
          default: 13,
          describe: 'equal parts of the session, for the volume curve',
        },
        levels: {
          type: 'number',
          requiresArg: true,
          default: 10,
          describe: 'LOBSTER: ticks from the opposite best quote up to which rates are estimated',
        },
        tick: {
          type: 'number',
          requiresArg: true,
          describe:
            'spacing of prices, quote currency; default the coarsest grid that holds the quotes (LOBSTER: of the first 10,000 rows)',
        },
        'minimum-depth': {
          type: 'number',
          requiresArg: true,
          describe:
            'depth from which the fill curve is fitted, quote currency; default half of the median spread over time',
        },
        session: {
          type: 'string',
          requiresArg: true,
          describe:
            "HH:MM-HH:MM of the data's clock; default from the first to the last event of the data",
        },
        'quote-lag': {
          type: 'number',
          requiresArg: true,
          default: 0,
          describe:
            'seconds: a trade meets the quotes in force so long before it, where quotes bear the time of the trade that changed them',
        },
        plot: {
          type: 'string',
          requiresArg: true,
          describe: 'also draw the fill curve and the volume curve: FILE.svg',
        },
        json: { type: 'boolean', default: false, describe: 'print one JSON object' },
      })
      .example(
        '$0 calibrate trades.csv quotes.csv --out env.yaml',
        'volatility, spread, A and k, volume curve',
      )
      .example(
        '$0 calibrate data/AAPL_*.csv.gz --time-unit min --plot aapl.svg',
        'LOBSTER: also the rates of the order book',
      )
      .example(
        '$0 calibrate data/*.csv --env execution --time-unit day --session 09:30-16:00 --out env.yaml',
        'an execution problem of one day in 13 periods',
      ),

  async run(options) {
    checkOptions(options);
    const calibration = await calibrateFiles(options);
    if (options.out !== undefined) {
      const names = options.files.map((file) => basename(file));
      const source = names.length <= 4 ? names.join(', ') : `${names[0]!} … ${names.at(-1)!}`;
      const text = writeEnvironment(calibration, options.env, source);
      parseConfig(text, options.out);
      writeOutput('--out', options.out, text);
    }
    const presentation = presentCalibration(calibration);
    if (options.plot !== undefined) {
      const { chart, chartSize } = presentation;
      writeOutput('--plot', options.plot, drawChart(chart, chartSize));
    }
    const text = options.json ? JSON.stringify(calibration) : formatPresentation(presentation);
    process.stdout.write(`${text}\n`);
    return exitCodes.done;
  },
};

async function calibrateFiles(options: Options): Promise<Calibration> {
  const { sampling, buckets } = options;
  const session = options.session === undefined ? null : parseSession(options.session);
  const data = await findMarketData(options.files);
  const tape = createTape({ sampling, session });
  const open = (file: string) => ({ file, lines: readLines(file) });
  let tick = options.tick ?? null;
  let flow: OrderFlow | null = null;
  switch (data.kind) {
    case 'lobster': {
      const { messages, books } = data.days[0]!;
      const units = tick ? toPriceUnits(tick) : await inferBookTick(open(messages), open(books));
      tick = units / lobsterPriceUnits;
      flow = createOrderFlow(units, options.levels);
      for (const { messages, books } of data.days) {
        await recordLobster({ tape, flow, session }, open(messages), open(books));
      }
      break;
    }
    case 'trades-and-quotes': {
      const grid = createPriceGrid();
      const lag = options['quote-lag'];
      for (const { trades, quotes } of data.days) {
        const rows = mergeTradesAndQuotes(readTrades(open(trades)), readQuotes(open(quotes)), lag);
        await recordTrades(tape, grid, rows, lag);
      }
      tick ??= grid.tick();
      break;
    }
  }
  return calibrate(tape.close(), tick, flow, {
    timeUnit: options['time-unit'],
    sampling,
    buckets,
    minimumDepth: options['minimum-depth'] ?? null,
    session,
  });
}

function checkOptions(options: Options): void {
  const { sampling, buckets, levels, tick, 'minimum-depth': depth, 'quote-lag': lag } = options;
  const check = (name: string, value: number, isRight: boolean, expected: string) => {
    if (!isRight) throw new InputError(`--${name} ${value}: expected ${expected}`);
  };
  check('sampling', sampling, sampling > 0 && sampling < Infinity, 'seconds, a positive number');
  checkCount('--buckets', buckets, 1);
  checkCount('--levels', levels, 1);
  if (tick !== undefined) {
    check('tick', tick, tick > 0 && tick < Infinity, 'a positive number of quote currency');
  }
  if (depth !== undefined) {
    check('minimum-depth', depth, depth >= 0 && depth < Infinity, 'quote currency, at least 0');
  }
  check('quote-lag', lag, lag >= 0 && lag < Infinity, 'seconds, at least 0');
}

function toPriceUnits(tick: number): number {
  const units = Math.round(tick * lobsterPriceUnits);
  if (units >= 1 && Math.abs(units - tick * lobsterPriceUnits) < 1e-6) return units;
  throw new InputError(
    `--tick ${tick}: expected a multiple of ${1 / lobsterPriceUnits} for LOBSTER`,
  );
}
