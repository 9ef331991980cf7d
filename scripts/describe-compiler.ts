import * as tf from '@tensorflow/tfjs';

import { arrange } from '../engine/compile/arrange';
import { commonText, printC } from '../engine/compile/emit/c-program';
import { cudaPrelude } from '../engine/compile/emit/cuda-prelude';
import { printCuda } from '../engine/compile/emit/cuda-program';
import { printGraph, printSchedule } from '../engine/compile/print';
import { record } from '../engine/compile/trace';
import { unifyGraphs } from '../engine/compile/unify';

/** The function whose way is shown, as it stands on the page. */
const example = `const features = compile(
  ({ rows: { x }, parameters: { w } }) => tf.mean(tf.tanh(tf.matMul(x, w)), 0),
  { name: 'features' },
);
features({ rows: { x }, parameters: { w } }); // x [B, 4], w [4, 20] → [20]`;

const recordExample = (rows: number) =>
  record(
    'features',
    [
      { name: 'x', dtype: 'float32', shape: [-1, 4] },
      { name: 'w', dtype: 'float32', shape: [4, 20] },
    ],
    ([x, w]) => [tf.mean(tf.tanh(tf.matMul(x as tf.Tensor2D, w as tf.Tensor2D)), 0)],
    rows,
  );

/** A GPU of compute capability 9.0, as CUDA describes it. */
const target = {
  sharedBytesPerBlock: 227 * 1024,
  sharedBytesPerMultiprocessor: 228 * 1024,
};

const block = (language: string, text: string): string =>
  `\`\`\`${language}\n${text.trim()}\n\`\`\``;

/** docs/compiler.md: one function from TypeScript to C and CUDA, by the program itself. */
export function describeCompiler(): string {
  const sizes = [10_007, 97] as const;
  const [first, second] = [recordExample(sizes[0]), recordExample(sizes[1])];
  const graph = unifyGraphs(first, second, sizes);
  const graphText = printGraph(graph);
  const schedule = arrange(graph);
  const c = printC(schedule).slice(commonText.length);
  const cuda = printCuda(schedule, target).source.slice(cudaPrelude.length);
  return `# The compiler

\`compile(fn, { name })\` runs \`fn\` once on a TensorFlow.js backend that notes operations instead of doing them, and makes one program of what it noted: C on the CPU (device \`native\`), CUDA C++ on an NVIDIA GPU (device \`cuda\`). Gradients are taken above backends, so that what \`tf.grads\` does is recorded as well. Elsewhere the function runs as it is.

One idea carries it: **a program over rows**. Every value is a vector of columns, one for each row of the batch, or a single one, a parameter. The batch is cut into tiles; a tile goes through all the work while its intermediates lie in registers, cache or shared memory; sums over the batch turn rows into parameters, and what needs them waits for the next pass.

| stage    | files                                              | does                                                                                                                                        |
| -------- | -------------------------------------------------- | ------------------------------------------------------------------------------------------------------------------------------------------- |
| record   | \`trace.ts\`, \`lower/\`, \`builder.ts\`                 | kernels become nodes, each once; constants are folded; shapes vanish (\`pick\` copies columns); what no step of a loop changes leaves the loop |
| unify    | \`unify.ts\`                                         | two recordings at two sizes become one graph for every size                                                                                 |
| simplify | \`simplify.ts\`, \`separate.ts\`, \`views.ts\`           | sums of matrix products share accumulators; branches that cost little are taken; what a loop carries for all rows is computed apart; copied columns are read where they came from |
| schedule | \`schedule.ts\`                                      | passes over rows, arithmetic on parameters between them, loops around them; what is stored and what computed again                          |
| plan     | \`tile-plan.ts\`, \`tile-groups.ts\`, \`tile-memory.ts\` | the groups of a pass, and the scratch memory of a tile                                                                                       |
| emit     | \`emit/functions.ts\`, \`emit/c-*.ts\`, \`emit/cuda-*.ts\` | one table of functions, two dialects                                                                                                         |
| run      | \`run/\`                                             | compilers, caches on disk, threads, launches                                                                                                 |

\`MAKERTAKER_SHOW=graph,schedule,code\` prints these stages of every program that is built. Here they are for one function:

${block('ts', example)}

## Graph

\`%2 [B] f20\` is a row value of twenty float columns. Two recordings, at ${sizes[0].toLocaleString('en')} and ${sizes[1]} rows, differ in one constant, which becomes \`1 · B^1\`.

${block('text', graphText)}

## Schedule

One pass: the rows are loaded, multiplied, and \`tanh\` is applied while the sums are still in registers; then the columns are added up. The division is arithmetic on a parameter, after the pass.

${block('text', printSchedule(schedule))}

## C

\`W\` rows fit a vector of the processor; a strip is \`L = 3·W\` rows, in which the columns of a value lie one after the other. A tile is a few strips. A thread takes chunks of tiles; each chunk has partial sums of its own, which are added in a fixed tree, so that the result does not depend on the number of threads.

${block('c', c)}

## CUDA

A block works on a tile in shared memory, a column after the other: neighbouring threads are neighbouring rows. Sums are kept in parts whose number does not depend on the GPU, and a second kernel adds them.

${block('cuda', cuda)}

## What cannot be compiled

A value read on the host, an operation that is not among the lowerings, rows mixed with columns (a slice along the batch), and a tensor from outside that is no argument are errors that name the operation and the line of the function. \`fallback: 'eager'\` warns once and runs the function as it is.
`;
}
