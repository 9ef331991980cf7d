import type { Graph, Node } from '../graph';
import type { Schedule, Statement } from '../schedule';
import { planTile } from '../tile-plan';
import { nameValues, type ProgramNames } from './c-names';
import { printParameter } from './c-parameters';
import { printPass } from './c-pass';
import { cPrelude } from './c-prelude';
import { mostChunks, placeSums, sumFunctions, type SumPlaces } from './c-sums';
import { literal, scalarType, storedType } from './c-values';
import { placeWeights, type Weights } from './c-weights';

/** Strips of a full tile: long enough to share the cost of weights and sums, short enough for the cache. */
const stripsPerTile = 8;
/** A tile of many columns has fewer: its scratch memory is to stay in a core's own cache. */
const bytesPerTile = 1 << 18;
/** A pass over few rows is cut into so many tiles at least, for the threads. */
const fewestTiles = 8;

interface Parts {
  readonly schedule: Schedule;
  readonly names: ProgramNames;
  readonly weights: Weights;
  /** Pass by pass. */
  readonly sums: readonly SumPlaces[];
}

/** The C of a whole program: a function a pass, and the entry `mt_run`, which runs them. */
export function printC(schedule: Schedule): string {
  const plans = schedule.phases.map((phase) => planTile(schedule, phase));
  const names = nameValues(schedule, plans);
  const weights = placeWeights(plans, names);
  const sums = plans.map(({ phase }) => placeSums(phase));
  const parts: Parts = { schedule, names, weights, sums };
  const passes = plans.flatMap((plan, pass) =>
    printPass(plan, { schedule, names, weights, sums: sums[pass]! }),
  );
  const statements = printStatements(schedule.statements, parts);
  const memory = placeMemory(parts);
  const { inputs, outputs } = schedule.graph;
  return [
    commonText,
    ...names.constants.map(
      ({ id, dtype, values }) =>
        `static const ${scalarType(dtype)} k${id}[] = {${values.map((value) => literal(value, dtype)).join(', ')}};`,
    ),
    'typedef struct Program {',
    '  const Runtime *runtime;',
    '  int64_t n;',
    ...inputs.map(({ dtype }, index) => `  const ${storedType(dtype)} *a${index};`),
    ...outputs.map(({ dtype }, index) => `  ${storedType(dtype)} *o${index};`),
    ...memory.map(({ name, type }) => `  ${type} *${name};`),
    ...names.loops().map((number) => `  int32_t t${number};`),
    ...plans.map((_, pass) => `  int64_t tile${pass}, tiles${pass}, per${pass}, chunks${pass};`),
    '} Program;',
    '',
    ...passes,
    '__attribute__((visibility("default"))) int32_t mt_run(void **pointers, int64_t n, const Runtime *runtime) {',
    '  Program program, *const p = &program;',
    '  memset(p, 0, sizeof program);',
    '  p->runtime = runtime;',
    '  p->n = n;',
    ...inputs.map((_, index) => `  p->a${index} = pointers[${index}];`),
    ...outputs.map((_, index) => `  p->o${index} = pointers[${inputs.length + index}];`),
    '  char *at = 0;',
    '  for (int measured = 0; measured < 2; measured++) {',
    '    if (measured) { at = runtime->workspace((int64_t)at); if (!at) return 1; }',
    ...memory.map(({ name, type, count }) => {
      const bytes = type === 'double' ? 8 : 4;
      return `    p->${name} = (${type} *)at; at += ((int64_t)(${count}) * ${bytes} + 63) / 64 * 64;`;
    }),
    '  }',
    ...plans.map(
      ({ phase, columns }, pass) =>
        `  DIVIDE(${names.rows(phase.space)}, ${columns}, p->tile${pass}, p->tiles${pass}, p->per${pass}, p->chunks${pass})`,
    ),
    ...statements.map((line) => `  ${line}`),
    ...printOutputs(schedule.graph, names).map((line) => `  ${line}`),
    '  return 0;',
    '}',
    '',
  ].join('\n');
}

/** Divides the rows of a pass into tiles of strips, and the tiles into chunks, whatever the threads. */
const divideFunction = `#define DIVIDE(rows, columns, tile, tiles, per, chunks) { \\
  const int64_t strips = ((int64_t)(rows) + L - 1) / L; \\
  const int64_t fit = ${bytesPerTile} / ((columns) * 4 * L + 1); \\
  tile = (strips + ${fewestTiles - 1}) / ${fewestTiles}; \\
  if (tile > ${stripsPerTile}) tile = ${stripsPerTile}; \\
  if (tile > fit) tile = fit; \\
  if (tile < 1) tile = 1; \\
  tiles = (strips + tile - 1) / tile; \\
  per = (tiles + ${mostChunks - 1}) / ${mostChunks}; \\
  if (per < 1) per = 1; \\
  chunks = (tiles + per - 1) / per; \\
  if (chunks < 1) chunks = 1; \\
}
`;

/** What every program begins with. */
export const commonText = [cPrelude, sumFunctions, divideFunction].join('\n');

interface Memory {
  readonly name: string;
  readonly type: string;
  /** Numbers, as a C expression. */
  readonly count: string;
}

/** What a run needs beside its inputs and outputs, one after the other. */
function placeMemory({ schedule, names, weights, sums }: Parts): Memory[] {
  const most = (of: 'doubles' | 'floats'): number => Math.max(0, ...sums.map((one) => one[of]));
  return [
    ...names.arrays.map(({ id, columns, dtype }) => ({
      name: `v${id}`,
      type: scalarType(dtype),
      count: String(columns),
    })),
    ...loopsOf(schedule.statements).flatMap((loop) =>
      loop.carries.map((carry, index) => {
        const { columns, dtype } = loop.region.carries[carry]!.slot;
        return {
          name: temporary(names, loop, index),
          type: scalarType(dtype),
          count: String(columns),
        };
      }),
    ),
    ...[...schedule.stored].map(({ id, space, columns }) => ({
      name: `m${id}`,
      type: 'float',
      count: `(${names.rows(space!)} + L - 1) / L * L * ${columns}`,
    })),
    { name: 'pack', type: 'float', count: String(weights.size) },
    { name: 'part_d', type: 'double', count: String(most('doubles') * mostChunks) },
    { name: 'part_f', type: 'float', count: String(most('floats') * mostChunks) },
  ];
}

type Loop = Statement & { kind: 'loop' };

const loopsOf = (statements: readonly Statement[]): Loop[] =>
  statements.flatMap((statement) =>
    statement.kind === 'loop'
      ? [statement, ...loopsOf(statement.test), ...loopsOf(statement.body)]
      : [],
  );

/** Where the next value of a loop's carry waits until all of them are known. */
const temporary = (names: ProgramNames, { region }: Loop, index: number): string =>
  `c${names.numberOf(region)}_${index}`;

function printStatements(statements: readonly Statement[], parts: Parts): string[] {
  const { names, weights, sums } = parts;
  return statements.flatMap((statement) => {
    switch (statement.kind) {
      case 'parameters':
        return statement.nodes.flatMap((node) => printComputed(node, names));
      case 'rows': {
        const { number: pass } = statement.phase;
        return [
          ...weights.pack(pass),
          `runtime->parallel(pass${pass}, p, p->chunks${pass});`,
          ...sums[pass]!.join(`p->chunks${pass}`, ({ id }) => `p->v${id}`),
        ];
      }
      case 'loop':
        return printLoop(statement, parts);
    }
  });
}

function printComputed(node: Node, names: ProgramNames): string[] {
  if (['constant', 'count', 'argument', 'slot'].includes(node.op)) return [];
  const lines = printParameter(node, `p->v${node.id}`, names);
  return [
    `{ /* %${node.id} ${node.op === 'map' ? node.name : node.op} */`,
    ...lines.map((line) => `  ${line}`),
    '}',
  ];
}

function printLoop(loop: Loop, parts: Parts): string[] {
  const { region, carries, stacks, test, body } = loop;
  const { schedule, names } = parts;
  const t = names.step(region);
  const slots = carries.map((index) => region.carries[index]!);
  const copy = (target: string, source: Node, columns: number): string =>
    `for (int i = 0; i < ${columns}; i++) ${target}[i] = ${names.entry(source, source.columns === 1 ? '0' : 'i')};`;
  const changing = slots.flatMap(({ slot, next }, index) =>
    next === slot ? [] : [{ slot, next, name: `p->${temporary(names, loop, index)}` }],
  );
  return [
    ...slots.map(({ slot, initial }) => copy(`p->v${slot.id}`, initial, slot.columns)),
    region.reverse
      ? `for (${t} = ${region.length - 1}; ${t} >= 0; ${t}--) {`
      : `for (${t} = 0; ${t} < ${region.length}; ${t}++) {`,
    ...printStatements(test, parts).map((line) => `  ${line}`),
    ...(region.condition ? [`  if (!${names.entry(region.condition, '0')}) break;`] : []),
    ...printStatements(body, parts).map((line) => `  ${line}`),
    ...stacks.flatMap((index) => {
      const { columns } = region.outputs[index]!;
      return [...schedule.live]
        .filter((node) => node.op === 'stack' && node.of === region && node.index === index)
        .map(
          (stack) =>
            `  for (int i = 0; i < ${columns}; i++) p->v${stack.id}[${t} * ${columns} + i] = ${names.entry(region.outputs[index]!, 'i')};`,
        );
    }),
    ...changing.map(({ slot, next, name }) => `  ${copy(name, next, slot.columns)}`),
    ...changing.map(({ slot, name }) => `  memcpy(p->v${slot.id}, ${name}, ${slot.columns} * 4);`),
    '}',
  ];
}

/** Results that no pass writes: parameters, rows that are all equal, inputs as they are. */
function printOutputs({ outputs }: Graph, names: ProgramNames): string[] {
  return outputs.flatMap(({ node, axis, dtype, shape }, place) => {
    if (node.space) {
      if (node.op !== 'argument') return [];
      const bytes = node.columns * (dtype === 'bool' ? 1 : 4);
      return [`memcpy(p->o${place}, p->a${node.index}, p->n * ${bytes});`];
    }
    const product = (sizes: readonly number[]): number =>
      sizes.reduce((all, size) => all * size, 1);
    const columns = product(shape.filter((_, at) => at !== axis));
    const number = names.entry(node, node.columns === 1 ? '0' : 'i');
    const value = dtype === 'bool' ? `(uint8_t)(${number} != 0)` : number;
    if (axis < 0) return [`for (int i = 0; i < ${columns}; i++) p->o${place}[i] = ${value};`];
    const stride = product(shape.slice(axis + 1));
    const type = storedType(dtype);
    const fill =
      dtype === 'bool' && stride === 1
        ? 'memset(at, value, p->n);'
        : `for (int64_t row = 0; row < p->n; row++) at[row * ${stride}] = value;`;
    return [
      `for (int i = 0; i < ${columns}; i++) {`,
      `  const ${type} value = ${value};`,
      `  ${type} *const at = p->o${place} + (int64_t)(i / ${stride}) * p->n * ${stride} + i % ${stride};`,
      `  ${fill}`,
      '}',
    ];
  });
}
