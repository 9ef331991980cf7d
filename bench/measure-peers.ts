import { type ChildProcess, execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';

import { z } from 'zod';

import { InputError } from '../engine/input-error';
import { roundTo } from './machine';
import { figureUnits, type Scale } from './measure-device';

/** Figures that a reference program measures too. */
const peerFigures = [
  'fixedActionSteps',
  'policySteps',
  'orderBookEvents',
  'fisherProduct',
  'trpoUpdate',
] as const;

/** What a program in bench/peers/ prints; times in seconds. */
const peerReport = z.object({
  versions: z.record(z.string(), z.string()),
  /** `cpu`, or the GPU's name. */
  device: z.string(),
  results: z.array(
    z.object({
      work: z.enum(peerFigures),
      form: z.string(),
      /** The loop that the work was measured in, where that is not of single calls. */
      within: z.string().optional(),
      /** Of matrix products, where there is a choice. */
      precision: z.string().optional(),
      threads: z.int(),
      rows: z.int().optional(),
      environments: z.int().optional(),
      steps: z.int().optional(),
      seconds: z.object({
        median: z.number(),
        min: z.number(),
        max: z.number(),
        runs: z.int(),
      }),
      load: z.number(),
    }),
  ),
  skipped: z.array(z.object({ form: z.string(), reason: z.string() })),
});
type PeerReport = z.output<typeof peerReport>;

/** One figure of one form of one reference program. */
export interface PeerFigure {
  /** Library and version. */
  readonly peer: string;
  readonly name: (typeof peerFigures)[number];
  /** How the reference does it. */
  readonly form: string;
  /** Cores that it may use. */
  readonly threads: number;
  /** `cpu`, or the GPU's name. */
  readonly device: string;
  /** Environments, or rows of the update. */
  readonly batch: number;
  readonly unit: string;
  /** Median over the runs after warm-up, in the unit. */
  readonly value: number;
  readonly min: number;
  readonly max: number;
  readonly runs: number;
  /** Of the machine, when the runs were done, the reference's own threads included. */
  readonly load: number;
}

/** Something that was not measured. */
export interface SkippedPeer {
  /** The program, or one form of it. */
  readonly name: string;
  readonly reason: string;
}

export interface PeerMeasurement {
  readonly figures: readonly PeerFigure[];
  readonly skipped: readonly SkippedPeer[];
}

export interface PeerOptions {
  /** A Python that can import torch, jax or both. */
  readonly python: string;
  readonly scale: Scale;
  /** Whether the references run on the GPU. */
  readonly gpu: boolean;
  /** Only the programs whose names pass; default all. */
  readonly isAsked?: (file: string) => boolean;
  /** Only forms whose name matches this regular expression. */
  readonly forms?: string;
  /** Told of each figure as it is known, in words. */
  onProgress?(line: string): void;
}

interface Program {
  readonly file: string;
  readonly library: string;
  /** It has no form that runs on a GPU. */
  readonly onCpuOnly?: boolean;
  sizes(scale: Scale): Readonly<Record<string, number>>;
}

/** Steps of a run in the reference's market: enough for the start of a run not to count. */
const mostSteps = 128;

const ofUpdate = ({ rows }: Scale) => ({ rows });
const ofBooks = ({ batches, steps }: Scale) => ({
  books: batches[Math.floor(batches.length / 2)]!,
  events: steps.most,
});
const programs: readonly Program[] = [
  { file: 'trpo_update.py', library: 'torch', sizes: ofUpdate },
  { file: 'trpo_update_jax.py', library: 'jax', sizes: ofUpdate },
  {
    file: 'market_making_jax.py',
    library: 'jax',
    sizes: ({ batches, steps }) => ({
      environments: batches[Math.floor(batches.length / 2)]!,
      steps: Math.min(steps.most, mostSteps),
    }),
  },
  { file: 'order_book_jax.py', library: 'jax', sizes: ofBooks },
  { file: 'order_book_c.py', library: 'C', sizes: ofBooks, onCpuOnly: true },
];

/**
 * Measures the same work in PyTorch, JAX and plain C, one program after the other. A program that fails, as
 * without its library, is left out.
 * @throws InputError if none runs
 */
export async function measurePeers(options: PeerOptions): Promise<PeerMeasurement> {
  const figures: PeerFigure[] = [];
  const skipped: SkippedPeer[] = [];
  const { isAsked = () => true } = options;
  for (const program of programs.filter(({ file }) => isAsked(file))) {
    if (options.gpu && program.onCpuOnly) continue;
    try {
      const report = await runProgram(program, options);
      figures.push(...figuresOf(program, report));
      skipped.push(
        ...report.skipped.map(({ form, reason }) => ({ name: `${program.file}, ${form}`, reason })),
      );
    } catch (error) {
      skipped.push({ name: program.file, reason: (error as Error).message });
    }
  }
  if (figures.length === 0) {
    const reasons = new Set(skipped.map(({ reason }) => reason));
    throw new InputError(
      `--peers: ${options.python} does not run the comparison: ${[...reasons].join('; ')}`,
    );
  }
  return { figures, skipped };
}

/** @throws Error whose message is the last that the program said */
async function runProgram(
  { file, sizes }: Program,
  { python, scale, gpu, forms, onProgress }: PeerOptions,
): Promise<PeerReport> {
  const flags = Object.entries({ ...sizes(scale), ...scale.effort });
  const args = [
    join(peerFolder(), file),
    ...flags.flatMap(([name, value]) => [`--${name}`, String(value)]),
    ...(gpu ? ['--gpu'] : []),
    ...(forms === undefined ? [] : ['--only', forms]),
  ];
  const running = promisify(execFile)(python, args, { maxBuffer: 2 ** 26 });
  if (onProgress) followProgress(running.child, file, onProgress);
  const printed = await running.catch((error: Error & { stderr?: string }) => {
    const said = (error.stderr ?? '').trim().split('\n').at(-1);
    throw new Error(said || error.message.split('\n')[0], { cause: error });
  });
  return readReport(printed.stdout);
}

function readReport(printed: string): PeerReport {
  try {
    return peerReport.parse(JSON.parse(printed));
  } catch (error) {
    throw new Error('it does not print a report', { cause: error });
  }
}

/** Passes on the lines that the program says itself; libraries say other things. */
function followProgress(
  child: ChildProcess,
  file: string,
  onProgress: (line: string) => void,
): void {
  if (!child.stderr) return;
  createInterface({ input: child.stderr }).on('line', (line) => {
    if (line.startsWith(`${file}, `)) onProgress(line);
  });
}

function figuresOf({ library }: Program, { versions, device, results }: PeerReport): PeerFigure[] {
  return results.map(({ work: name, form, within, precision, threads, seconds, load, ...size }) => {
    const { rows, environments = 0, steps = 0 } = size;
    const unit = figureUnits[name];
    const value = (time: number): number =>
      roundTo(unit === 'ms' ? 1000 * time : (environments * steps) / time, 4);
    const [min, max] = [value(seconds.min), value(seconds.max)].sort((a, b) => a - b);
    const how = [
      form,
      ...(within === undefined ? [] : [`in ${within}`]),
      ...(precision === undefined ? [] : [`precision ${precision}`]),
    ];
    return {
      peer: `${library} ${versions[library] ?? ''}`.trim(),
      name,
      form: how.join(', '),
      threads,
      device,
      batch: rows ?? environments,
      unit,
      value: value(seconds.median),
      min: min!,
      max: max!,
      runs: seconds.runs,
      load,
    };
  });
}

/** In the package beside the compiled files, in a clone beside the sources. */
function peerFolder(): string {
  let folder = __dirname;
  const place = join('bench', 'peers', programs[0]!.file);
  while (!existsSync(join(folder, place))) folder = dirname(folder);
  return dirname(join(folder, place));
}
