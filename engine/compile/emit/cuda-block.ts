import { type Chain, chooseGrids, mostThreads, splitLevels, trackHazards } from './cuda-levels';
import type { Work, Place } from './cuda-parameters';

/** What happens between passes over rows, in order. */
export type Action =
  | { readonly kind: 'work'; readonly work: Work }
  /** Ends the loop, whose kernels look at the flag, unless the condition holds. */
  | {
      readonly kind: 'stop';
      readonly flag: number;
      readonly condition: string;
      readonly reads: Place;
    }
  /** Lets a loop run. */
  | { readonly kind: 'start'; readonly flag: number }
  /** A loop without passes, all of it within the kernel, for as long as the condition holds. */
  | {
      readonly kind: 'repeat';
      /** Name of the step. */
      readonly step: string;
      readonly length: number;
      readonly reverse: boolean;
      readonly test: readonly Action[];
      readonly condition: string | null;
      readonly body: readonly Action[];
    };

/** A kernel of one block, or of as many as its entries need. */
export interface BlockKernel {
  readonly lines: readonly string[];
  readonly threads: number;
  readonly blocks: number;
}

/** Threads of a kernel of several blocks, and the most blocks for a chain. */
const gridThreads = 128;
const mostBlocks = 1024;

/**
 * Kernels for a list of actions: of a single block, or of many where that takes less time with the launches
 * it costs. In a block entry i is always worked on by the same thread, so that a barrier stands only where a
 * thread reads what another one wrote, or writes what another one reads. Blocks do not wait for each other:
 * there a kernel ends.
 * @param placeOf where a parameter lies; null: nowhere that a kernel writes to
 */
export function printActions(
  actions: readonly Action[],
  placeOf: (place: Place) => string | null,
): BlockKernel[] {
  const kernels: BlockKernel[] = [];
  let run: Action[] = [];
  const finish = (): void => {
    if (run.length > 0) kernels.push(printBlock(run, placeOf));
    run = [];
  };
  for (const { level, isGrid } of chooseGrids(splitLevels(actions, placeOf))) {
    if (isGrid) {
      finish();
      kernels.push(printGrid(level.chains!));
    } else {
      run.push(...level.actions);
    }
  }
  finish();
  return kernels;
}

/** A chain has blocks of its own. */
function printGrid(chains: readonly Chain[]): BlockKernel {
  const lines: string[] = [];
  let first = 0;
  for (const { entries, works } of chains) {
    const blocks = Math.min(mostBlocks, Math.ceil(entries / gridThreads));
    const start = `(blockIdx.x${first > 0 ? ` - ${first}` : ''}) * ${gridThreads} + threadIdx.x`;
    const body = works.flatMap(({ each }) => inBraces(each)).map((line) => `  ${line}`);
    lines.push(
      `${first > 0 ? '} else ' : ''}if (blockIdx.x < ${first + blocks}) {`,
      blocks * gridThreads < entries
        ? `  for (int i = ${start}; i < ${entries}; i += ${blocks * gridThreads}) {`
        : `  if (const int i = ${start}; i < ${entries}) {`,
      ...body,
      '  }',
    );
    first += blocks;
  }
  return { threads: gridThreads, blocks: first, lines: [...lines, '}'] };
}

function printBlock(run: readonly Action[], placeOf: (place: Place) => string | null): BlockKernel {
  const lines = printRun(run, placeOf);
  const breadth = Math.max(1, ...run.flatMap(worksOf).map(({ breadth }) => breadth));
  const threads = Math.min(mostThreads, Math.ceil(breadth / 32) * 32);
  const scratch = lines.some((line) => line.includes('joined['))
    ? [`__shared__ double joined[${threads / 32}];`]
    : [];
  return { lines: [...scratch, ...lines], threads, blocks: 1 };
}

const worksOf = (action: Action): readonly Work[] =>
  action.kind === 'work'
    ? [action.work]
    : action.kind === 'repeat'
      ? [...action.test, ...action.body].flatMap(worksOf)
      : [];

function printRun(run: readonly Action[], placeOf: (place: Place) => string | null): string[] {
  const lines: string[] = [];
  const hazards = trackHazards(placeOf);
  /** Works that share a loop. */
  let open: Work[] = [];
  const close = (): void => {
    if (open.length === 0) return;
    const entries = open[0]!.entries!;
    lines.push(
      entries === 1
        ? 'if (threadIdx.x == 0) { const int i = 0;'
        : `for (int i = threadIdx.x; i < ${entries}; i += blockDim.x) {`,
      ...open.flatMap(({ each }) => inBraces(each)),
      '}',
    );
    open = [];
  };
  const barrier = (): void => {
    close();
    lines.push('__syncthreads();');
    hazards.clear();
  };
  run.forEach((action, index) => {
    switch (action.kind) {
      case 'work': {
        const { work } = action;
        if (hazards.hits(work)) barrier();
        if (work.entries === null) {
          close();
          lines.push('{', ...work.together.map((line) => `  ${line}`), '}');
        } else {
          if (open.length > 0 && open[0]!.entries !== work.entries) close();
          open.push(work);
        }
        hazards.add(work);
        return;
      }
      case 'start':
        close();
        lines.push(`if (threadIdx.x == 0) p.flags[${action.flag}] = 0;`);
        return;
      case 'stop':
        // All have looked at the flag, as every kernel of the loop does when it begins.
        barrier();
        lines.push(`if (threadIdx.x == 0 && !(${action.condition})) p.flags[${action.flag}] = 1;`);
        if (index < run.length - 1) {
          barrier();
          lines.push(`if (p.flags[${action.flag}]) return;`);
        }
        return;
      case 'repeat': {
        const { step, length, reverse, test, condition, body } = action;
        barrier();
        lines.push(
          reverse
            ? `for (int32_t ${step} = ${length - 1}; ${step} >= 0; ${step}--) {`
            : `for (int32_t ${step} = 0; ${step} < ${length}; ${step}++) {`,
          ...printRun(test, placeOf).map((line) => `  ${line}`),
          ...(condition === null ? [] : ['  __syncthreads();', `  if (!(${condition})) break;`]),
          ...printRun(body, placeOf).map((line) => `  ${line}`),
          '  __syncthreads();',
          '}',
        );
      }
    }
  });
  close();
  return lines;
}

const inBraces = (lines: readonly string[]): string[] =>
  lines.length === 1 ? [`  ${lines[0]!}`] : ['  {', ...lines.map((line) => `    ${line}`), '  }'];
