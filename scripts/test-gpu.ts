import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import * as tf from '@tensorflow/tfjs';

import { type Ceilings, ceilingsOf } from '../bench/gpu-ceilings';
import { type GpuFigure, gpuScale, measureGpu, quickGpuScale } from '../bench/gpu-figures';
import { describeMachine } from '../bench/machine';
import { fullScale, quickScale } from '../bench/measure-device';
import { measurePeers, type PeerMeasurement } from '../bench/measure-peers';
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
  --out FOLDER     where the report goes (default bench/results)
`;

const options = {
  quick: { type: 'boolean', default: false },
  only: { type: 'string', default: '' },
  rows: { type: 'string', default: '1,7,300,9000' },
  tune: { type: 'boolean', default: false },
  peers: { type: 'string' },
  out: { type: 'string', default: join('bench', 'results') },
  help: { type: 'boolean', default: false },
} as const;

/** There are many to be told apart, not figures to be quoted. */
const tuningEffort: Effort = { runs: 10, seconds: 2, least: 0.3 };

const say = (line: string): void => void process.stdout.write(`${line}\n`);

async function main(): Promise<number> {
  const { quick, only, rows: sizes, tune, peers, out, help } = parseArgs({ options }).values;
  if (help) {
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
  const isAsked = ({ name }: { readonly name: string }): boolean => name.includes(only);
  for (const one of parityCases().filter(isAsked)) {
    const program = parityProgram(one);
    const { mostRows = Infinity } = one;
    const counts = quick ? [7] : sizes.split(',').map(Number);
    for (const rows of counts.filter((count) => count <= mostRows)) {
      const result = await program.compare(rows);
      parity.push(result);
      say(describeParity(result));
    }
  }
  const scale = quick ? quickGpuScale : gpuScale;
  const figures: GpuFigure[] = [];
  for await (const figure of measureGpu(scale, ceilings, isAsked)) {
    figures.push(figure);
    say(describeFigure(figure));
  }
  const tuning: TuningFigure[] = [];
  if (tune) {
    for await (const one of tuneGpu(quick ? 300 : 262_144, tuningEffort)) {
      tuning.push(one);
      say(
        `${JSON.stringify(one.tuning)}: product ${one.fisherProduct} ms, ${one.policySteps} steps/s, ${one.trainingSamples} samples/s`,
      );
    }
  }
  let references: PeerMeasurement | null = null;
  if (peers !== undefined) {
    references = await measurePeers({
      python: peers,
      gpu: true,
      scale: quick ? quickScale : fullScale,
      onProgress: say,
    });
    for (const { peer, form, name, batch, value, unit } of references.figures) {
      say(`${peer}, ${form}: ${name}, ${batch}: ${value} ${unit}`);
    }
    for (const { name, reason } of references.skipped) say(`${name}: not measured: ${reason}`);
  }

  const report = {
    version: programVersion(),
    date: new Date().toISOString(),
    machine: describeMachine(),
    device: { ...device, ceilings, tf32: false },
    parity,
    figures,
    tuning,
    peers: references,
  };
  const file = join(out, `${report.date.slice(0, 10)}-${slug(device.name)}.json`);
  mkdirSync(out, { recursive: true });
  writeFileSync(file, `${JSON.stringify(report, null, 2)}\n`);
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

main().then(
  (code) => (process.exitCode = code),
  (error: unknown) => {
    process.stderr.write(
      `${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
    );
    process.exitCode = 1;
  },
);
