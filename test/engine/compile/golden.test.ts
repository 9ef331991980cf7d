import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import * as tf from '@tensorflow/tfjs';

import { arrange } from '../../../engine/compile/arrange';
import { commonText, printC } from '../../../engine/compile/emit/c-program';
import { printGraph, printSchedule } from '../../../engine/compile/print';
import { iterate, scan } from '../../../engine/loops';
import { normals, permuteRows, uses } from '../../../engine/random';
import { graphOf, type Shapes } from './recorded';

/**
 * What programs look like, stage by stage, as files to read and to compare: a change that is meant shows
 * as a difference in them. `UPDATE_GOLDEN=1` writes them anew.
 */
interface Program {
  readonly shapes: Shapes;
  readonly compute: (given: Record<string, tf.Tensor>) => tf.Tensor[];
  /** Whether the C of its passes is kept as well. */
  readonly showsCode?: boolean;
}

const programs: Readonly<Record<string, Program>> = {
  'standardised rows': {
    shapes: { x: [[-1, 3]] },
    compute: ({ x }) => {
      const { mean, variance } = tf.moments(x!, 0);
      return [tf.div(tf.sub(x!, mean), tf.sqrt(tf.add(variance, 1e-3)))];
    },
    showsCode: true,
  },
  'discounted returns': {
    shapes: { reward: [[5, -1]], done: [[5, -1], 'bool'], last: [[-1]] },
    compute: ({ reward, done, last }) => [
      scan(
        (sum: tf.Tensor, _, step: { reward: tf.Tensor; done: tf.Tensor }) => {
          const next = tf.add(
            step.reward,
            tf.mul(0.9, tf.where(step.done, tf.zerosLike(sum), sum)),
          ) as tf.Tensor;
          return { carry: next, output: next };
        },
        last!,
        5,
        { inputs: { reward: reward!, done: done! }, reverse: true },
      ).outputs,
    ],
    showsCode: true,
  },
  'gradient of a network': {
    shapes: { x: [[-1, 4]], y: [[-1]], w: [[4, 20]], b: [[20]], v: [[20, 1]] },
    compute: ({ x, y, w, b, v }) =>
      tf.grads((...[first, bias, second]: tf.Tensor[]) => {
        const hidden = tf.tanh(tf.add(tf.matMul(x as tf.Tensor2D, first as tf.Tensor2D), bias!));
        const output = tf.reshape(tf.matMul(hidden as tf.Tensor2D, second as tf.Tensor2D), [-1]);
        return tf.mean(tf.squaredDifference(output, y!));
      })([w!, b!, v!]),
  },
  'minibatches in random order': {
    shapes: { x: [[-1, 2]], words: [[3], 'int32'], w: [[2]] },
    compute: ({ x, words, w }) => [
      scan(
        (weights: tf.Tensor, index) => {
          const key = { words: words!, row: words!, step: index, use: uses.shuffle } as never;
          const chosen = tf.gather(x!, tf.slice(permuteRows(key, 0, 64), [0], [32]));
          const error = tf.sub(tf.sum(tf.mul(chosen, weights), 1, true), 1);
          const gradient = tf.mean(tf.mul(error, chosen), 0);
          return { carry: tf.sub(weights, tf.mul(0.1, gradient)) as tf.Tensor, output: {} };
        },
        w!,
        3,
      ).carry,
    ],
  },
  'a loop that stops': {
    shapes: { x: [[-1, 3]], b: [[3]] },
    compute: ({ x, b }) => {
      const { p } = iterate(
        ({ p }) => ({
          p: tf.mul(0.5, tf.add(b!, tf.mean(tf.mul(tf.exp(x!), tf.sum(p)), 0))) as tf.Tensor,
        }),
        { p: b! },
        10,
        ({ p }) => tf.less(tf.sum(p), 5),
      );
      return [p];
    },
  },
  'random numbers': {
    shapes: { words: [[3], 'int32'], row: [[-1], 'int32'], step: [[], 'int32'] },
    compute: ({ words, row, step }) => [
      normals({ words: words!, row: row!, step: step!, use: 2 } as never, 1, 6),
    ],
  },
};

const folder = join(__dirname, 'golden');
const isUpdate = Boolean(process.env['UPDATE_GOLDEN']);

function expectGolden(file: string, text: string): void {
  const path = join(folder, file);
  if (isUpdate) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(path, text);
  }
  if (!existsSync(path)) throw new Error(`no ${file}: run with UPDATE_GOLDEN=1`);
  expect(text).toBe(readFileSync(path, 'utf8'));
}

describe('recorded programs', () => {
  it.each(Object.entries(programs))('%s', (name, { shapes, compute, showsCode }) => {
    const graph = graphOf(name, shapes, compute);
    const file = name.replaceAll(' ', '-');
    const recorded = printGraph(graph);
    const schedule = arrange(graph);
    expectGolden(`${file}.txt`, `${recorded}\n\n${printSchedule(schedule)}\n`);
    if (!showsCode) return;
    const code = printC(schedule);
    expect(code.startsWith(commonText)).toBe(true);
    const passes = code.slice(
      code.indexOf('static void pass0'),
      code.indexOf('__attribute__((visi'),
    );
    expectGolden(`${file}.c`, passes);
  });

  it('are the same whenever they are recorded', () => {
    const [name, { shapes, compute }] = Object.entries(programs)[1]!;
    const text = (): string => printC(arrange(graphOf(name, shapes, compute)));
    expect(text()).toBe(text());
  });
});
