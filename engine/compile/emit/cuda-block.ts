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

/** A list of actions in which no thread needs what another one does, or a single action of another kind. */
interface Level {
  readonly actions: readonly Action[];
  /** Null: it cannot be shared out over blocks. */
  readonly chains: readonly Chain[] | null;
  /** Turns that a block takes, about. */
  readonly turns: number;
}

/** Works on equally many entries, entry i of all of them by one thread. */
interface Chain {
  readonly entries: number;
  readonly works: readonly Work[];
}

/** Threads of a kernel of several blocks, and the most blocks for a chain. */
const gridThreads = 128;
const mostBlocks = 1024;
/** Of a kernel of one block. */
const mostThreads = 1024;

/** Every turn of a block waits for memory, about half a microsecond; a launch and a grid's only turn take as long as these. */
const turnsOfLaunch = 4;
const turnsOfGrid = 2;
/** What a further work adds to a turn. */
const turnsOfWork = 0.15;

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

function splitLevels(
  actions: readonly Action[],
  placeOf: (place: Place) => string | null,
): Level[] {
  const levels: Level[] = [];
  const hazards = trackHazards(placeOf);
  let works: Work[] = [];
  const finish = (): void => {
    if (works.length > 0) levels.push(levelOf(works));
    works = [];
    hazards.clear();
  };
  for (const action of actions) {
    if (action.kind !== 'work' || action.work.entries === null) {
      finish();
      levels.push({ actions: [action], chains: null, turns: 1 });
      continue;
    }
    if (hazards.hits(action.work)) finish();
    works.push(action.work);
    hazards.add(action.work);
  }
  finish();
  return levels;
}

function levelOf(works: readonly Work[]): Level {
  const counts = [...new Set(works.map(({ entries }) => entries!))];
  const turns = works.map(({ entries }, index) => {
    const isFirst = index === 0 || works[index - 1]!.entries !== entries;
    return Math.ceil(entries! / mostThreads) * (isFirst ? 1 : turnsOfWork);
  });
  return {
    actions: works.map((work) => ({ kind: 'work', work })),
    chains: counts.map((entries) => ({
      entries,
      works: works.filter((work) => work.entries === entries),
    })),
    turns: turns.reduce((sum, one) => sum + one, 0),
  };
}

/** The choice that takes the fewest turns in all, by dynamic programming over the levels. */
function chooseGrids(levels: readonly Level[]): { level: Level; isGrid: boolean }[] {
  interface Choice {
    readonly turns: number;
    readonly isGrid: readonly boolean[];
  }
  const better = (a: Choice, b: Choice): Choice => (b.turns < a.turns ? b : a);
  let inBlock: Choice = { turns: Infinity, isGrid: [] };
  let inGrid: Choice = { turns: 0, isGrid: [] };
  for (const { chains, turns } of levels) {
    const add = ({ turns: before, isGrid }: Choice, more: number, is: boolean): Choice => ({
      turns: before + more,
      isGrid: [...isGrid, is],
    });
    const asGrid = add(
      better(inGrid, inBlock),
      chains ? turnsOfGrid + turnsOfLaunch : Infinity,
      true,
    );
    // A block goes on, or another one begins.
    inBlock = better(add(inBlock, turns, false), add(inGrid, turns + turnsOfLaunch, false));
    inGrid = asGrid;
  }
  const { isGrid } = better(inGrid, inBlock);
  return levels.map((level, index) => ({ level, isGrid: isGrid[index]! }));
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
