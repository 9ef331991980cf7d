import * as tf from '@tensorflow/tfjs';

import { compile, prepare } from '../../../engine/compile/compile';
import { CompileError } from '../../../engine/compile/traced';
import { isRecording } from '../../../engine/recorder';
import { iterate, scan } from '../../../engine/loops';
import { describeNative, take } from './compare';

type Given = { rows: { x: tf.Tensor; y: tf.Tensor }; parameters: { a: tf.Tensor } };

const makeGiven = (batch = 4): Given => ({
  rows: {
    x: tf.tensor2d(
      Array.from({ length: 3 * batch }, (_, at) => at),
      [batch, 3],
    ),
    y: tf.range(1, batch + 1),
  },
  parameters: { a: tf.tensor1d([1, 2, 3]) },
});

/** What a function that cannot be compiled says. */
function messageOf(compute: (given: Given) => tf.Tensor, given = makeGiven()): string {
  const program = compile((one: Given) => ({ result: compute(one) }), { name: 'the program' });
  try {
    program(given);
  } catch (error) {
    expect(error).toBeInstanceOf(CompileError);
    return (error as Error).message;
  } finally {
    tf.dispose(given as never);
  }
  throw new Error('it compiles');
}

/** This file and the line after the call. */
function nextLine(): RegExp {
  const line = /errors\.test\.ts:(\d+)/.exec(new Error().stack!.split('\n')[2]!)![1];
  return new RegExp(`errors\\.test\\.ts:${Number(line) + 1}\\)`);
}

describeNative('what cannot be compiled', () => {
  const before = { tensors: 0, bytes: 0 };
  beforeEach(() => {
    before.tensors = tf.memory().numTensors;
    before.bytes = tf.memory().numBytes;
  });
  afterEach(() => {
    expect(tf.getBackend()).toBe('native');
    expect(isRecording()).toBe(false);
    expect(tf.memory().numTensors).toBe(before.tensors);
    expect(tf.memory().numBytes).toBe(before.bytes);
    // Operations run as they are called again.
    expect(tf.tidy(() => tf.add(1, 2).dataSync()[0])).toBe(3);
  });

  it('a value that is read on the host', () => {
    let place = /x/;
    const message = messageOf(({ rows }) => {
      place = nextLine();
      const first = rows.y.dataSync()[0]!;
      return tf.mul(rows.x, first);
    });
    expect(message).toMatch(/^the program: a value is read on the host \(dataSync, arraySync/);
    expect(message).toMatch(place);
  });

  it('an operation that is not known', () => {
    let place = /x/;
    const message = messageOf(({ rows }) => {
      place = nextLine();
      return tf.topk(rows.x, 2).values;
    });
    expect(message).toMatch(/^the program: TopK: is not among the operations that can be compiled/);
    expect(message).toMatch(place);
  });

  it('an operation deep in other functions and in a gradient', () => {
    let place = /x/;
    const inner = (x: tf.Tensor): tf.Tensor =>
      tf.tidy(() => {
        place = nextLine();
        return tf.unique(x).values;
      });
    const message = messageOf(
      ({ rows }) =>
        tf.grads((y: tf.Tensor) => tf.sum(tf.tidy(() => tf.tidy(() => tf.mul(inner(y), y)))))([
          rows.y,
        ])[0]!,
    );
    expect(message).toMatch(/^the program: Unique: is not among/);
    expect(message).toMatch(place);
  });

  it('a tensor from outside', () => {
    const outside = tf.tensor1d([1, 2, 3]);
    let place = /x/;
    const message = messageOf(({ rows }) => {
      place = nextLine();
      return tf.mul(rows.x, outside);
    });
    expect(message).toMatch(
      /^the program: a tensor from outside of the function would be baked in/,
    );
    expect(message).toMatch(place);
    expect(messageOf(() => outside)).toMatch(/a tensor from outside/);
    outside.dispose();
  });

  it('a tensor from outside that is bound', () => {
    const outside = tf.tensor1d([1, 2, 3]);
    const given = makeGiven();
    const program = compile(
      ({ rows }: Given) => ({ result: tf.mul(rows.x, outside) as tf.Tensor }),
      { name: 'bound', captures: 'bind' },
    );
    const { result } = take(program(given));
    expect(Array.from(result!.values)).toEqual([0, 2, 6, 3, 8, 15, 6, 14, 24, 9, 20, 33]);
    tf.dispose([outside, given] as never);
  });

  it('batches of different sizes', () => {
    const given = makeGiven();
    given.rows.y.dispose();
    const odd: Given = { ...given, rows: { ...given.rows, y: tf.ones([3]) } };
    expect(messageOf(({ rows }) => rows.y, odd)).toMatch(
      /^the program: rows.*y.* has 3 rows where others have 4/,
    );
  });

  it.each<[string, RegExp, (given: Given) => tf.Tensor]>([
    ['a slice', /Slice: slicing along the batch/, ({ rows }) => tf.slice(rows.x, [0, 0], [2, 3])],
    ['unstacking', /Unpack: unstacking along the batch/, ({ rows }) => tf.unstack(rows.x)[0]!],
    [
      'concatenation',
      /Concat: concatenation along the batch/,
      ({ rows }) => tf.concat([rows.x, rows.x]),
    ],
    ['reversal', /Reverse: reversal along the batch/, ({ rows }) => tf.reverse(rows.x, 0)],
    ['repetition', /Tile: repetition along the batch/, ({ rows }) => tf.tile(rows.x, [2, 1])],
    [
      'padding',
      /PadV2: padding along the batch/,
      ({ rows }) =>
        tf.pad(rows.x, [
          [0, 1],
          [0, 0],
        ]),
    ],
    ['a running sum', /Cumsum: a running sum along the batch/, ({ rows }) => tf.cumsum(rows.y)],
    ['the place of the largest', /ArgMax: argMax over the batch/, ({ rows }) => tf.argMax(rows.y)],
    ['a softmax', /Softmax: a softmax along the batch/, ({ rows }) => tf.softmax(rows.y)],
    [
      'flattening',
      /Reshape: \[.*,3\] as \[.*\] mixes rows of the batch with columns/,
      ({ rows }) => tf.reshape(rows.x, [-1]),
    ],
    [
      'a product of all rows with all rows',
      /BatchMatMul: a product of rows with rows that does not sum over the batch/,
      ({ rows }) => tf.matMul(rows.x as tf.Tensor2D, rows.x as tf.Tensor2D, false, true),
    ],
    [
      'rows chosen by each row',
      /GatherV2: choosing rows by an index of each row along the batch/,
      ({ rows }) => tf.gather(rows.x, tf.cast(rows.y, 'int32')),
    ],
    [
      'a product of integers',
      /BatchMatMul: a product of int32 with int32: cast to float32/,
      ({ rows }) => tf.matMul(tf.cast(rows.x, 'int32'), tf.ones([3, 1], 'int32')),
    ],
    [
      'a sum of truth values',
      /Add: arithmetic of bool: cast to numbers first/,
      ({ rows }) => tf.add(tf.greater(rows.y, 1), tf.less(rows.y, 1)),
    ],
  ])('%s is named with its line', (_, pattern, compute) => {
    const message = messageOf(compute);
    expect(message).toMatch(pattern);
    expect(message).toMatch(/\(at .*errors\.test\.ts:\d+\)$/);
  });

  it.each<[string, RegExp, (given: Given) => tf.Tensor]>([
    [
      'a carry that changes its shape',
      /a carry of shape \[\] float32 becomes \[3\] float32/,
      ({ parameters }) =>
        scan((x: tf.Tensor) => ({ carry: tf.add(x, parameters.a), output: {} }), tf.scalar(1), 3)
          .carry,
    ],
    [
      'a carry that changes its type',
      /a carry of shape \[\] int32 becomes \[\] float32/,
      () =>
        scan(
          (x: tf.Tensor) => ({ carry: tf.cast(x, 'float32') as tf.Tensor, output: {} }),
          tf.scalar(1, 'int32') as tf.Tensor,
          3,
        ).carry,
    ],
    [
      'inputs of another number of steps',
      /an input of shape \[3\] for 4 steps/,
      ({ parameters }) =>
        scan(
          (x: tf.Tensor, _, a: tf.Tensor) => ({ carry: tf.add(x, a), output: {} }),
          tf.scalar(1) as tf.Tensor,
          4,
          {
            inputs: parameters.a,
          },
        ).carry,
    ],
    [
      'a condition for each row',
      /iterate goes on while one number holds, not one a row/,
      ({ rows }) =>
        iterate(
          (x) => tf.mul(x, 0.5),
          rows.y,
          5,
          (x) => tf.greater(x, 1),
        ),
    ],
  ])('%s', (_, pattern, compute) => {
    expect(messageOf(compute)).toMatch(pattern);
  });

  it('an error of the function itself comes out as it is', () => {
    const given = makeGiven();
    const program = compile(
      (): { result: tf.Tensor } => {
        tf.ones([3]);
        throw new RangeError('mine');
      },
      { name: 'throws' },
    );
    expect(() => program(given as never)).toThrow(new RangeError('mine'));
    tf.dispose(given as never);
  });

  it('runs eagerly where that is asked for, and says so once', () => {
    const warn = jest.spyOn(console, 'warn').mockImplementation(() => {});
    const given = makeGiven();
    const program = compile(
      ({ rows }: Given) => ({ top: tf.topk(rows.x, 2).values as tf.Tensor }),
      {
        name: 'top two',
        fallback: 'eager',
      },
    );
    for (let call = 0; call < 3; call += 1) {
      expect(Array.from(take(program(given))['top']!.values)).toEqual([2, 1, 5, 4, 8, 7, 11, 10]);
    }
    expect(warn.mock.calls.map(([text]) => text)).toEqual([
      expect.stringMatching(/^top two runs eagerly: TopK: is not among the operations/),
    ]);
    warn.mockRestore();
    tf.dispose(given as never);
  });
});

describeNative('compiled functions', () => {
  it('that depend on the batch size in a way of their own are recorded for each size', () => {
    const sizes: number[] = [];
    const program = compile(
      ({ rows }: Pick<Given, 'rows'>) => {
        const batch = rows.y.shape[0]!;
        sizes.push(batch);
        return { result: tf.mul(rows.y, Math.log(batch)) as tf.Tensor };
      },
      { name: 'logarithm of B' },
    );
    const run = (batch: number): void => {
      const { rows, parameters } = makeGiven(batch);
      const { result } = take(program({ rows }));
      const expected = Array.from({ length: batch }, (_, row) => (row + 1) * Math.log(batch));
      expected.forEach((value, row) => expect(result!.values[row]).toBeCloseTo(value, 4));
      tf.dispose([rows, parameters] as never);
    };
    run(7);
    run(5);
    run(1);
    expect(sizes).toContain(7);
    const recorded = sizes.length;
    run(7);
    run(5);
    expect(sizes).toHaveLength(recorded);
  });

  it('that do something else for many rows than for few are recorded for each size', () => {
    const program = compile(
      ({ rows }: Pick<Given, 'rows'>) => ({
        result: (rows.y.shape[0]! > 1000 ? tf.neg(rows.y) : tf.mul(rows.y, 2)) as tf.Tensor,
      }),
      { name: 'by size' },
    );
    for (const [batch, sign] of [
      [3, 2],
      [2000, -1],
      [3000, -1],
      [4, 2],
    ] as const) {
      const { rows, parameters } = makeGiven(batch);
      const { result } = take(program({ rows }));
      expect(result!.values[batch - 1]).toBe(sign * batch);
      tf.dispose([rows, parameters] as never);
    }
  });

  it('take the batch size, its inverse and multiples of both as numbers', () => {
    let recorded = 0;
    const program = compile(
      ({ rows }: Pick<Given, 'rows'>) => {
        recorded += 1;
        const batch = rows.y.shape[0]!;
        return {
          half: tf.mul(rows.y, batch / 2) as tf.Tensor,
          share: tf.div(rows.y, batch) as tf.Tensor,
          third: tf.mul(rows.y, 0.1 / batch) as tf.Tensor,
          whole: tf.add(tf.cast(rows.y, 'int32'), tf.scalar(3 * batch, 'int32')) as tf.Tensor,
        };
      },
      { name: 'numbers of B' },
    );
    for (const batch of [1, 6, 1000]) {
      const { rows, parameters } = makeGiven(batch);
      const result = take(program({ rows }));
      const last = batch - 1;
      expect(result['half']!.values[last]).toBeCloseTo((batch * batch) / 2, 2);
      expect(result['share']!.values[last]).toBeCloseTo(1, 6);
      expect(result['third']!.values[last]).toBeCloseTo(0.1, 6);
      expect(result['whole']!.values[last]).toBe(4 * batch);
      tf.dispose([rows, parameters] as never);
    }
    expect(recorded).toBe(2);
  });

  it('record anew for another shape, and only then', () => {
    let recorded = 0;
    const program = compile(
      ({ rows, parameters }: { rows: { x: tf.Tensor }; parameters: { a: tf.Tensor } }) => {
        recorded += 1;
        return { result: tf.mul(rows.x, parameters.a) as tf.Tensor };
      },
      { name: 'shapes' },
    );
    const run = (columns: number): number => {
      const given = {
        rows: { x: tf.ones([2, columns]) },
        parameters: { a: tf.range(1, columns + 1) },
      };
      const { result } = take(program(given));
      tf.dispose(given as never);
      return result!.values[2 * columns - 1]!;
    };
    expect([run(3), run(5), run(3), run(5)]).toEqual([3, 5, 3, 5]);
    expect(recorded).toBe(4);
  });

  it('know their arguments by name, in whatever order they come', () => {
    const program = compile(
      ({ rows }: { rows: { a: tf.Tensor; b: tf.Tensor } }) => ({
        result: tf.sub(rows.a, rows.b) as tf.Tensor,
      }),
      { name: 'order' },
    );
    const [a, b] = [tf.tensor1d([5, 6]), tf.tensor1d([1, 1])];
    expect(Array.from(take(program({ rows: { a, b } }))['result']!.values)).toEqual([4, 5]);
    expect(Array.from(take(program({ rows: { b, a } }))['result']!.values)).toEqual([4, 5]);
    tf.dispose([a, b]);
  });

  it('call other compiled functions as a part of themselves', () => {
    let inner = 0;
    const square = compile(
      ({ rows }: { rows: { x: tf.Tensor } }) => {
        inner += 1;
        return { squared: tf.square(rows.x) as tf.Tensor };
      },
      { name: 'square' },
    );
    const program = compile(
      ({ rows }: Pick<Given, 'rows'>) => {
        const { squared } = square({ rows: { x: rows.y } });
        return { result: tf.add(squared, rows.y) as tf.Tensor };
      },
      { name: 'outer' },
    );
    const { rows, parameters } = makeGiven();
    expect(Array.from(take(program({ rows }))['result']!.values)).toEqual([2, 6, 12, 20]);
    // Twice while the outer one was recorded, and not at all when it runs.
    expect(inner).toBe(2);
    expect(Array.from(take(square({ rows: { x: rows.y } }))['squared']!.values)).toEqual([
      1, 4, 9, 16,
    ]);
    tf.dispose([rows, parameters] as never);
  });

  it('return trees of tensors of any structure, each a tensor of its own', () => {
    const given = makeGiven();
    const program = compile(
      ({ rows, parameters }: Given) => ({
        deep: [{ x: rows.x }, [parameters.a, rows.x]] as const,
        none: {},
      }),
      { name: 'tree' },
    );
    const before = tf.memory().numTensors;
    const { deep, none } = program(given);
    expect(none).toEqual({});
    expect(deep[1][0]!.shape).toEqual([3]);
    expect(tf.memory().numTensors).toBe(before + 3);
    deep[0].x.dispose();
    expect(deep[1][1]!.shape).toEqual([4, 3]);
    expect(deep[1][1]!.dataSync()[11]).toBe(11);
    tf.dispose([deep, given] as never);
    expect(tf.memory().numTensors).toBe(before - 3);
  });

  it('read tensors that were made on another backend, parts of others, and of other types inside', () => {
    const program = compile(
      ({ rows }: { rows: { x: tf.Tensor; choice: tf.Tensor } }) => ({
        result: tf.mul(rows.x, tf.cast(rows.choice, 'float32')) as tf.Tensor,
      }),
      { name: 'places' },
    );
    void tf.setBackend('cpu');
    const elsewhere = tf.tensor1d([1, 2, 3, 4, 5, 6]);
    void tf.setBackend('native');
    // A view into the numbers of another, and integers that are stored as floats.
    const part = tf.slice(elsewhere, [1], [3]);
    const choice = tf.sum(tf.oneHot(tf.tensor1d([0, 1, 1], 'int32'), 2), 1);
    const integers = tf.cast(tf.tensor1d([7, 8, 9], 'int32'), 'float32');
    const run = (x: tf.Tensor): number[] =>
      Array.from(take(program({ rows: { x, choice } }))['result']!.values);
    expect(run(part)).toEqual([2, 3, 4]);
    expect(run(integers)).toEqual([7, 8, 9]);
    tf.dispose([elsewhere, part, choice, integers]);
  });

  it('are looked through and compiled ahead of the work', async () => {
    const program = compile(
      ({ rows }: Pick<Given, 'rows'>) => ({ result: tf.add(tf.exp(rows.y), 1) as tf.Tensor }),
      { name: 'ahead' },
    );
    const { rows, parameters } = makeGiven();
    const work = (): number[] => Array.from(take(program({ rows }))['result']!.values);
    let ahead: number[] = [];
    await prepare(() => {
      ahead = work();
    });
    expect(ahead).toEqual([0, 0, 0, 0]);
    work().forEach((value, row) => expect(value).toBeCloseTo(Math.exp(row + 1) + 1, 4));
    await expect(
      prepare(() => {
        throw new RangeError('mine');
      }),
    ).rejects.toThrow('mine');
    expect(work()[0]).toBeGreaterThan(3);
    tf.dispose([rows, parameters] as never);
  });

  it('take an empty batch', () => {
    const program = compile(
      ({ rows }: Pick<Given, 'rows'>) => ({
        rows: tf.mul(rows.x, 2) as tf.Tensor,
        sum: tf.sum(rows.x, 0) as tf.Tensor,
      }),
      { name: 'empty' },
    );
    const rows = { x: tf.zeros([0, 3]), y: tf.zeros([0]) };
    const result = take(program({ rows }));
    expect(result['rows']!.shape).toEqual([0, 3]);
    expect(Array.from(result['sum']!.values)).toEqual([0, 0, 0]);
    tf.dispose(rows);
  });
});
