/** What runs a program on a GPU: kernels, the memory they share, and the order in which they are launched. */
export interface CudaProgram {
  /** CUDA C++ of all kernels; each takes one `Program` by value. */
  readonly source: string;
  /** Members of the struct, in order. */
  readonly members: readonly Member[];
  readonly regions: readonly Region[];
  readonly steps: readonly Step[];
}

/** A member of the struct `Program`. */
export type Member =
  | { readonly kind: 'input'; readonly index: number }
  | { readonly kind: 'output'; readonly index: number }
  /** The address of a region. */
  | { readonly kind: 'region'; readonly index: number }
  /** B, as an integer of 64 bits. */
  | { readonly kind: 'rows' }
  /** The step of a loop, an integer of 32 bits. */
  | { readonly kind: 'step'; readonly loop: number };

/** Memory for the time of a run. Bytes: fixed + a multiple for rows or blocks. */
export interface Region {
  readonly name: string;
  readonly fixed: number;
  /** Bytes for each row, rows rounded up to a multiple of `rowsMultiple`; null: of the batch. */
  readonly perRow: { readonly bytes: number; readonly rows: number | null } | null;
  /** Bytes for each part of the sums of a pass, or for each of its blocks; the most of them counts. */
  readonly perPart: readonly { readonly bytes: number; readonly parts: Parts }[];
  readonly perBlock: readonly { readonly bytes: number; readonly launch: Launch }[];
}

/** Rows of a value in memory are padded to a multiple of this. */
export const rowsMultiple = 256;

/** What blocks of a pass take one by one: some tiles each, as this says, whatever the device. */
export interface Parts {
  /** null: those of the batch. */
  readonly rows: number | null;
  readonly rowsPerTile: number;
  /** Parts at most, where each has sums of its own; null: a part is a tile. */
  readonly most: number | null;
}

/** Sums over rows are added in at most so many parts: several rounds of blocks, so that the last one counts little. */
const mostParts = 1024;
/** And in no fewer than one for each multiprocessor, where they are large. */
const fewestParts = 128;
/** Of all parts together: about what the cache of a GPU holds. */
const mostBytes = 2 ** 26;

/** @param bytes of the sums of a part */
export function limitParts(bytes: number): number {
  const fitting = Math.floor(mostBytes / Math.max(1, bytes));
  return Math.min(mostParts, Math.max(fewestParts, fitting));
}

/** Tiles of a part, and parts. @param batch B */
export function countParts(
  { rows, rowsPerTile, most }: Parts,
  batch: number,
): { readonly tilesPerPart: number; readonly parts: number } {
  const tiles = Math.ceil((rows ?? batch) / rowsPerTile);
  const tilesPerPart = most === null ? 1 : Math.max(1, Math.ceil(tiles / most));
  return { tilesPerPart, parts: Math.max(1, Math.ceil(tiles / tilesPerPart)) };
}

export interface Launch {
  readonly kernel: string;
  /** Threads a block. */
  readonly threads: number;
  /** Bytes of dynamic shared memory a block. */
  readonly sharedBytes: number;
  readonly blocks: Blocks;
}

/** How many blocks are launched. */
export type Blocks =
  | { readonly kind: 'fixed'; readonly count: number }
  /** As many as the device runs at the same time, but no more than there are parts. */
  | { readonly kind: 'parts'; readonly parts: Parts }
  /** For so many entries a row of the batch, one a thread; the threads go on to others. */
  | { readonly kind: 'rows'; readonly entries: number };

export type Step =
  | { readonly kind: 'launch'; readonly launch: Launch }
  /** Every step is enqueued; once a loop's condition fails, its kernels return at once. */
  | {
      readonly kind: 'loop';
      readonly loop: number;
      readonly length: number;
      readonly reverse: boolean;
      readonly steps: readonly Step[];
    }
  /** An output that is an input. */
  | {
      readonly kind: 'copy';
      readonly input: number;
      readonly output: number;
      readonly bytesPerRow: number;
    };
