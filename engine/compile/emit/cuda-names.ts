import type { DType, Node, NodeOf, Region } from '../graph';
import type { Schedule, Statement } from '../schedule';
import { type Group, groupsWithin, planTile } from '../tile-plan';
import { CompileError } from '../traced';
import { literal } from './c-values';
import { recomputeCheap, type RecomputedPlan } from './cuda-recompute';

/** How CUDA text names parameters. The kernels' argument is `p`. */
export interface CudaNames {
  /** An entry as an expression. @param column an expression */
  entry(node: Node, column: string): string;
  /** The address of the first entry, for entries that lie in memory as they are; null: they do not. */
  address(node: Node): string | null;
}

/** What all kernels of a program have in common. */
export interface CudaFrame {
  readonly schedule: Schedule;
  readonly plans: readonly RecomputedPlan[];
  /** Loops that run within a tile. */
  readonly innerLoops: ReadonlySet<Region>;
  /** Loops without passes, which run within a kernel of one block. */
  readonly blockLoops: ReadonlySet<Region>;
  numberOf(region: Region): number;
  /** The step of a loop, an expression. */
  stepOf(region: Region): string;
  /** Parameters with a place in the arena. */
  offsetOf(node: Node): number;
  /** A new place. */
  reserve(columns: number): number;
  arenaBytes(): number;
  /** For parameters that nothing changes while the kernel runs. */
  readonly reading: CudaNames;
  /** For parameters that the kernel itself computes. */
  readonly changing: CudaNames;
  /** Definitions of constants. */
  readonly constants: readonly string[];
}

export function createFrame(schedule: Schedule): CudaFrame {
  const { live } = schedule;
  const plans = schedule.phases.map((phase) =>
    recomputeCheap(planTile(schedule, phase), schedule.stored),
  );
  const innerLoops = new Set<Region>();
  plans.forEach(({ groups }) => collectLoops(groups, innerLoops));
  const isLocal = (node: Node): boolean =>
    !node.space && node.region !== null && innerLoops.has(node.region);
  const regionNumbers = new Map<Region, number>();
  const numberOf = (region: Region): number => {
    if (!regionNumbers.has(region)) regionNumbers.set(region, regionNumbers.size);
    return regionNumbers.get(region)!;
  };

  const offsets = new Map<Node, number>();
  let arena = 0;
  const reserve = (columns: number): number => {
    const offset = arena;
    arena += Math.ceil(columns / 16) * 16;
    return offset;
  };
  // A carry keeps the place of its slot from the beginning of the loop to its end and beyond.
  const homeOf = (node: Node): Node =>
    node.op === 'final' ? node.of.carries[node.index]!.slot : node;
  for (const node of live) {
    if (node.space || isLocal(node)) continue;
    if (node.op === 'constant' || node.op === 'count' || node.op === 'argument') continue;
    if (node.op === 'slot' && node.what !== 'carry') continue;
    const home = homeOf(node);
    if (!offsets.has(home)) offsets.set(home, reserve(home.columns));
  }

  const blockLoops = new Set<Region>();
  schedule.statements.forEach((statement) => collectBlockLoops(statement, blockLoops));
  const stepOf = (region: Region): string =>
    `${innerLoops.has(region) || blockLoops.has(region) ? '' : 'p.'}t${numberOf(region)}`;

  const namesWith = (read: (place: string) => string): CudaNames => {
    const entry = (node: Node, column: string): string => {
      switch (node.op) {
        case 'constant':
          if (node.values.length === 1) return literal(node.values[0]!, node.dtype);
          return node.dtype === 'float32'
            ? `__int_as_float(k${node.id}[${column}])`
            : `k${node.id}[${column}]`;
        case 'count':
          return node.power === 1
            ? `(float)(${node.factor} * (double)p.n)`
            : `(float)(${node.factor} / (double)p.n)`;
        case 'argument': {
          // Rows of one tensor lie beyond 32 bits only where they are many.
          const value = read(`p.a${node.index} + (${column})`);
          return node.dtype === 'bool' ? `(-(int32_t)(${value} != 0))` : value;
        }
        case 'slot': {
          if (node.what === 'index') return stepOf(node.of);
          if (node.what === 'input') {
            const { source } = node.of.inputs[node.index]!;
            return entry(source, `${stepOf(node.of)} * ${node.columns} + ${column}`);
          }
          if (isLocal(node)) throw new CompileError('a parameter carried through a loop over rows');
          break;
        }
        default:
          if (isLocal(node)) return `l${node.id}[${column}]`;
      }
      const place = read(`${arenaOf(node.dtype)} + ${offsets.get(homeOf(node))!} + (${column})`);
      return place;
    };
    const address = (node: Node): string | null => {
      switch (node.op) {
        case 'constant':
          return node.values.length === 1 ? null : `((const ${typeOf(node.dtype)} *)k${node.id})`;
        case 'argument':
          return node.dtype === 'bool' ? null : `p.a${node.index}`;
        case 'count':
          return null;
        case 'slot': {
          if (node.what === 'index') return null;
          if (node.what === 'input') {
            const base = address(node.of.inputs[node.index]!.source);
            return base && `(${base} + ${stepOf(node.of)} * ${node.columns})`;
          }
          break;
        }
        default:
          if (isLocal(node)) return `l${node.id}`;
      }
      return `(${arenaOf(node.dtype)} + ${offsets.get(homeOf(node))!})`;
    };
    return { entry, address };
  };

  return {
    schedule,
    plans,
    innerLoops,
    blockLoops,
    numberOf,
    stepOf,
    offsetOf: (node) => offsets.get(homeOf(node))!,
    reserve,
    arenaBytes: () => arena * 4,
    reading: namesWith((place) => `__ldg(${place})`),
    changing: namesWith((place) => `(*(${place}))`),
    constants: [...live]
      .filter(
        (node): node is NodeOf<'constant'> => node.op === 'constant' && node.values.length > 1,
      )
      .map(
        ({ id, values, dtype }) =>
          `__device__ const __align__(16) int32_t k${id}[] = {${values.map((value) => bitsOf(value, dtype)).join(', ')}};`,
      ),
  };
}

/** Type of numbers in the arena, where masks are all ones or zeros. */
export const typeOf = (dtype: DType): string => (dtype === 'float32' ? 'float' : 'int32_t');

const arenaOf = (dtype: DType): string => (dtype === 'float32' ? 'p.v' : '(const int32_t *)p.v');

const cell = new Float32Array(1);
const bits = new Int32Array(cell.buffer);

/** A number by its bits, NaN and infinities included. */
function bitsOf(value: number, dtype: DType): string {
  if (dtype === 'bool') return value !== 0 ? '-1' : '0';
  if (dtype === 'int32') return literal(value, dtype);
  cell[0] = value;
  return literal(bits[0]!, 'int32');
}

function collectLoops(groups: readonly Group[], loops: Set<Region>): void {
  for (const group of groups) {
    if (group.kind === 'loop') loops.add(group.region);
    collectLoops(groupsWithin(group), loops);
  }
}

/** Parameters larger than this are no work for a single block, time and again. */
const mostInBlock = 65_536;

/** @returns whether the statement has no passes and nothing large */
function collectBlockLoops(statement: Statement, loops: Set<Region>): boolean {
  switch (statement.kind) {
    case 'rows':
      return false;
    case 'parameters':
      return statement.nodes.every(({ columns }) => columns <= mostInBlock);
    case 'loop': {
      const { region, carries, test, body } = statement;
      const inside = [...test, ...body].map((one) => collectBlockLoops(one, loops));
      const isSmall = carries.every((index) => region.carries[index]!.slot.columns <= mostInBlock);
      if (!isSmall || inside.includes(false)) return false;
      loops.add(region);
      return true;
    }
  }
}
