import { InputError } from '../../../engine/input-error';

/** Which nodes the numbers of a matrix go between, row by row: those from `begin` to below `end`. */
type Row = (i: number, n: number) => readonly [begin: number, end: number];

const below: Row = (i) => [0, i];
const toDiagonal: Row = (i) => [0, i + 1];
const above: Row = (i, n) => [i + 1, n];
const fromDiagonal: Row = (i, n) => [i, n];

/** A symmetric matrix by columns is its other half by rows. */
const formats: Record<string, Row> = {
  FULL_MATRIX: (_, n) => [0, n],
  UPPER_ROW: above,
  LOWER_ROW: below,
  UPPER_DIAG_ROW: fromDiagonal,
  LOWER_DIAG_ROW: toDiagonal,
  UPPER_COL: below,
  LOWER_COL: above,
  UPPER_DIAG_COL: toDiagonal,
  LOWER_DIAG_COL: fromDiagonal,
};

/** What it costs to go as far as (x, y), always a whole number. */
const distances: Record<string, (x: number, y: number) => number> = {
  EUC_2D: (x, y) => Math.floor(Math.hypot(x, y) + 0.5),
  CEIL_2D: (x, y) => Math.ceil(Math.hypot(x, y)),
  MAN_2D: (x, y) => Math.floor(Math.abs(x) + Math.abs(y) + 0.5),
  MAX_2D: (x, y) => Math.max(Math.floor(Math.abs(x) + 0.5), Math.floor(Math.abs(y) + 0.5)),
  ATT: (x, y) => Math.ceil(Math.sqrt((x * x + y * y) / 10)),
};

/** What an entry may say, for those that bear on the costs. */
const choices: Record<string, readonly string[]> = {
  EDGE_WEIGHT_TYPE: ['EXPLICIT', ...Object.keys(distances)],
  EDGE_WEIGHT_FORMAT: [...Object.keys(formats), 'FUNCTION'],
};

/** Entries that say nothing about the costs. */
const ignored = ['NAME', 'COMMENT', 'DISPLAY_DATA_TYPE', 'NODE_COORD_TYPE'];

const known = ['NAME', 'TYPE', 'COMMENT', 'DIMENSION', ...Object.keys(choices)].join(', ');

const mostNodes = 5000;

type Fail = (line: number, reason: string) => never;

/** What the entries before the first section say. */
interface Head {
  readonly dimension: number;
  readonly entries: ReadonlyMap<string, string>;
  /** The name of the section, and the line on which it begins. */
  readonly section: string;
  readonly line: number;
}

/**
 * The costs of a problem of the travelling salesperson in the format of TSPLIB (Reinelt 1991, TSPLIB,
 * a traveling salesman problem library, ORSA Journal on Computing 3): explicit weights, whole or half
 * a matrix, and distances of points in the plane.
 * @param text what the file says
 * @param file its name, for messages
 * @returns the cost of going from each node to each other one, node 1 of the file first; the diagonal,
 *   which means nothing, null
 * @throws InputError with file and line, what is wrong and what would be right
 */
export function parseTsplib(text: string, file: string): (number | null)[][] {
  const lines = text.split(/\r\n|\r|\n/);
  const fail: Fail = (line, reason) => {
    throw new InputError(`${file}:${Math.min(line, lines.length - 1) + 1}: ${reason}`);
  };
  const head = readHead(lines, fail);
  const { dimension, entries, section, line } = head;
  const type = entries.get('EDGE_WEIGHT_TYPE') ?? 'EXPLICIT';
  const expected = type === 'EXPLICIT' ? 'EDGE_WEIGHT_SECTION' : 'NODE_COORD_SECTION';
  if (dimension === 0) fail(line, `${section} begins, and no DIMENSION has been said`);
  if (section !== expected) {
    fail(line, `${section || 'the end'}, and no ${expected}, which ${type} weights need`);
  }
  if (type !== 'EXPLICIT') return measure(lines, head, distances[type]!, fail);
  const format = formats[entries.get('EDGE_WEIGHT_FORMAT') ?? ''];
  if (format === undefined) {
    return fail(
      line,
      `the costs begin, and no EDGE_WEIGHT_FORMAT says how they stand; expected one of ${Object.keys(formats).join(', ')}`,
    );
  }
  return readMatrix(lines, head, format, fail);
}

function readHead(lines: readonly string[], fail: Fail): Head {
  const entries = new Map<string, string>();
  let dimension = 0;
  for (let line = 0; line < lines.length; line++) {
    const words = lines[line]!.trim();
    if (words === '') continue;
    const [, key = '', value = ''] = /^([A-Z_]+)\s*:?\s*(.*)$/.exec(words) ?? [];
    if (key === 'EOF') return { dimension, entries, section: '', line };
    if (key === 'EDGE_WEIGHT_SECTION' || key === 'NODE_COORD_SECTION') {
      // Coordinates beside explicit weights are for drawing alone.
      if (key === 'EDGE_WEIGHT_SECTION' || entries.get('EDGE_WEIGHT_TYPE') !== 'EXPLICIT') {
        return { dimension, entries, section: key, line };
      }
      fail(line, 'NODE_COORD_SECTION before EXPLICIT weights; leave it out');
    }
    if (key === 'TYPE') {
      if (!/^A?TSP\b/.test(value)) fail(line, `TYPE is ${value}; only ATSP and TSP can be solved`);
    } else if (key === 'DIMENSION') {
      dimension = Number(value);
      if (!Number.isInteger(dimension) || dimension < 1 || dimension > mostNodes) {
        fail(line, `DIMENSION is '${value}'; it must be a whole number from 1 to ${mostNodes}`);
      }
    } else if (choices[key]) {
      if (!choices[key].includes(value)) {
        fail(line, `${key} is ${value}; it can be read as one of ${choices[key].join(', ')}`);
      }
      entries.set(key, value);
    } else if (!ignored.includes(key)) {
      fail(line, `'${words.slice(0, 40)}' is no entry of this format; expected one of ${known}`);
    }
  }
  return { dimension, entries, section: '', line: lines.length };
}

function readMatrix(
  lines: readonly string[],
  { dimension: n, line: heading }: Head,
  format: Row,
  fail: Fail,
): (number | null)[][] {
  const costs = Array.from({ length: n }, () => new Array<number | null>(n).fill(null));
  const isHalf = format !== formats['FULL_MATRIX'];
  const numbers = readNumbers(lines, heading + 1, fail);
  let expected = 0;
  for (let i = 0; i < n; i++) {
    const [begin, end] = format(i, n);
    expected += end - begin;
  }
  checkCount(numbers, expected, `costs; DIMENSION ${n} in this format has ${expected}`, fail);
  let k = 0;
  for (let i = 0; i < n; i++) {
    const [begin, end] = format(i, n);
    for (let j = begin; j < end; j++, k++) {
      if (i === j) continue;
      costs[i]![j] = numbers.values[k]!;
      if (isHalf) costs[j]![i] = numbers.values[k]!;
    }
  }
  return costs;
}

/** Distances of points: the number of a node, x and y on each line. */
function measure(
  lines: readonly string[],
  { dimension: n, line: heading }: Head,
  distance: (x: number, y: number) => number,
  fail: Fail,
): (number | null)[][] {
  const numbers = readNumbers(lines, heading + 1, fail);
  const { values } = numbers;
  checkCount(numbers, 3 * n, `numbers; DIMENSION ${n} has ${n} points: number, x and y`, fail);
  for (let i = 0; i < n; i++) {
    if (values[3 * i] !== i + 1) {
      fail(
        numbers.at[3 * i]!,
        `the point of node ${values[3 * i]}; expected that of node ${i + 1}`,
      );
    }
  }
  return Array.from({ length: n }, (_, i) =>
    Array.from({ length: n }, (_, j) =>
      i === j
        ? null
        : distance(
            values[3 * i + 1]! - values[3 * j + 1]!,
            values[3 * i + 2]! - values[3 * j + 2]!,
          ),
    ),
  );
}

/** The numbers of a section with the line of each, and the line where it ends. */
interface Numbers {
  readonly values: readonly number[];
  readonly at: readonly number[];
  readonly end: number;
}

/** To the next section, EOF or the end of the file. */
function readNumbers(lines: readonly string[], begin: number, fail: Fail): Numbers {
  const values: number[] = [];
  const at: number[] = [];
  for (let line = begin; line < lines.length; line++) {
    for (const word of lines[line]!.split(/\s+/)) {
      if (word === '') continue;
      if (word === 'EOF' || word === 'DISPLAY_DATA_SECTION') return { values, at, end: line };
      const value = Number(word);
      if (!Number.isFinite(value)) fail(line, `'${word.slice(0, 20)}' is not a number`);
      values.push(value);
      at.push(line);
    }
  }
  return { values, at, end: lines.length };
}

function checkCount(
  { values, at, end }: Numbers,
  expected: number,
  what: string,
  fail: Fail,
): void {
  if (values.length === expected) return;
  fail(values.length < expected ? end : at[expected]!, `${values.length} ${what}`);
}
