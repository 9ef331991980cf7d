import type { Node, Region as Loop } from '../graph';
import type { Schedule, Statement } from '../schedule';
import { type Action, printActions } from './cuda-block';
import { createFrame, typeOf } from './cuda-names';
import { entrywise, type Place, type Work, workOf } from './cuda-parameters';
import { printPass, rowsExpression } from './cuda-pass';
import { joiningFunctions, joiningThreads } from './cuda-joining';
import { describeMemory } from './cuda-memory';
import type { CudaProgram, Launch, Parts, Region, Step } from './cuda-plan';
import { cudaPrelude } from './cuda-prelude';
import { type PassSums, planSums } from './cuda-sums';
import { type CudaTarget, shapeTile, type TileShape } from './cuda-tile';

/** The CUDA C++ of a whole program, and how to run it. */
export function printCuda(schedule: Schedule, target: CudaTarget): CudaProgram {
  const frame = createFrame(schedule);
  const { graph, live } = schedule;
  const { changing } = frame;
  const kernels: string[] = [];
  const flags = new Map<Loop, number>();

  const launchOf = (
    name: string,
    lines: readonly string[],
    launch: Omit<Launch, 'kernel'>,
    loops: readonly Loop[],
    blocksAtOnce: number | null = null,
  ): Step => {
    const kernel = `${name}${kernels.length}`;
    const ended = loops
      .filter((loop) => flags.has(loop))
      .map((loop) => `p.flags[${flags.get(loop)!}]`);
    const bounds = `${launch.threads}${blocksAtOnce === null ? '' : `, ${blocksAtOnce}`}`;
    kernels.push(
      [
        `extern "C" __global__ void __launch_bounds__(${bounds}) ${kernel}(const Program p) {`,
        ...(ended.length > 0 ? [`  if (${ended.join(' | ')}) return;`] : []),
        ...lines.map((line) => `  ${line}`),
        '}',
        '',
      ].join('\n'),
    );
    return { kind: 'launch', launch: { kernel, ...launch } };
  };

  const placeOf = (place: Place): string | null => {
    if (typeof place === 'string') return place;
    switch (place.op) {
      case 'constant':
      case 'count':
      case 'argument':
        return null;
      case 'slot':
        if (place.what === 'index') return null;
        if (place.what === 'input') return placeOf(place.of.inputs[place.index]!.source);
        break;
    }
    return `v${frame.offsetOf(place)}`;
  };
  const arrayAt = (offset: number, dtype: Node['dtype']): string =>
    `((${typeOf(dtype)} *)p.v + ${offset})`;
  const arrayOf = (node: Node): string => arrayAt(frame.offsetOf(node), node.dtype);
  const copy = (source: Node, target: string, place: Place, columns: number): Action => ({
    kind: 'work',
    work: entrywise(
      columns,
      [`${target}[i] = ${changing.entry(source, source.columns === 1 ? '0' : 'i')};`],
      [{ place: source, isOwn: source.columns === columns }],
      [place],
    ),
  });
  const computes = (node: Node): boolean =>
    node.op !== 'constant' && node.op !== 'count' && node.op !== 'argument' && node.op !== 'slot';

  /** What is to be done before the next pass. */
  let pending: Action[] = [];
  const flush = (loops: readonly Loop[]): Step[] => {
    const steps = printActions(pending, placeOf).map(({ lines, threads, blocks }) =>
      launchOf(
        'parameters',
        lines,
        { threads, sharedBytes: 0, blocks: { kind: 'fixed', count: blocks } },
        loops,
      ),
    );
    pending = [];
    return steps;
  };

  const spills: Region['perBlock'][number][] = [];
  const floats: Region['perPart'][number][] = [];
  const doubles: Region['perPart'][number][] = [];
  /** Each pass is printed where it stands: a loop's test and body hold different ones. */
  const runPass = (number: number, loops: readonly Loop[]): Step[] => {
    const plan = frame.plans[number]!;
    const shape = shapeTile(plan, schedule.stored, target);
    const { space, reductions } = plan.phase;
    const sums = planSums(reductions, shape, rowsExpression(space), frame.offsetOf);
    const most = sums.joining ? sums.mostParts : null;
    const parts: Parts = { rows: space.size, rowsPerTile: shape.rows, most };
    const step = launchOf(
      'pass',
      printPass(frame, plan, shape, sums),
      { threads: shape.threads, sharedBytes: shape.sharedBytes, blocks: { kind: 'parts', parts } },
      loops,
      shape.isPlain ? null : blocksThatFit(shape, sums),
    ) as Step & { kind: 'launch' };
    if (shape.isSpilled) spills.push({ bytes: shape.spilledBytes, launch: step.launch });
    if (!sums.joining) return [step];
    floats.push({ bytes: sums.floats * 4, parts });
    doubles.push({ bytes: sums.doubles * 8, parts });
    const { lines, blocks } = sums.joining;
    return [
      step,
      launchOf(
        'sums',
        lines,
        { threads: joiningThreads, sharedBytes: 0, blocks: { kind: 'fixed', count: blocks } },
        loops,
      ),
    ];
  };

  const runStatements = (statements: readonly Statement[], loops: readonly Loop[]): Step[] =>
    statements.flatMap((statement) => {
      switch (statement.kind) {
        case 'parameters':
          for (const node of statement.nodes) {
            if (computes(node)) {
              pending.push({ kind: 'work', work: workOf(node, arrayOf(node), changing) });
            }
          }
          return [];
        case 'rows':
          return [...flush(loops), ...runPass(statement.phase.number, loops)];
        case 'loop':
          return runLoop(statement, loops);
      }
    });

  const runLoop = (
    { region, carries, stacks, test, body }: Statement & { kind: 'loop' },
    loops: readonly Loop[],
  ): Step[] => {
    const slots = carries.map((index) => region.carries[index]!);
    for (const { slot, initial } of slots) {
      pending.push(copy(initial, arrayOf(slot), slot, slot.columns));
    }
    if (frame.blockLoops.has(region)) {
      const before = pending;
      const [testing, working] = [test, body].map((statements) => {
        pending = [];
        runStatements(statements, loops);
        return pending;
      }) as [Action[], Action[]];
      pending = working;
      finishStep(region, carries, stacks);
      before.push({
        kind: 'repeat',
        step: frame.stepOf(region),
        length: region.length,
        reverse: region.reverse,
        test: testing,
        condition: region.condition && changing.entry(region.condition, '0'),
        body: pending,
      });
      pending = before;
      return [];
    }
    if (region.condition) {
      flags.set(region, flags.size);
      pending.push({ kind: 'start', flag: flags.get(region)! });
    }
    const before = flush(loops);
    const inside = [...loops, region];
    const steps = runStatements(test, inside);
    if (region.condition) {
      pending.push({
        kind: 'stop',
        flag: flags.get(region)!,
        condition: changing.entry(region.condition, '0'),
        reads: region.condition,
      });
    }
    steps.push(...runStatements(body, inside));
    finishStep(region, carries, stacks);
    steps.push(...flush(inside));
    const { length, reverse } = region;
    return [...before, { kind: 'loop', loop: frame.numberOf(region), length, reverse, steps }];
  };

  /** What a step puts out, and what it hands on to the next. */
  const finishStep = (
    region: Loop,
    carries: readonly number[],
    stacks: readonly number[],
  ): void => {
    const slots = carries.map((index) => region.carries[index]!);
    for (const index of stacks) {
      const stack = [...live].find(
        (node) => node.op === 'stack' && node.of === region && node.index === index,
      )!;
      const output = region.outputs[index]!;
      const at = `${arrayOf(stack)} + ${frame.stepOf(region)} * ${output.columns}`;
      pending.push(copy(output, `(${at})`, stack, output.columns));
    }
    const changed = slots.filter(({ slot, next }) => next !== slot);
    // All carries change at once.
    const ownPlaces = new Set(slots.map(({ slot }) => placeOf(slot)));
    const isDirect = changed.every(({ next }) => !ownPlaces.has(placeOf(next)));
    const targets = changed.map(({ slot, next }) => {
      if (isDirect) return null;
      const offset = frame.reserve(slot.columns);
      const place = `v${offset}`;
      pending.push(copy(next, arrayAt(offset, slot.dtype), place, slot.columns));
      return { offset, place };
    });
    changed.forEach(({ slot, next }, index) => {
      const from = targets[index];
      if (!from) {
        pending.push(copy(next, arrayOf(slot), slot, slot.columns));
        return;
      }
      const work: Work = entrywise(
        slot.columns,
        [`${arrayOf(slot)}[i] = ${arrayAt(from.offset, slot.dtype)}[i];`],
        [{ place: from.place, isOwn: true }],
        [slot],
      );
      pending.push({ kind: 'work', work });
    });
  };

  const writeOutputs = (): Step[] => {
    const after: Step[] = [];
    graph.outputs.forEach(({ node, axis, dtype, shape }, index) => {
      if (node.space) {
        if (node.op !== 'argument') return;
        const bytesPerRow = node.columns * (dtype === 'bool' ? 1 : 4);
        after.push({ kind: 'copy', input: node.index, output: index, bytesPerRow });
        return;
      }
      const columns = shape.reduce((product, size) => (size < 0 ? product : product * size), 1);
      const value = (column: string): string => {
        const x = changing.entry(node, node.columns === 1 ? '0' : column);
        return dtype === 'bool' ? `(uint8_t)(${x} != 0)` : x;
      };
      if (axis < 0) {
        const isOwn = node.columns === columns;
        pending.push({
          kind: 'work',
          work: entrywise(
            columns,
            [`p.o${index}[i] = ${value('i')};`],
            [{ place: node, isOwn }],
            [`o${index}`],
          ),
        });
        return;
      }
      // The same in every row.
      const stride = shape.slice(axis + 1).reduce((product, size) => product * size, 1);
      after.push(
        launchOf(
          'fill',
          [
            `for (int64_t e = (int64_t)blockIdx.x * 256 + threadIdx.x; e < p.n * ${columns}; e += (int64_t)gridDim.x * 256) {`,
            `  const int column = (int)(e / (p.n * ${stride}) * ${stride} + e % ${stride});`,
            `  p.o${index}[e] = ${value('column')};`,
            '}',
          ],
          { threads: 256, sharedBytes: 0, blocks: { kind: 'rows', entries: columns } },
          [],
        ),
      );
    });
    return [...flush([]), ...after];
  };

  const steps = [...runStatements(schedule.statements, []), ...writeOutputs()];

  const { struct, members, regions } = describeMemory(frame, {
    flags: flags.size,
    floats,
    doubles,
    spills,
  });
  const source = [
    cudaPrelude,
    ...joiningFunctions(kernels.join('')),
    '#define PADDED(rows) (((rows) + 255) / 256 * 256)',
    ...frame.constants,
    'struct Program {',
    ...struct.map((line) => `  ${line}`),
    '};',
    '',
    ...kernels,
  ].join('\n');
  return { source, members, regions, steps };
}

/** Of a multiprocessor. */
const registersAtOnce = 65_536;
/** That the work of a pass needs beside its sums, about. */
const workingRegisters = 90;

/** Blocks at a time, as far as there are registers for them. */
function blocksThatFit({ blocksAtOnce, threads }: TileShape, { registers }: PassSums): number {
  const fitting = Math.floor(registersAtOnce / (threads * (registers + workingRegisters)));
  return Math.max(1, Math.min(blocksAtOnce, fitting));
}
