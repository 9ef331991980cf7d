import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import * as tf from '@tensorflow/tfjs';

import { type Ceilings, ceilingsOf } from '../bench/gpu-ceilings';
import { type GpuFigure, gpuScale, measureGpu, quickGpuScale } from '../bench/gpu-figures';
import { describeMachine } from '../bench/machine';
import { compareGpuPeers, type GpuComparison, measureGpuPeers } from '../bench/gpu-peers';
import type { PeerFigure, SkippedPeer } from '../bench/measure-peers';
import { parityProgram, type ParityResult } from '../bench/parity';
import { parityCases } from '../bench/parity-cases';
import type { Effort } from '../bench/timing';
import { type TuningFigure, tuneGpu } from '../bench/tune-gpu';
import { startDevice } from '../engine/device';
import type { CudaBackend } from '../engine/devices/cuda-backend';
import { programVersion } from './program-version';

const usage = `Checks device cuda against device cpu and measures it, on a machine with an NVIDIA GPU.

  --quick          small sizes, to see that it works
  --only TEXT      only comparisons and figures whose name contains this
  --rows N,N,…     sizes of the comparisons (default 1,7,300,9000)
  --tune           also times other tiles and numbers of threads than the compiler chooses
  --peers PYTHON   also measures PyTorch and JAX on the GPU, with a Python that has torch, jax or both
  --library TEXT   only jax, or only torch
  --forms PATTERN  only forms of the references whose name matches this regular expression
  --out FOLDER     where the report goes (default bench/results)
`;

const options = {
  quick: { type: 'boolean', default: false },
  only: { type: 'string', default: '' },
  rows: { type: 'string', default: '1,7,300,9000' },
  tune: { type: 'boolean', default: false },
  peers: { type: 'string' },
  library: { type: 'string', default: '' },
  forms: { type: 'string', default: '' },
  out: { type: 'string', default: join('bench', 'results') },
  help: { type: 'boolean', default: false },
} as const;

/** There are many to be told apart, not figures to be quoted. */
const tuningEffort: Effort = { runs: 10, seconds: 2, least: 0.3 };

const say = (line: string): void => void process.stdout.write(`${line}\n`);

async function main(): Promise<number> {
  const given = parseArgs({ options }).values;
  if (given.help) {
    say(usage);
    return 0;
  }
  const started = await startDevice('cuda');
  const { device } = (tf.backend() as CudaBackend).runtime.driver;
  const ceilings = ceilingsOf(device);
  say(`${started.description}; ${started.version}`);
  say(describeCeilings(ceilings));
  say('Matrix products in float32. TF32: not used');

  const parity: ParityResult[] = [];
  const figures: GpuFigure[] = [];
  const tuning: TuningFigure[] = [];
  const peers: PeerFigure[] = [];
  const skippedPeers: SkippedPeer[] = [];
  const date = new Date().toISOString();
  const file = join(given.out, `${date.slice(0, 10)}-${slug(device.name)}.json`);
  /** As far as it goes: one that is cut off has left what it had. */
  const writeReport = (): void => {
    const comparisons = compareGpuPeers(figures, peers).map(({ figure, best, speed }) => ({
      ...{ name: figure.name, batch: figure.batch, speed },
      best: `${best.peer}, ${best.form}`,
    }));
    const report = {
      version: programVersion(),
      date,
      machine: describeMachine(),
      device: { ...device, ceilings, tf32: false },
      ...{ parity, figures, tuning, peers, skippedPeers, comparisons },
    };
    mkdirSync(given.out, { recursive: true });
    writeFileSync(`${file}.part`, `${JSON.stringify(report, null, 2)}\n`);
    renameSync(`${file}.part`, file);
  };

  const isAsked = ({ name }: { readonly name: string }): boolean => name.includes(given.only);
  const sizes = given.quick ? [7] : given.rows.split(',').map(Number);
  for (const one of parityCases().filter(isAsked)) {
    const { mostRows = Infinity } = one;
    const program = parityProgram(one);
    for (const rows of sizes.filter((count) => count <= mostRows)) {
      const result = await program.compare(rows);
      parity.push(result);
      say(describeParity(result));
    }
  }
  writeReport();
  const scale = given.quick ? quickGpuScale : gpuScale;
  for await (const figure of measureGpu(scale, ceilings, isAsked)) {
    figures.push(figure);
    say(describeFigure(figure));
  }
  writeReport();
  if (given.peers !== undefined) {
    const { peers: python, library, forms } = given;
    for await (const found of measureGpuPeers({ python, scale, library, forms, onProgress: say })) {
      peers.push(...found.figures);
      skippedPeers.push(...found.skipped);
      for (const { name, reason } of found.skipped) say(`${name}: not measured: ${reason}`);
      writeReport();
    }
    for (const comparison of compareGpuPeers(figures, peers)) say(describeComparison(comparison));
  }
  if (given.tune) {
    for await (const one of tuneGpu(given.quick ? 300 : 262_144, tuningEffort)) {
      tuning.push(one);
      say(
        `${JSON.stringify(one.tuning)}: product ${one.fisherProduct} ms, ${one.policySteps} steps/s, ${one.trainingSamples} samples/s`,
      );
    }
    writeReport();
  }

  say(`report: ${file}`);
  const failed = parity.filter(({ agrees }) => !agrees);
  if (failed.length > 0) say(`${failed.length} of ${parity.length} comparisons disagree`);
  return failed.length > 0 ? 1 : 0;
}

const slug = (name: string): string =>
  name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');

const inTera = (rate: number): string => (rate / 1e12).toPrecision(3);

const describeCeilings = ({ flopPerSecond, bytesPerSecond }: Ceilings): string =>
  `at most ${inTera(flopPerSecond)} TFLOP/s in float32 without tensor cores, ${inTera(bytesPerSecond)} TB/s`;

const describeParity = ({ name, rows, difference, tolerance, agrees }: ParityResult): string =>
  `${agrees ? 'agrees   ' : 'DISAGREES'} ${name}, ${rows} rows: ${difference.toExponential(1)} (at most ${tolerance})`;

function describeFigure(figure: GpuFigure): string {
  const { name, batch, steps, value, unit, flopPerSecond, flopShare, bytesPerSecond } = figure;
  const flop =
    flopPerSecond === null
      ? ''
      : `; ${inTera(flopPerSecond)} TFLOP/s, ${Math.round(100 * flopShare!)} % of the ceiling`;
  const bytes = `; ${inTera(bytesPerSecond)} TB/s, ${Math.round(100 * figure.bytesShare)} %`;
  const size = `${batch.toLocaleString('en')}${steps === null ? '' : ` × ${steps}`}`;
  return `${name}, ${size}: ${value.toLocaleString('en')} ${unit}${flop}${bytes}`;
}

const describeComparison = ({ figure, best, speed }: GpuComparison): string =>
  `${figure.name}, ${figure.batch.toLocaleString('en')}: ${speed.toFixed(2)}× as fast as ${best.peer}, ${best.form}`;

main().then(
  (code) => (process.exitCode = code),
  (error: unknown) => {
    process.stderr.write(
      `${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
    );
    process.exitCode = 1;
  },
);
