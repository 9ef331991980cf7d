import type { Region as Loop } from '../graph';
import type { Statement } from '../schedule';
import { storedType } from './c-values';
import type { CudaFrame } from './cuda-names';
import type { Member, Region } from './cuda-plan';

/** What the passes of a program need beside its parameters. */
interface Needs {
  /** Loops with a condition. */
  readonly flags: number;
  readonly floats: Region['perPart'];
  readonly doubles: Region['perPart'];
  readonly spills: Region['perBlock'];
}

/** The struct that every kernel takes, as C++ and as data, and the memory that it points to. */
export function describeMemory(
  frame: CudaFrame,
  { flags, floats, doubles, spills }: Needs,
): { struct: string[]; members: Member[]; regions: Region[] } {
  const { graph, stored, statements } = frame.schedule;
  const struct: string[] = [];
  const members: Member[] = [];
  const regions: Region[] = [];
  graph.inputs.forEach(({ dtype }, index) => {
    members.push({ kind: 'input', index });
    struct.push(`const ${storedType(dtype)} *a${index};`);
  });
  graph.outputs.forEach(({ dtype }, index) => {
    members.push({ kind: 'output', index });
    struct.push(`${storedType(dtype)} *o${index};`);
  });
  const addRegion = (type: string, region: Partial<Region> & { readonly name: string }): void => {
    members.push({ kind: 'region', index: regions.length });
    regions.push({ fixed: 0, perRow: null, perPart: [], perBlock: [], ...region });
    struct.push(`${type} *${region.name};`);
  };
  addRegion('float', { name: 'v', fixed: frame.arenaBytes() });
  addRegion('int32_t', { name: 'flags', fixed: flags * 4 });
  for (const node of stored) {
    const perRow = { bytes: node.columns * 4, rows: node.space!.size };
    addRegion('float', { name: `m${node.id}`, perRow });
  }
  addRegion('float', { name: 'floats', perPart: floats });
  addRegion('double', { name: 'doubles', perPart: doubles });
  addRegion('float', { name: 'spill', perBlock: spills });
  members.push({ kind: 'rows' });
  struct.push('int64_t n;');
  // Steps come last: the run-time finds them behind members of 8 bytes.
  for (const loop of loopsOf(statements).filter((one) => !frame.blockLoops.has(one))) {
    const number = frame.numberOf(loop);
    members.push({ kind: 'step', loop: number });
    struct.push(`int32_t t${number};`);
  }
  return { struct, members, regions };
}

function loopsOf(statements: readonly Statement[]): Loop[] {
  return statements.flatMap((statement) =>
    statement.kind === 'loop'
      ? [statement.region, ...loopsOf(statement.test), ...loopsOf(statement.body)]
      : [],
  );
}
