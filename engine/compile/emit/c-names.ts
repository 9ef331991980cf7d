import type { Node, NodeOf, Region, Space } from '../graph';
import type { Schedule } from '../schedule';
import { type Group, groupsWithin, type TilePlan } from '../tile-plan';
import { CompileError } from '../traced';
import type { ParameterNames } from './c-parameters';
import { literal } from './c-values';

/** What the values of a C program are called. */
export interface ProgramNames extends ParameterNames {
  /** Parameters that have an array in the program's memory. */
  readonly arrays: readonly Node[];
  /** Constants with an array in the text. */
  readonly constants: readonly NodeOf<'constant'>[];
  /** The array of a parameter: a carry has one from the beginning of its loop to the end and beyond. */
  arrayOf(node: Node): Node;
  /** The variable of a loop within a tile, or the field of one around passes. */
  step(region: Region): string;
  /** How many rows a space has. */
  rows(space: Space): string;
  numberOf(region: Region): number;
  /** Loops that have a number so far. */
  loops(): readonly number[];
}

/** Fields of the program are reached by \`p->\`, variables of a loop within a tile by their name. */
export function nameValues({ live }: Schedule, plans: readonly TilePlan[]): ProgramNames {
  const innerLoops = new Set<Region>();
  plans.forEach(({ groups }) => collectLoops(groups, innerLoops));
  const numbers = new Map<Region, number>();
  const numberOf = (region: Region): number => {
    if (!numbers.has(region)) numbers.set(region, numbers.size);
    return numbers.get(region)!;
  };
  const step = (region: Region): string =>
    innerLoops.has(region) ? `t${numberOf(region)}` : `p->t${numberOf(region)}`;
  const isLocal = (node: Node): boolean =>
    !node.space && node.region !== null && innerLoops.has(node.region);
  const arrayOf = (node: Node): Node =>
    node.op === 'final' ? node.of.carries[node.index]!.slot : node;
  const hasArray = (node: Node): boolean =>
    !node.space &&
    !isLocal(node) &&
    !['constant', 'count', 'argument'].includes(node.op) &&
    !(node.op === 'slot' && node.what !== 'carry');
  const arrays = new Set([...live].filter(hasArray).map(arrayOf));

  const entry = (node: Node, column: string): string => {
    switch (node.op) {
      case 'constant':
        return node.values.length === 1
          ? literal(node.values[0]!, node.dtype)
          : `k${node.id}[${column}]`;
      case 'count':
        return `(float)(${node.factor} ${node.power === 1 ? '*' : '/'} (double)p->n)`;
      case 'argument': {
        const value = `p->a${node.index}[${column}]`;
        return node.dtype === 'bool' ? `(-(int32_t)(${value} != 0))` : value;
      }
      case 'slot': {
        if (node.what === 'index') return step(node.of);
        if (node.what === 'input') {
          const { source } = node.of.inputs[node.index]!;
          return entry(source, `${step(node.of)} * ${node.columns} + ${column}`);
        }
        if (isLocal(node)) throw new CompileError('a parameter carried through a loop over rows');
        return `p->v${node.id}[${column}]`;
      }
      case 'final':
        return entry(arrayOf(node), column);
      default:
        return isLocal(node) ? `l${node.id}[${column}]` : `p->v${node.id}[${column}]`;
    }
  };

  return {
    entry,
    array(node) {
      if (node.op === 'argument') return `p->a${node.index}`;
      if (node.op === 'constant') return `k${node.id}`;
      return isLocal(node) ? `l${node.id}` : `p->v${arrayOf(node).id}`;
    },
    arrays: [...arrays],
    constants: [...live].filter(
      (node): node is NodeOf<'constant'> => node.op === 'constant' && node.values.length > 1,
    ),
    arrayOf,
    step,
    rows: (space) => (space.size === null ? 'p->n' : String(space.size)),
    numberOf,
    loops: () => [...numbers.values()],
  };
}

function collectLoops(groups: readonly Group[], loops: Set<Region>): void {
  for (const group of groups) {
    if (group.kind === 'loop') loops.add(group.region);
    collectLoops(groupsWithin(group), loops);
  }
}
