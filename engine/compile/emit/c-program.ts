import type { Node, NodeOf, Region, Space } from '../graph';
import type { RowPhase, Schedule, Statement } from '../schedule';
import { type Group, groupsWithin, planTile, type TilePlan } from '../tile-plan';
import { CompileError } from '../traced';
import { cDialect } from './c-dialect';
import { printParameter, type ParameterNames } from './c-parameters';
import { cPrelude } from './c-prelude';
import { printOuter, printProduct } from './c-products';
import { printStrip } from './c-strip';
import { literal, memoryOf, scalarType, storedType } from './c-values';

/** Strips of a full tile: long enough to share the cost of weights and sums, short enough for the cache. */
const stripsPerTile = 8;
/** Sums over rows are added in so many parts, whatever the number of threads. */
const mostChunks = 64;

/** The C of a whole program, with one entry \`mt_run\`. */
export function printC(schedule: Schedule): string {
  const program = createProgram(schedule);
  return program.text();
}

function createProgram(schedule: Schedule) {
  const { graph, live, stored } = schedule;
  const plans = schedule.phases.map((phase) => planTile(schedule, phase));
  const innerLoops = new Set<Region>();
  plans.forEach((plan) => collectLoops(plan.groups, innerLoops));
  const isLocal = (node: Node): boolean =>
    !node.space && node.region !== null && innerLoops.has(node.region);
  const regionNumbers = new Map<Region, number>();
  const numberOf = (region: Region): number => {
    if (!regionNumbers.has(region)) regionNumbers.set(region, regionNumbers.size);
    return regionNumbers.get(region)!;
  };
  const spaceNumbers = new Map<Space, number>();
  const rowsName = (space: Space): string => {
    if (space.size !== null) return String(space.size);
    if (!spaceNumbers.has(space)) spaceNumbers.set(space, spaceNumbers.size);
    return 'p->n';
  };

  /** Parameters with an array of their own in the arena. */
  const arrays: Node[] = [...live].filter(
    (node) =>
      !node.space &&
      !isLocal(node) &&
      node.op !== 'constant' &&
      node.op !== 'count' &&
      node.op !== 'argument' &&
      !(node.op === 'slot' && node.what !== 'carry') &&
      node.op !== 'final',
  );
  // A carry keeps the same slot from the beginning of the loop to its end and beyond.
  const arrayOf = (node: Node): Node =>
    node.op === 'final' ? node.of.carries[node.index]!.slot : node;
  for (const node of live) {
    if (node.op === 'final' && !node.space && !arrays.includes(arrayOf(node))) arrays.push(arrayOf(node));
  }
  const offsets = new Map<Node, number>();
  let arena = 0;
  for (const node of arrays) {
    offsets.set(node, arena);
    arena += Math.ceil(node.columns / 16) * 16;
  }
  const constants = [...live].filter(
    (node): node is NodeOf<'constant'> => node.op === 'constant' && node.values.length > 1,
  );

  /** @param local prefix of names: 'p->' in the main function and passes alike */
  const entry = (node: Node, column: string): string => {
    switch (node.op) {
      case 'constant':
        return node.values.length === 1 ? literal(node.values[0]!, node.dtype) : `k${node.id}[${column}]`;
      case 'count':
        return node.power === 1
          ? `(float)(${node.factor} * (double)p->n)`
          : `(float)(${node.factor} / (double)p->n)`;
      case 'argument': {
        const value = `p->a${node.index}[${column}]`;
        return node.dtype === 'bool' ? `(-(int32_t)(${value} != 0))` : value;
      }
      case 'slot': {
        if (node.what === 'index') return innerLoops.has(node.of) ? `t${numberOf(node.of)}` : `p->t${numberOf(node.of)}`;
        if (node.what === 'input') {
          const { source } = node.of.inputs[node.index]!;
          const step = innerLoops.has(node.of) ? `t${numberOf(node.of)}` : `p->t${numberOf(node.of)}`;
          return entry(source, `${step} * ${node.columns} + ${column}`);
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
  const names: ParameterNames = {
    entry,
    array(node) {
      if (node.op === 'argument') return `p->a${node.index}`;
      if (node.op === 'constant') return `k${node.id}`;
      return isLocal(node) ? `l${node.id}` : `p->v${arrayOf(node).id}`;
    },
  };
  const compute = (node: Node): string[] => {
    if (node.op === 'constant' || node.op === 'count' || node.op === 'argument' || node.op === 'slot') return [];
    return [`{ /* %${node.id} ${node.op === 'map' ? node.name : node.op} */`, ...printParameter(node, `p->v${node.id}`, names).map((line) => `  ${line}`), '}'];
  };

  /** Weights of the products of a pass, laid out anew before it begins. */
  const weightsOf = (plan: TilePlan): { product: NodeOf<'matmul'>; pair: number; weights: Node; size: number }[] =>
    productsOf(plan.groups).flatMap((product) =>
      product.inner.map((size, pair) => ({ product, pair, weights: product.inputs[2 * pair + 1]!, size })),
    );
  const packs = plans.map(weightsOf);
  let packed = 0;
  const packOffsets = new Map<string, number>();
  for (const { product, pair, size } of packs.flat()) {
    packOffsets.set(`${product.id} ${pair}`, packed);
    packed += size * Math.ceil(product.columns / 4) * 4;
  }

  /** Partial sums of a pass: of small ones in double, of products of rows in float. */
  const partials = plans.map(({ phase }) => {
    const places = new Map<Node, { kind: 'd' | 'f'; offset: number }>();
    let doubles = 0;
    let floats = 0;
    for (const node of phase.reductions) {
      if (node.op === 'outer') {
        places.set(node, { kind: 'f', offset: floats });
        floats += Math.ceil(node.columns / 16) * 16;
      } else {
        places.set(node, { kind: 'd', offset: doubles });
        doubles += node.columns;
      }
    }
    return { places, doubles, floats };
  });
  const widest = (of: 'doubles' | 'floats'): number => Math.max(0, ...partials.map((one) => one[of]));

  const storedNodes = [...stored];
  const field = (node: Node): string => `m${node.id}`;

  const printPhase = (plan: TilePlan, index: number): string[] => {
    const { phase } = plan;
    const { places, doubles, floats } = partials[index]!;
    const partial = (node: Node): string => {
      const { kind, offset } = places.get(node)!;
      return `(part_${kind} + ${offset})`;
    };
    const around = {
      graph,
      plan,
      stored,
      parameter: entry,
      address: (node: Node) => `(&${entry(node, '0')})`,
      rows: (node: Node) => rowsName(node.space!),
      step: (slot: NodeOf<'slot'>) =>
        innerLoops.has(slot.of) ? `t${numberOf(slot.of)}` : `p->t${numberOf(slot.of)}`,
      dialect: cDialect(partial),
    };
    const printGroups = (groups: readonly Group[]): string[] =>
      groups.flatMap((group) => {
        switch (group.kind) {
          case 'strip':
            return printStrip(group.items, around);
          case 'product':
            return printProduct(group.node, group.epilogue, {
              memory: (node) => memoryOf(plan, stored, node),
              parameter: entry,
              pack: (pair) => `p->pack + ${packOffsets.get(`${group.node.id} ${pair}`)!}`,
            });
          case 'outer':
            return printOuter(group.node, {
              memory: (node) => memoryOf(plan, stored, node)!,
              partial: partial(group.node),
            });
          case 'guard':
            return [
              '{ int any = 0;',
              ...printStripLoop([
                `any |= v_any(v_iload((const int32_t *)(${memoryOf(plan, stored, group.condition)!} + (int64_t)s * L + at)));`,
              ]),
              'if (any) {',
              ...printGroups(group.then).map((line) => `  ${line}`),
              '} else {',
              ...printGroups(group.otherwise).map((line) => `  ${line}`),
              '} }',
            ];
          case 'loop': {
            const { region, parameters, body } = group;
            const t = `t${numberOf(region)}`;
            const locals = parameters
              .filter(({ op }) => op !== 'constant' && op !== 'count')
              .flatMap((node) => [
                `${scalarType(node.dtype)} l${node.id}[${node.columns}];`,
                ...printParameter(node, `l${node.id}`, names),
              ]);
            return [
              region.reverse
                ? `for (int32_t ${t} = ${region.length - 1}; ${t} >= 0; ${t}--) {`
                : `for (int32_t ${t} = 0; ${t} < ${region.length}; ${t}++) {`,
              ...[...locals, ...printGroups(body)].map((line) => `  ${line}`),
              '}',
            ];
          }
        }
      });
    const usedStored = storedNodes.filter(
      (node) => node.space === phase.space,
    );
    const reads = readsOfPhase(plan);
    const inputs = graph.inputs.filter(({ node, axis }) => axis >= 0 && reads.has(node));
    const outputs = graph.outputs.flatMap((output, place) => (output.axis >= 0 ? [{ output, place }] : []));
    const body = printGroups(plan.groups);
    const text = body.join('\n');
    const uses = (name: string): boolean => new RegExp(`\\b${name}\\b`).test(text);
    return [
      `static void phase${index}(void *context, int64_t chunk, int thread) {`,
      '  const Program *const p = (const Program *)context;',
      `  const int64_t n = ${rowsName(phase.space)};`,
      `  float *const scratch = p->runtime->scratch(thread, (int64_t)p->tile${index} * ${Math.max(1, plan.columns)} * L * 4);`,
      ...(doubles > 0
        ? [`  double *const part_d = p->part_d + chunk * ${doubles};`, ...startPartials(phase, places)]
        : []),
      ...(floats > 0
        ? [`  float *const part_f = p->part_f + chunk * ${floats};`, `  memset(part_f, 0, ${floats} * 4);`]
        : []),
      `  const int64_t first = chunk * p->per${index}, tiles = p->tiles${index};`,
      `  for (int64_t tile = first; tile < first + p->per${index} && tile < tiles; tile++) {`,
      `    const int64_t strip0 = tile * p->tile${index}, row0 = strip0 * L;`,
      `    const int64_t left = (n - row0 + L - 1) / L;`,
      `    const int strips = (int)(left < p->tile${index} ? left : p->tile${index});`,
      '    (void)scratch; (void)row0; (void)strips;',
      ...[...plan.buffers].flatMap(([node, { start }]) =>
        uses(`b${node.id}`) ? [`    float *const b${node.id} = scratch + (int64_t)${start} * p->tile${index} * L;`] : [],
      ),
      ...usedStored.flatMap((node) =>
        uses(field(node))
          ? [`    float *const ${field(node)} = p->${field(node)} + strip0 * ${node.columns} * L;`]
          : [],
      ),
      ...inputs.flatMap(({ node, dtype }) => {
        const name = `a${(node as NodeOf<'argument'>).index}`;
        return uses(name) ? [`    const ${storedType(dtype)} *const ${name} = p->${name};`] : [];
      }),
      ...outputs.flatMap(({ output, place }) =>
        uses(`o${place}`) ? [`    ${storedType(output.dtype)} *const o${place} = p->o${place};`] : [],
      ),
      ...body.map((line) => `    ${line}`),
      '  }',
      '}',
      '',
    ];
  };

  const startPartials = (
    phase: RowPhase,
    places: ReadonlyMap<Node, { kind: 'd' | 'f'; offset: number }>,
  ): string[] =>
    phase.reductions.flatMap((node) => {
      if (node.op !== 'reduceRows') return [];
      const { offset } = places.get(node)!;
      const start = { sum: '0', prod: '1', any: '0', all: '-1', max: '-INFINITY', min: 'INFINITY' }[node.name];
      return [`  for (int c = 0; c < ${node.columns}; c++) part_d[${offset} + c] = ${start};`];
    });

  const runPhase = (phase: RowPhase): string[] => {
    const index = phase.number;
    const { places, doubles, floats } = partials[index]!;
    return [
      ...packs[index]!.map(({ product, pair, weights, size }) =>
        packLine(product, pair, weights, size),
      ),
      `p->runtime->parallel(phase${index}, p, p->chunks${index});`,
      ...(floats > 0 ? [`add_parts(p->part_f, ${floats}, p->chunks${index});`] : []),
      ...phase.reductions.flatMap((node) => {
        const { kind, offset } = places.get(node)!;
        if (kind === 'f') return [`memcpy(p->v${node.id}, p->part_f + ${offset}, ${node.columns} * 4);`];
        const { name } = node as NodeOf<'reduceRows'>;
        return [
          `for (int c = 0; c < ${node.columns}; c++) p->v${node.id}[c] = (${scalarType(node.dtype)})join_${name}(p->part_d + ${offset} + c, ${doubles}, p->chunks${index});`,
        ];
      }),
    ];
  };

  const packLine = (product: NodeOf<'matmul'>, pair: number, weights: Node, size: number): string => {
    const n = product.columns;
    const block = n <= 2 ? n : 4;
    const target = `p->pack + ${packOffsets.get(`${product.id} ${pair}`)!}`;
    return `{ float *w = ${target}; for (int j = 0; j < ${n}; j += ${block}) for (int k = 0; k < ${size}; k++) for (int c = 0; c < ${block}; c++) *w++ = j + c < ${n} ? ${entry(weights, `k * ${n} + j + c`)} : 0.0f; }`;
  };

  const printStatements = (statements: readonly Statement[]): string[] =>
    statements.flatMap((statement) => {
      switch (statement.kind) {
        case 'parameters':
          return statement.nodes.flatMap(compute);
        case 'rows':
          return runPhase(statement.phase);
        case 'loop':
          return printLoop(statement);
      }
    });

  const printLoop = ({ region, carries, stacks, test, body }: Statement & { kind: 'loop' }): string[] => {
    const t = `p->t${numberOf(region)}`;
    const slots = carries.map((index) => region.carries[index]!);
    const copyTo = (target: string, source: Node, columns: number): string =>
      `for (int i = 0; i < ${columns}; i++) ${target}[i] = ${entry(source, source.columns === 1 ? '0' : 'i')};`;
    const temporary = (index: number): string => `c${numberOf(region)}_${index}`;
    return [
      ...slots.map(({ slot, initial }) => copyTo(`p->v${slot.id}`, initial, slot.columns)),
      region.reverse
        ? `for (${t} = ${region.length - 1}; ${t} >= 0; ${t}--) {`
        : `for (${t} = 0; ${t} < ${region.length}; ${t}++) {`,
      ...printStatements(test).map((line) => `  ${line}`),
      ...(region.condition ? [`  if (!${entry(region.condition, '0')}) break;`] : []),
      ...printStatements(body).map((line) => `  ${line}`),
      ...stacks.map((index) => {
        const stack = [...live].find((node) => node.op === 'stack' && node.of === region && node.index === index)!;
        const output = region.outputs[index]!;
        return `  for (int i = 0; i < ${output.columns}; i++) p->v${stack.id}[${t} * ${output.columns} + i] = ${entry(output, 'i')};`;
      }),
      // All carries change at once.
      ...slots.flatMap(({ slot, next }, index) =>
        next === slot ? [] : [`  ${copyTo(`p->${temporary(index)}`, next, slot.columns)}`],
      ),
      ...slots.flatMap(({ slot, next }, index) =>
        next === slot ? [] : [`  memcpy(p->v${slot.id}, p->${temporary(index)}, ${slot.columns} * 4);`],
      ),
      '}',
    ];
  };

  const temporaries = (): { name: string; columns: number; type: string }[] =>
    loopStatements(schedule.statements).flatMap(({ region, carries }) =>
      carries.map((carry, index) => {
        const { slot } = region.carries[carry]!;
        return { name: `c${numberOf(region)}_${index}`, columns: slot.columns, type: scalarType(slot.dtype) };
      }),
    );

  const printOutputs = (): string[] =>
    graph.outputs.flatMap(({ node, axis, dtype, shape }, place) => {
      if (node.space) {
        if (node.op !== 'argument') return [];
        const bytes = node.columns * (dtype === 'bool' ? 1 : 4);
        return [`memcpy(p->o${place}, p->a${node.index}, p->n * ${bytes});`];
      }
      const columns = shape.reduce((product, size) => (size < 0 ? product : product * size), 1);
      const value = (column: string): string => {
        const x = entry(node, node.columns === 1 ? '0' : column);
        return dtype === 'bool' ? `(uint8_t)(${x} != 0)` : x;
      };
      if (axis < 0) return [`for (int i = 0; i < ${columns}; i++) p->o${place}[i] = ${value('i')};`];
      const stride = shape.slice(axis + 1).reduce((product, size) => product * size, 1);
      return [
        `for (int i = 0; i < ${columns}; i++) for (int64_t row = 0; row < p->n; row++) p->o${place}[(i / ${stride} * p->n + row) * ${stride} + i % ${stride}] = ${value('i')};`,
      ];
    });

  const text = (): string => {
    const phases = plans.flatMap(printPhase);
    const statements = printStatements(schedule.statements);
    const carried = temporaries();
    const loops = [...regionNumbers.values()];
    const tileFields = plans.flatMap((_, index) => [`  int64_t tile${index}, tiles${index}, per${index}, chunks${index};`]);
    const place = (name: string, count: string, type: string): string =>
      `  p->${name} = (${type} *)at; at += ((int64_t)(${count}) * ${type === 'double' ? 8 : 4} + 63) / 64 * 64;`;
    const storage: [string, string, string][] = [
      ...arrays.map((node): [string, string, string] => [`v${node.id}`, String(node.columns), scalarType(node.dtype)]),
      ...carried.map(({ name, columns, type }): [string, string, string] => [name, String(columns), type]),
      ...storedNodes.map((node): [string, string, string] => [
        field(node),
        `(${rowsName(node.space!)} + L - 1) / L * L * ${node.columns}`,
        'float',
      ]),
      ['pack', String(packed), 'float'],
      ['part_d', `${widest('doubles')} * ${mostChunks}`, 'double'],
      ['part_f', `${widest('floats')} * ${mostChunks}`, 'float'],
    ];
    return [
      cPrelude,
      '/* Parts of a sum, added in a fixed tree. */',
      'static __attribute__((unused)) void add_parts(float *parts, int64_t size, int64_t count) {',
      '  for (int64_t half = 1; half < count; half *= 2)',
      '    for (int64_t i = 0; i + half < count; i += 2 * half)',
      '      for (int64_t c = 0; c < size; c++) parts[i * size + c] += parts[(i + half) * size + c];',
      '}',
      ...(['sum', 'prod', 'max', 'min', 'any', 'all'] as const).map(
        (name) =>
          `INLINE double join_${name}(const double *parts, int64_t stride, int64_t count) { double x = parts[0]; for (int64_t i = 1; i < count; i++) { const double y = parts[i * stride]; x = ${
            { sum: 'x + y', prod: 'x * y', max: 'y != y || y > x ? y : x', min: 'y != y || y < x ? y : x', any: '(x != 0 || y != 0) ? -1 : 0', all: '(x != 0 && y != 0) ? -1 : 0' }[name]
          }; } return x; }`,
      ),
      '',
      ...constants.map(
        (node) =>
          `static const ${scalarType(node.dtype)} k${node.id}[] = {${node.values.map((value) => literal(value, node.dtype)).join(', ')}};`,
      ),
      'typedef struct Program {',
      '  const Runtime *runtime;',
      '  int64_t n;',
      ...graph.inputs.map(({ dtype }, index) => `  const ${storedType(dtype)} *a${index};`),
      ...graph.outputs.map(({ dtype }, index) => `  ${storedType(dtype)} *o${index};`),
      ...storage.map(([name, , type]) => `  ${type} *${name};`),
      ...loops.map((number) => `  int32_t t${number};`),
      ...tileFields,
      '} Program;',
      '',
      ...phases,
      '__attribute__((visibility("default"))) int32_t mt_run(void **pointers, int64_t n, const Runtime *runtime) {',
      '  Program program, *const p = &program;',
      '  memset(p, 0, sizeof program);',
      '  p->runtime = runtime;',
      '  p->n = n;',
      ...graph.inputs.map((_, index) => `  p->a${index} = pointers[${index}];`),
      ...graph.outputs.map((_, index) => `  p->o${index} = pointers[${graph.inputs.length + index}];`),
      '  char *at = 0;',
      '  for (int pass = 0; pass < 2; pass++) {',
      '    if (pass == 1) { at = runtime->workspace((int64_t)at); if (!at) return 1; }',
      ...storage.map(([name, count, type]) => `  ${place(name, count, type)}`),
      '  }',
      ...plans.flatMap(({ phase }, index) => [
        `  {`,
        `    const int64_t rows = ${rowsName(phase.space)}, strips = (rows + L - 1) / L;`,
        `    p->tile${index} = strips < ${stripsPerTile * 8} ? (strips + 7) / 8 : ${stripsPerTile};`,
        `    if (p->tile${index} < 1) p->tile${index} = 1;`,
        `    p->tiles${index} = (strips + p->tile${index} - 1) / p->tile${index};`,
        `    p->per${index} = (p->tiles${index} + ${mostChunks - 1}) / ${mostChunks};`,
        `    if (p->per${index} < 1) p->per${index} = 1;`,
        `    p->chunks${index} = (p->tiles${index} + p->per${index} - 1) / p->per${index};`,
        '  }',
      ]),
      ...statements.map((line) => `  ${line}`),
      ...printOutputs().map((line) => `  ${line}`),
      '  return 0;',
      '}',
      '',
    ].join('\n');
  };

  return { text };
}

/** A loop over the vectors of rows of a tile. */
const printStripLoop = (body: readonly string[]): string[] => [
  'for (int s = 0; s < strips; s++) for (int at = 0; at < L; at += W) {',
  '  if (row0 + s * L + at >= n) break;',
  ...body.map((line) => `  ${line}`),
  '}',
];

function collectLoops(groups: readonly Group[], loops: Set<Region>): void {
  for (const group of groups) {
    if (group.kind === 'loop') loops.add(group.region);
    collectLoops(groupsWithin(group), loops);
  }
}

const productsOf = (groups: readonly Group[]): NodeOf<'matmul'>[] =>
  groups.flatMap((group) =>
    group.kind === 'product' ? [group.node] : productsOf(groupsWithin(group)),
  );

/** Every value that the work of a pass reads. */
function readsOfPhase({ groups }: TilePlan): Set<Node> {
  const reads = new Set<Node>();
  const visit = (group: Group): void => {
    switch (group.kind) {
      case 'strip':
        for (const { node } of group.items) {
          reads.add(node);
          node.inputs.forEach((input) => reads.add(input));
          [node, ...node.inputs].forEach((one) => {
            if (one.op === 'slot' && one.what === 'input') reads.add(one.of.inputs[one.index]!.source);
          });
        }
        return;
      case 'product':
        [group.node, ...group.epilogue].forEach((node) => node.inputs.forEach((input) => reads.add(input)));
        return;
      case 'outer':
        group.node.inputs.forEach((input) => reads.add(input));
        return;
      case 'guard':
        reads.add(group.condition);
        groupsWithin(group).forEach(visit);
        return;
      case 'loop':
        group.body.forEach(visit);
    }
  };
  groups.forEach(visit);
  return reads;
}

function loopStatements(statements: readonly Statement[]): (Statement & { kind: 'loop' })[] {
  return statements.flatMap((statement) =>
    statement.kind === 'loop' ? [statement, ...loopStatements(statement.test), ...loopStatements(statement.body)] : [],
  );
}

