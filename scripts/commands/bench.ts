import { fullScale, quickScale } from '../../bench/measure-device';
import { runBenchmark } from '../../bench/report';
import type { DeviceName } from '../../engine/device';
import { type Command, deviceOptions, exitCodes } from '../command';
import { formatBenchmark, formatFigure } from '../format-benchmark';
import { createProgress } from '../progress';
import { programVersion } from '../program-version';

interface Options {
  readonly device: string | undefined;
  readonly peers: string | undefined;
  readonly 'peers-gpu': boolean | undefined;
  readonly quick: boolean;
  readonly json: boolean;
}

export const command: Command<Options> = {
  declare: (yargs) =>
    yargs
      .option('device', {
        ...deviceOptions.device,
        describe:
          'measure this one: auto, cuda, tensorflow, native, wasm, cpu; default all there are',
      })
      .option('peers', {
        type: 'string',
        requiresArg: true,
        describe: 'path of a Python with torch, jax or both: compares with the same work there',
      })
      .option('peers-gpu', {
        type: 'boolean',
        implies: 'peers',
        describe: 'the comparison runs on the GPU',
      })
      .option('quick', {
        type: 'boolean',
        default: false,
        describe: 'small sizes, to see that it works; no numbers to be quoted',
      })
      .option('json', {
        type: 'boolean',
        default: false,
        describe: 'print JSON, and the table on standard error',
      })
      .example('$0 bench', 'every device: some minutes')
      .example('$0 bench --device wasm --json > wasm.json', 'one device, one JSON object')
      .example('$0 bench --peers venv/bin/python', 'beside PyTorch and JAX'),

  async run({ device, peers, 'peers-gpu': gpu = false, quick, json }) {
    const progress = createProgress(process.stderr);
    const report = await runBenchmark({
      version: programVersion(),
      device: (device as DeviceName | undefined) ?? null,
      scale: quick ? quickScale : fullScale,
      peers: peers === undefined ? null : { python: peers, gpu },
      onProgress: progress.say,
      onFigure: (name, figure) => {
        const [what, batch, median, unit] = formatFigure(figure);
        progress.say(`${name}: ${what}, ${batch} rows: ${median} ${unit}`);
      },
    });
    const table = `${formatBenchmark(report)}\n`;
    if (json) {
      process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
      process.stderr.write(table);
    } else {
      process.stdout.write(table);
    }
    return exitCodes.done;
  },
};
