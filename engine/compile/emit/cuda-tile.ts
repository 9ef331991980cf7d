import type { Node, NodeOf, Region } from '../graph';
import { type Group, groupsWithin, homeOf, mostRegisters, type TilePlan } from '../tile-plan';

/** What kernels are made for. */
export interface CudaTarget {
  /** The most a block may have. */
  readonly sharedBytesPerBlock: number;
  readonly sharedBytesPerMultiprocessor: number;
  /** Whether batches have no more than `fewRows` rows. */
  readonly isSmall?: boolean;
  /** In place of what the program chooses, for measurements. */
  readonly tuning?: Tuning;
}

/**
 * So many rows or fewer are cut into smaller tiles: a GPU has over a hundred multiprocessors, and a tile
 * of half the rows takes about half the time.
 */
export const fewRows = 8192;

export interface Tuning {
  /** Threads a block of passes with matrix products. */
  readonly threads?: number;
  /** Rows a tile of such passes, a multiple of 32. */
  readonly rowsPerTile?: number;
  /** Whether weights are copied into shared memory. */
  readonly stageWeights?: boolean;
  /** Blocks a multiprocessor is to run at the same time. */
  readonly blocksAtOnce?: number;
}

/** The weights of a product that are copied into shared memory when a block begins. */
export interface StagedWeights {
  readonly node: Node;
  readonly entries: number;
  /** In floats from the beginning of shared memory. */
  readonly start: number;
}

/** A value of an earlier pass whose rows are copied into shared memory when a tile begins. */
export interface StagedRows {
  readonly node: Node;
  /** In floats from the beginning of shared memory. */
  readonly start: number;
}

/** How the threads of a block and its memory are shared out for a pass. */
export interface TileShape {
  readonly threads: number;
  /** Rows of a tile: at most as many as threads, a multiple of 32. */
  readonly rows: number;
  /** Floats from one column of a tile to the next: 4 more than the rows, so that columns begin in different banks. */
  readonly stride: number;
  /** Whether every thread works on one row only, so that nothing has to wait for others. */
  readonly isPlain: boolean;
  /** Whether the tile's buffers are in global memory, shared memory being too small. */
  readonly isSpilled: boolean;
  readonly staged: ReadonlyMap<Node, StagedWeights>;
  readonly stagedRows: ReadonlyMap<Node, StagedRows>;
  readonly sharedBytes: number;
  /** Bytes of global memory a block. */
  readonly spilledBytes: number;
  /** Blocks a multiprocessor is to run at the same time, for the compiler's choice of registers. */
  readonly blocksAtOnce: number;
}

/** What the driver keeps of the shared memory for each block, and what kernels declare besides. */
const reservedBytes = 1024;
const declaredBytes = 1024;
/** Layers as wide as this have work for more threads. */
const wideLayer = 96;

/** @param stored values in memory that outlive a pass */
export function shapeTile(
  plan: TilePlan,
  stored: ReadonlySet<Node>,
  target: CudaTarget,
): TileShape {
  const { tuning = {} } = target;
  const { products, outers, made, widest, isPlain } = describeWork(plan.groups);
  const weights = weightsOf(products);
  const most = target.sharedBytesPerBlock - declaredBytes;
  const half = Math.floor(target.sharedBytesPerMultiprocessor / 2) - reservedBytes - declaredBytes;
  const { size } = plan.phase.space;
  const isFew = size === null ? target.isSmall : size <= fewRows;
  const sizes = isPlain
    ? [128, 64, 32]
    : tuning.rowsPerTile
      ? [tuning.rowsPerTile]
      : isFew
        ? [32]
        : [64, 32];
  const bytesOf = (rows: number): number => plan.columns * strideOf(rows, isPlain) * 4;
  const rows = sizes.find((size) => bytesOf(size) <= most) ?? sizes.at(-1)!;
  const isSpilled = bytesOf(rows) > most;
  const bufferBytes = isSpilled ? 0 : bytesOf(rows);

  const staged = new Map<Node, StagedWeights>();
  let start = bufferBytes / 4;
  const stage = (some: readonly Weights[], limit: number): void => {
    const entries = some.map(({ entries }) => Math.ceil(entries / 4) * 4);
    const added = entries.reduce((sum, count) => sum + count, 0);
    if (added === 0 || (start + added) * 4 > limit) return;
    some.forEach(({ node, entries: count }, index) => {
      staged.set(node, { node, entries: count, start });
      start += entries[index]!;
    });
  };
  if (tuning.stageWeights !== false) {
    // Those within loops are read in every step.
    const [looped, others] = [true, false].map((isInLoop) =>
      weights.filter((one) => one.isInLoop === isInLoop),
    ) as [Weights[], Weights[]];
    stage(looped, most);
    stage(others, tuning.stageWeights ? most : Math.min(half, most));
  }
  // Products read them column by column and wait for every one.
  const stagedRows = new Map<Node, StagedRows>();
  const factors = [...products.map(({ node }) => node), ...outers].flatMap(({ inputs }) => inputs);
  for (const node of isPlain || isSpilled ? [] : new Set(factors)) {
    if (!stored.has(node) || made.has(node) || plan.buffers.has(homeOf(node))) continue;
    const added = node.columns * strideOf(rows, isPlain);
    if ((start + added) * 4 > Math.min(half, most)) continue;
    stagedRows.set(node, { node, start });
    start += added;
  }
  const sharedBytes = start * 4;
  const isAlone = sharedBytes > half || isSpilled;
  // Where no second block works beside it, one of more threads; so where a block has few tiles to do.
  const many = tuning.threads ?? (widest >= wideLayer || isAlone || isFew ? 256 : 128);
  return {
    threads: isPlain ? rows : Math.max(rows, many),
    rows,
    stride: strideOf(rows, isPlain),
    isPlain,
    isSpilled,
    staged,
    stagedRows,
    sharedBytes,
    spilledBytes: isSpilled ? bytesOf(rows) : 0,
    blocksAtOnce: tuning.blocksAtOnce ?? (isAlone ? 1 : 2),
  };
}

const strideOf = (rows: number, isPlain: boolean): number => (isPlain ? rows : rows + 4);

interface Weights {
  readonly node: Node;
  readonly entries: number;
  readonly isInLoop: boolean;
}

interface Product {
  readonly node: NodeOf<'matmul'>;
  readonly loops: readonly Region[];
}

function describeWork(groups: readonly Group[]): {
  products: Product[];
  outers: NodeOf<'outer'>[];
  /** Values that the pass computes. */
  made: ReadonlySet<Node>;
  widest: number;
  isPlain: boolean;
} {
  const products: Product[] = [];
  const outers: NodeOf<'outer'>[] = [];
  const made = new Set<Node>();
  let widest = 0;
  let isPlain = true;
  const visit = (group: Group, loops: readonly Region[]): void => {
    switch (group.kind) {
      case 'product':
        products.push({ node: group.node, loops });
        [group.node, ...group.epilogue].forEach((node) => made.add(node));
        widest = Math.max(widest, group.node.columns);
        isPlain = false;
        return;
      case 'outer':
        outers.push(group.node);
        isPlain = false;
        return;
      case 'strip':
        // Sums of wide values are shared out over all threads.
        for (const { node } of group.items) {
          made.add(node);
          if (node.op === 'reduceRows' && node.columns > mostRegisters) isPlain = false;
        }
        return;
      case 'guard':
        groupsWithin(group).forEach((inner) => visit(inner, loops));
        return;
      case 'loop':
        group.body.forEach((inner) => visit(inner, [...loops, group.region]));
    }
  };
  groups.forEach((group) => visit(group, []));
  return { products, outers, made, widest, isPlain };
}

/** Each once; none that change from step to step. */
function weightsOf(products: readonly Product[]): Weights[] {
  const found = new Map<Node, Weights>();
  for (const { node, loops } of products) {
    node.inner.forEach((size, pair) => {
      const weights = node.inputs[2 * pair + 1]!;
      if (weights.region && loops.includes(weights.region)) return;
      const isInLoop = loops.length > 0 || (found.get(weights)?.isInLoop ?? false);
      found.set(weights, { node: weights, entries: size * node.columns, isInLoop });
    });
  }
  return [...found.values()];
}
