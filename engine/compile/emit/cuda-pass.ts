import type { Node, NodeOf, Space } from '../graph';
import type { Group } from '../tile-plan';
import { CompileError } from '../traced';
import { printParameter } from './c-parameters';
import { printStrip } from './c-strip';
import { memoryOf, storedType } from './c-values';
import { cudaDialect } from './cuda-dialect';
import { type CudaFrame, typeOf } from './cuda-names';
import { printOuters, type TileMemory } from './cuda-outer';
import { printProduct } from './cuda-products';
import { printRowStaging, printStaging } from './cuda-staging';
import type { RecomputedPlan } from './cuda-recompute';
import type { PassSums } from './cuda-sums';
import type { TileShape } from './cuda-tile';

/** Rows of a space, an expression. */
export const rowsExpression = ({ size }: Space): string => (size === null ? 'p.n' : String(size));

/**
 * The body of the kernel of a pass: blocks go from part to part, and in each from tile to tile; a tile's
 * values lie in the block's memory, and its groups of work follow each other with barriers between.
 */
export function printPass(
  frame: CudaFrame,
  plan: RecomputedPlan,
  shape: TileShape,
  sums: PassSums,
): string[] {
  const { schedule, reading } = frame;
  const { graph, stored } = schedule;
  const { phase } = plan;
  const memory = (node: Node): TileMemory | null => {
    const base = memoryOf(plan, stored, node);
    if (base === null) return null;
    if (shape.stagedRows.has(node)) return { base: `c${node.id}`, stride: String(shape.stride) };
    return base.startsWith('m')
      ? { base: `(${base} + row0)`, stride: 'PADDED(n)' }
      : { base, stride: String(shape.stride) };
  };
  /** Null as well: arrays of a thread's own, neither aligned nor to be read as what does not change. */
  const globalAddress = (node: Node): string | null => {
    const address = reading.address(node);
    return address?.startsWith('l') ? null : address;
  };
  const products = {
    shape,
    memory,
    parameter: reading.entry,
    again: plan.again,
    weights: (node: Node) => {
      const staged = shape.staged.get(node);
      if (staged) return { address: `(shared + ${staged.start})`, isShared: true };
      const address = globalAddress(node);
      return address === null ? null : { address, isShared: false };
    },
  };
  const around = {
    graph,
    plan,
    stored,
    parameter: reading.entry,
    address: (node: Node): string => {
      const address = reading.address(node);
      if (address === null)
        throw new CompileError('rows are chosen by numbers that lie in no memory');
      return address;
    },
    rows: (node: Node) => rowsExpression(node.space!),
    step: (slot: NodeOf<'slot'>) => frame.stepOf(slot.of),
    dialect: cudaDialect(shape, sums.reduceRows),
  };
  const printGroups = (groups: readonly Group[]): string[] => {
    const lines: string[] = [];
    for (let index = 0; index < groups.length; index += 1) {
      const group = groups[index]!;
      switch (group.kind) {
        case 'strip':
          lines.push(...printStrip(group.items, around));
          break;
        case 'product':
          lines.push(...printProduct(group.node, group.epilogue, products));
          break;
        case 'outer': {
          // Those that follow each other need no barrier between.
          const nodes = [group.node];
          for (let next = groups[index + 1]; next?.kind === 'outer'; next = groups[index + 1]) {
            nodes.push(next.node);
            index += 1;
          }
          lines.push(...printOuters(nodes, shape, memory, sums.outerOf, sums.floats));
          break;
        }
        case 'loop':
          lines.push(...printLoop(group));
          break;
        case 'guard':
          lines.push(...printGuard(group));
          break;
        default:
          group satisfies never;
      }
    }
    return lines;
  };
  const printLoop = ({ region, parameters, body }: Group & { kind: 'loop' }): string[] => {
    const t = `t${frame.numberOf(region)}`;
    const names = { entry: reading.entry, array: (node: Node) => reading.address(node)! };
    const locals = parameters
      .filter(({ op }) => op !== 'constant' && op !== 'count')
      .flatMap((node) => [
        `${typeOf(node.dtype)} l${node.id}[${node.columns}];`,
        ...printParameter(node, `l${node.id}`, names),
      ]);
    return [
      region.reverse
        ? `for (int32_t ${t} = ${region.length - 1}; ${t} >= 0; ${t}--) {`
        : `for (int32_t ${t} = 0; ${t} < ${region.length}; ${t}++) {`,
      ...[...locals, ...printGroups(body)].map((line) => `  ${line}`),
      '}',
    ];
  };

  /** Where each thread has a row of its own, each looks at that; else the block decides together. */
  const printGuard = ({ condition, then, otherwise }: Group & { kind: 'guard' }): string[] => {
    const { base } = memory(condition)!;
    const holds = `(threadIdx.x < ${shape.rows} && row0 + threadIdx.x < n && ((const int32_t *)(${base}))[threadIdx.x] != 0)`;
    return [
      `if (${shape.isPlain ? holds : `__syncthreads_or(${holds})`}) {`,
      ...printGroups(then).map((line) => `  ${line}`),
      '} else {',
      ...printGroups(otherwise).map((line) => `  ${line}`),
      '}',
    ];
  };

  const body = printGroups(plan.groups);
  const copies = printRowStaging(shape);
  const text = [...copies, ...body, ...sums.begin].join('\n');
  const uses = (name: string): boolean => new RegExp(`\\b${name}\\b`).test(text);
  return [
    ...(shape.sharedBytes > 0
      ? ['extern __shared__ float4 shared4[];', 'float *const shared = (float *)shared4;']
      : []),
    `const int64_t n = ${rowsExpression(phase.space)};`,
    `const int64_t tiles = (n + ${shape.rows - 1}) / ${shape.rows};`,
    ...(plan.columns > 0
      ? [
          `float *const tile = ${shape.isSpilled ? `p.spill + (int64_t)blockIdx.x * ${shape.spilledBytes / 4}` : 'shared'};`,
        ]
      : []),
    ...[...plan.buffers].flatMap(([node, { start }]) =>
      uses(`b${node.id}`) ? [`float *const b${node.id} = tile + ${start * shape.stride};`] : [],
    ),
    ...[...stored].flatMap((node) =>
      node.space === phase.space && uses(`m${node.id}`)
        ? [`float *const m${node.id} = p.m${node.id};`]
        : [],
    ),
    ...graph.inputs.flatMap(({ dtype, axis }, index) =>
      axis >= 0 && uses(`a${index}`)
        ? [`const ${storedType(dtype)} *const a${index} = p.a${index};`]
        : [],
    ),
    ...graph.outputs.flatMap(({ dtype, axis }, index) =>
      axis >= 0 && uses(`o${index}`)
        ? [`${storedType(dtype)} *const o${index} = p.o${index};`]
        : [],
    ),
    ...[...shape.stagedRows.values()].map(
      ({ node, start }) => `float *const c${node.id} = shared + ${start};`,
    ),
    ...printStaging(shape, reading.entry, globalAddress),
    ...(sums.joining
      ? [
          `int64_t each = (tiles + ${sums.mostParts - 1}) / ${sums.mostParts};`,
          'if (each < 1) each = 1;',
        ]
      : ['const int64_t each = 1;']),
    'for (int64_t part = blockIdx.x; part * each < tiles; part += gridDim.x) {',
    ...sums.begin.map((line) => `  ${line}`),
    '  for (int64_t at = part * each; at < (part + 1) * each && at < tiles; at++) {',
    `    const int64_t row0 = at * ${shape.rows};`,
    ...copies.map((line) => `    ${line}`),
    ...body.map((line) => `    ${line}`),
    '  }',
    ...sums.end.map((line) => `  ${line}`),
    '}',
  ];
}
