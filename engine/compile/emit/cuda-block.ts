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

/** Work on more entries than this is shared out over blocks. */
const manyEntries = 16_384;
const gridThreads = 256;
const mostBlocks = 1024;

/**
 * Kernels for a list of actions. In a block entry i is always worked on by the same thread, so that a
 * barrier stands only where a thread reads what another one wrote, or writes what another one reads.
 * @param placeOf where a parameter lies; null: nowhere that a kernel writes to
 */
export function printActions(
  actions: readonly Action[],
  placeOf: (place: Place) => string | null,
): BlockKernel[] {
  const kernels: BlockKernel[] = [];
  let run: Action[] = [];
  let isGrid = false;
  const finish = (): void => {
    if (run.length > 0) kernels.push(isGrid ? printGrid(run) : printBlock(run, placeOf));
    run = [];
  };
  let written = new Set<string>();
  let read = new Set<string>();
  for (const action of actions) {
    const isMany =
      action.kind === 'work' && action.work.entries !== null && action.work.entries > manyEntries;
    // Blocks do not wait for each other.
    const isReady =
      action.kind !== 'work' ||
      (action.work.reads.every(({ place, isOwn }) => isOwn || !written.has(placeOf(place) ?? '')) &&
        action.work.writes.every((place) => !read.has(placeOf(place) ?? '')));
    const sameEntries =
      action.kind === 'work' &&
      run.every((other) => other.kind === 'work' && other.work.entries === action.work.entries);
    if (isMany !== isGrid || (isMany && !(isReady && sameEntries))) {
      finish();
      written = new Set();
      read = new Set();
      isGrid = isMany;
    }
    run.push(action);
    if (action.kind === 'work') {
      action.work.writes.forEach((place) => written.add(placeOf(place) ?? ''));
      action.work.reads.forEach(({ place, isOwn }) => {
        const name = placeOf(place);
        if (name !== null && !isOwn) read.add(name);
      });
    }
  }
  finish();
  return kernels;
}

function printGrid(run: readonly Action[]): BlockKernel {
  const works = run.flatMap((action) => (action.kind === 'work' ? [action.work] : []));
  const entries = works[0]!.entries!;
  return {
    threads: gridThreads,
    blocks: Math.min(mostBlocks, Math.ceil(entries / gridThreads)),
    lines: [
      `for (int i = blockIdx.x * ${gridThreads} + threadIdx.x; i < ${entries}; i += gridDim.x * ${gridThreads}) {`,
      ...works.flatMap(({ each }) => inBraces(each)),
      '}',
    ],
  };
}

function printBlock(run: readonly Action[], placeOf: (place: Place) => string | null): BlockKernel {
  const lines = printRun(run, placeOf);
  const breadth = Math.max(1, ...run.flatMap(worksOf).map(({ breadth }) => breadth));
  const threads = Math.min(1024, Math.ceil(breadth / 32) * 32);
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

/** What threads have read and written since the last barrier. */
function trackHazards(placeOf: (place: Place) => string | null) {
  /** Whether entry i by thread i alone. */
  const written = new Map<string, boolean>();
  const read = new Map<string, boolean>();
  const places = (list: readonly Place[]): string[] =>
    list.flatMap((place) => placeOf(place) ?? []);
  const note = (map: Map<string, boolean>, place: string, isOwn: boolean): void => {
    map.set(place, isOwn && (map.get(place) ?? true));
  };
  const isOwn = ({ entries }: Work): boolean => entries !== null;
  return {
    clear(): void {
      written.clear();
      read.clear();
    },
    hits(work: Work): boolean {
      const reads = work.reads.some((access) => {
        const before = written.get(placeOf(access.place) ?? '');
        return before !== undefined && !(before && access.isOwn && isOwn(work));
      });
      const writes = places(work.writes).some((place) =>
        [written, read].some((map) => map.has(place) && !(map.get(place)! && isOwn(work))),
      );
      return reads || writes;
    },
    add(work: Work): void {
      work.reads.forEach(({ place, isOwn: own }) => {
        const name = placeOf(place);
        if (name !== null) note(read, name, own && isOwn(work));
      });
      places(work.writes).forEach((place) => note(written, place, isOwn(work)));
    },
  };
}
