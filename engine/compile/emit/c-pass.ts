import type { Node } from '../graph';
import type { Schedule } from '../schedule';
import type { Group, TilePlan } from '../tile-plan';
import { cDialect } from './c-dialect';
import type { ProgramNames } from './c-names';
import { printParameter } from './c-parameters';
import { printOuter, printProduct } from './c-products';
import { printStrip } from './c-strip';
import type { SumPlaces } from './c-sums';
import { memoryOf, scalarType, storedType } from './c-values';
import type { Weights } from './c-weights';

export interface PassParts {
  readonly schedule: Schedule;
  readonly names: ProgramNames;
  readonly weights: Weights;
  readonly sums: SumPlaces;
}

/** The function that works on one chunk of the tiles of a pass. */
export function printPass(plan: TilePlan, parts: PassParts): string[] {
  const { schedule, names, sums } = parts;
  const { graph, stored } = schedule;
  const { phase } = plan;
  const pass = phase.number;
  const body = printGroups(plan, plan.groups, parts);
  const text = body.join('\n');
  const uses = (name: string): boolean => new RegExp(`\\b${name}\\b`).test(text);
  const declare = (type: string, name: string, value: string): string[] =>
    uses(name) ? [`${type} *const ${name} = ${value};`] : [];
  const pointers = [
    ...[...plan.buffers].flatMap(([node, { start }]) =>
      declare('float', `b${node.id}`, `scratch + (int64_t)${start} * p->tile${pass} * L`),
    ),
    ...[...stored].flatMap((node) =>
      node.space === phase.space
        ? declare('float', `m${node.id}`, `p->m${node.id} + strip0 * ${node.columns} * L`)
        : [],
    ),
    ...graph.inputs.flatMap(({ dtype, axis }, index) =>
      axis >= 0 ? declare(`const ${storedType(dtype)}`, `a${index}`, `p->a${index}`) : [],
    ),
    ...graph.outputs.flatMap(({ dtype, axis }, index) =>
      axis >= 0 ? declare(storedType(dtype), `o${index}`, `p->o${index}`) : [],
    ),
  ];
  const scratch = `p->runtime->scratch(thread, (int64_t)p->tile${pass} * ${Math.max(1, plan.columns)} * L * 4)`;
  return [
    `static void pass${pass}(void *context, int64_t chunk, int thread) {`,
    '  const Program *const p = (const Program *)context;',
    `  const int64_t n = ${names.rows(phase.space)};`,
    `  float *const scratch = ${scratch};`,
    ...sums.start.map((line) => `  ${line}`),
    `  const int64_t first = chunk * p->per${pass}, tiles = p->tiles${pass};`,
    `  for (int64_t tile = first; tile < first + p->per${pass} && tile < tiles; tile++) {`,
    `    const int64_t strip0 = tile * p->tile${pass}, row0 = strip0 * L, left = (n - row0 + L - 1) / L;`,
    `    const int strips = (int)(left < p->tile${pass} ? left : p->tile${pass});`,
    ...pointers.map((line) => `    ${line}`),
    ...body.map((line) => `    ${line}`),
    '  }',
    '}',
    '',
  ];
}

function printGroups(plan: TilePlan, groups: readonly Group[], parts: PassParts): string[] {
  const { schedule, names, weights, sums } = parts;
  const { graph, stored } = schedule;
  const memory = (node: Node): string | null => memoryOf(plan, stored, node);
  const first = plan.groups.find(({ kind }) => kind === 'product');
  const inner = (within: readonly Group[]): string[] =>
    printGroups(plan, within, parts).map((line) => `  ${line}`);
  return groups.flatMap((group) => {
    switch (group.kind) {
      case 'strip':
        return printStrip(group.items, {
          graph,
          plan,
          stored,
          parameter: names.entry,
          address: (node) => `(&${names.entry(node, '0')})`,
          rows: (node) => names.rows(node.space!),
          step: ({ of }) => names.step(of),
          dialect: cDialect(sums.partial),
        });
      case 'product':
        return printProduct(group.node, group.epilogue, {
          memory,
          parameter: names.entry,
          pack: (pair) => weights.place(group.node, pair),
          upcoming: group === first ? upcomingMemory(plan, group.node, schedule) : [],
        });
      case 'outer':
        return printOuter(group.node, {
          memory: (node) => memory(node)!,
          partial: sums.partial(group.node),
        });
      case 'guard':
        return [
          '{ int any = 0;',
          'for (int s = 0; s < strips; s++) for (int at = 0; at < L; at += W) {',
          '  if (row0 + s * L + at >= n) break;',
          `  any |= v_any(v_iload((const int32_t *)(${memory(group.condition)!} + (int64_t)s * L + at)));`,
          '}',
          'if (any) {',
          ...inner(group.then),
          '} else {',
          ...inner(group.otherwise),
          '} }',
        ];
      case 'loop': {
        const { region, parameters, body } = group;
        const t = names.step(region);
        const locals = parameters
          .filter(({ op }) => op !== 'constant' && op !== 'count')
          .flatMap((node) => [
            `  ${scalarType(node.dtype)} l${node.id}[${node.columns}];`,
            ...printParameter(node, `l${node.id}`, names).map((line) => `  ${line}`),
          ]);
        return [
          region.reverse
            ? `for (int32_t ${t} = ${region.length - 1}; ${t} >= 0; ${t}--) {`
            : `for (int32_t ${t} = 0; ${t} < ${region.length}; ${t}++) {`,
          ...locals,
          ...inner(body),
          '}',
        ];
      }
    }
  });
}

/** What earlier passes stored, of as many columns as a product has, and a tile reads after it. */
function upcomingMemory(
  plan: TilePlan,
  product: Node,
  { stored }: PassParts['schedule'],
): string[] {
  const { phase } = plan;
  return [...stored]
    .filter(
      (node) =>
        node.space === phase.space &&
        node.columns === product.columns &&
        !phase.stored.includes(node) &&
        !product.inputs.includes(node) &&
        phase.nodes.some(({ inputs }) => inputs.includes(node)),
    )
    .map((node) => memoryOf(plan, stored, node)!);
}
