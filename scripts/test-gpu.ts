import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import * as tf from '@tensorflow/tfjs';

import { type Ceilings, ceilingsOf } from '../bench/gpu-ceilings';
import {
  type GpuFigure,
  gpuFigureNames,
  gpuScale,
  measureGpu,
  quickGpuScale,
} from '../bench/gpu-figures';
import { describeMachine } from '../bench/machine';
import { compareGpuPeers, type GpuComparison, measureGpuPeers } from '../bench/gpu-peers';
import type { PeerFigure, SkippedPeer } from '../bench/measure-peers';
import { parityProgram, type ParityResult } from '../bench/parity';
import { parityCases } from '../bench/parity-cases';
import type { Effort } from '../bench/timing';
import { type TuningFigure, tuneGpu } from '../bench/tune-gpu';
import { startDevice } from '../engine/device';
import type { CudaBackend } from '../engine/devices/cuda-backend';
import { InputError } from '../engine/input-error';
import { programVersion } from './program-version';
import { readOptions, usage } from './test-gpu-options';

/** There are many to be told apart, not figures to be quoted. */
const tuningEffort: Effort = { runs: 10, seconds: 2, least: 0.3 };

const say = (line: string): void => void process.stdout.write(`${line}\n`);

async function main(): Promise<number> {
  const given = readOptions(process.argv.slice(2));
  if (given.help) {
    say(usage);
    return 0;
  }
  const isAsked = ({ name }: { readonly name: string }): boolean => name.includes(given.only);
  const scale = given.quick ? quickGpuScale : gpuScale;
  const cases = parityCases().filter(isAsked);
  if (cases.length === 0 && !gpuFigureNames(scale).some((name) => isAsked({ name }))) {
    throw new InputError(`--only: no comparison and no figure has '${given.only}' in its name`);
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

  for (const one of cases) {
    const { mostRows = Infinity } = one;
    const program = parityProgram(one);
    for (const rows of given.rows.filter((count) => count <= mostRows)) {
      const result = await program.compare(rows);
      parity.push(result);
      say(describeParity(result));
    }
  }
  writeReport();
  for await (const figure of measureGpu(scale, ceilings, isAsked)) {
    figures.push(figure);
    say(describeFigure(figure));
  }
  writeReport();
  if (given.peers !== null) {
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
    const isInput = error instanceof InputError;
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    process.stderr.write(`${isInput ? `test-gpu: ${error.message}` : text}\n`);
    process.exitCode = isInput ? 2 : 1;
  },
);
