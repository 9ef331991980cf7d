import type { DType, Node, NodeOf, ReduceName } from '../graph';

/** How the code of a strip names what it works on: a vector of rows in C, the row of a thread in CUDA. */
export interface StripDialect {
  /** Of the functions: `v` for vectors, `s` for single numbers. */
  readonly prefix: 'v' | 's';
  /** Of numbers in arithmetic. */
  type(dtype: DType): string;
  /**
   * Where a column of the rows at hand lies.
   * @param base memory of the tile (b…) or of all rows (m…)
   * @param column an expression
   */
  address(base: string, columns: number, column: string | number): string;
  /** Lines before a loop over the columns of a wide value. */
  readonly beforeColumns: readonly string[];
  /**
   * A loop over the columns of wide values, to stand among the lines behind the loop over rows, where all
   * threads share it out; null: there are no more threads than rows. @param body of row `r` and column `c`
   */
  readonly shareColumns: ((columns: number, body: readonly string[]) => string[]) | null;
  /** Sets `name` to an expression of `place`, one of the numbers of `at`. */
  look(at: string, name: string, expression: string): string;
  /** A column of chosen rows of a value in memory. @param numbers the rows' numbers, an address */
  chosen(data: Node, column: number, numbers: string, most: string): string;
  /** Adds a value to the sums over the rows. */
  reduceRows(node: NodeOf<'reduceRows'>, strip: StripLines): void;
  /** The lines for every row of the tile. */
  loop(strip: Pick<StripLines, 'before' | 'lines' | 'after'>): string[];
}

/** The strip that is being printed. */
export interface StripLines {
  /** Lines before the loop over rows, within it, and behind it. */
  readonly before: string[];
  readonly lines: string[];
  readonly after: string[];
  /** Whether the columns of a value are at hand one by one. */
  isNarrow(node: Node): boolean;
  /** A column of the row at hand. */
  read(node: Node, column: number): string;
  /** The same by an expression, from memory. */
  readAt(node: Node, column: string): string;
  /** Writes what `readAt` is to find. */
  flush(node: Node): void;
}

/** Two numbers joined as a reduction joins them. */
export function combine(
  prefix: string,
  name: ReduceName,
  dtype: DType,
  a: string,
  b: string,
): string {
  const integer = dtype === 'float32' ? '' : 'i';
  switch (name) {
    case 'sum':
      return `${a} + ${b}`;
    case 'prod':
      return `${a} * ${b}`;
    case 'any':
      return `${a} | ${b}`;
    case 'all':
      return `${a} & ${b}`;
    case 'max':
    case 'min':
      return `${prefix}_${integer}${name}(${a}, ${b})`;
  }
}

/** What changes nothing in a reduction. */
export function neutral(name: ReduceName, dtype: DType): string {
  const isFloat = dtype === 'float32';
  switch (name) {
    case 'sum':
    case 'any':
      return '0';
    case 'prod':
      return '1';
    case 'all':
      return '-1';
    case 'max':
      return isFloat ? '-INFINITY' : 'INT32_MIN';
    case 'min':
      return isFloat ? 'INFINITY' : 'INT32_MAX';
  }
}
