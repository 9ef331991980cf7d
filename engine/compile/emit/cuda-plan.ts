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
  /** Whether each part has sums of its own: there are no more than `mostParts` then. */
  readonly hasSums: boolean;
}

/** Sums over rows are added in at most so many parts. */
export const mostParts = 1024;

/** Tiles of a part, and parts. @param batch B */
export function countParts(
  { rows, rowsPerTile, hasSums }: Parts,
  batch: number,
): { readonly tilesPerPart: number; readonly parts: number } {
  const tiles = Math.ceil((rows ?? batch) / rowsPerTile);
  const tilesPerPart = hasSums ? Math.max(1, Math.ceil(tiles / mostParts)) : 1;
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
