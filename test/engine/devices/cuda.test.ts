import * as tf from '@tensorflow/tfjs';

import type * as CudaDevice from '../../../engine/devices/cuda';
import type { CudaBackend } from '../../../engine/devices/cuda-backend';
import { startDevice } from '../../../engine/device';
import {
  makeKey,
  normals,
  permuteRows,
  phases,
  randomInteger,
  uniforms,
} from '../../../engine/random';
import { disposeTree } from '../../../engine/tensors';
import { difference, onCpu, type Plain, take } from '../compile/compare';
import { describeEmulated, emulate } from '../cuda/emulate';

const backend = (): CudaBackend => tf.backend() as CudaBackend;

/** The same on device cuda and on device cpu. */
function expectAgreement(compute: () => tf.Tensor | tf.Tensor[], tolerance = 5e-6): void {
  const run = (): Plain[] => {
    const made = tf.tidy(compute) as tf.Tensor | tf.Tensor[];
    const list = Array.isArray(made) ? made : [made];
    return Object.values(take(Object.fromEntries(list.entries())));
  };
  const actual = run();
  const expected = onCpu(run);
  const differences = expected.map((one, place) =>
    difference(actual[place]!, one, { relative: tolerance, scale: 1 }),
  );
  expect(differences).toEqual(expected.map(() => null));
}

const matrix = (rows: number, columns: number): tf.Tensor2D =>
  tf.tensor2d(
    Float32Array.from({ length: rows * columns }, (_, place) => Math.sin(1.7 * place) * 2),
    [rows, columns],
  );
const list = (...values: number[]): tf.Tensor1D => tf.tensor1d(values);
const integers = (...values: number[]): tf.Tensor1D => tf.tensor1d(values, 'int32');

describeEmulated('device cuda', () => {
  beforeAll(async () => {
    emulate();
    process.env['MAKERTAKER_CUDA_EXACT_MEMORY'] = '1';
    await startDevice('cuda');
  });

  it('says what it is', async () => {
    const started = await startDevice('cuda');
    expect(started).toMatchObject({ name: 'cuda', whyNotBetter: [] });
    expect(started.description).toBe('programs on Emulated GPU, compute capability 9.0, 1 GiB');
    expect(tf.getBackend()).toBe('cuda');
  });

  it.each([
    ['float32', [1.5, -0, NaN, Infinity]],
    ['int32', [1, -5, 2147483647, 0]],
    ['bool', [1, 0, 1, 1]],
  ] as const)('keeps %s as it came', async (dtype, values) => {
    const tensor = tf.tensor1d([...values], dtype);
    expect(Array.from(tensor.dataSync())).toEqual(values);
    expect(Array.from(await tensor.data())).toEqual(values);
    tensor.dispose();
  });

  it('keeps scalars and tensors without numbers', () => {
    expect(tf.scalar(7).dataSync()[0]).toBe(7);
    expect(tf.tensor2d([], [0, 3]).dataSync()).toHaveLength(0);
    expect(tf.concat([tf.zeros([0, 2]), tf.ones([1, 2])]).arraySync()).toEqual([[1, 1]]);
  });

  it('has no tensors of text', () => {
    expect(() => tf.tensor1d(['a'])).toThrow('device cuda has no tensors of type string');
  });

  it.each<[string, () => tf.Tensor | tf.Tensor[]]>([
    ['sums and products', () => tf.mul(tf.add(matrix(5, 3), list(1, 2, 3)), 0.5)],
    ['rows as many as columns', () => tf.sub(matrix(3, 3), list(1, 2, 3))],
    ['functions', () => tf.tanh(tf.exp(tf.sin(matrix(4, 2))))],
    ['comparisons', () => tf.where(tf.greater(matrix(4, 2), 0), matrix(4, 2), 0)],
    ['int32', () => tf.floorDiv(integers(7, -7, 5), integers(2, 2, -3))],
    [
      'casts',
      () => [
        tf.cast(matrix(3, 2), 'int32'),
        tf.cast(list(0, 2), 'bool'),
        tf.cast(integers(3), 'float32'),
      ],
    ],
    [
      'sums along each axis',
      () => [tf.sum(matrix(5, 4)), tf.sum(matrix(5, 4), 0), tf.mean(matrix(5, 4), 1)],
    ],
    [
      'maxima and where they are',
      () => [tf.max(matrix(5, 4), 1), tf.argMax(matrix(5, 4), 1), tf.min(matrix(5, 4), 0)],
    ],
    ['where a maximum is along the rows', () => tf.argMax(matrix(5, 4), 0)],
    ['products of matrices', () => tf.matMul(matrix(6, 3), matrix(3, 5))],
    ['products of square matrices', () => tf.matMul(matrix(4, 4), matrix(4, 4))],
    ['products, left transposed', () => tf.matMul(matrix(6, 3), matrix(6, 5), true)],
    ['products, right transposed', () => tf.matMul(matrix(6, 3), matrix(5, 3), false, true)],
    ['products, both transposed', () => tf.matMul(matrix(3, 6), matrix(5, 3), true, true)],
    ['softmax and sums that run', () => [tf.softmax(matrix(3, 4)), tf.cumsum(matrix(3, 4), 1)]],
    ['sums that run along the rows', () => tf.cumsum(matrix(3, 4), 0)],
    [
      'slices',
      () => [tf.slice(matrix(5, 4), [1, 0], [2, 4]), tf.slice(matrix(5, 4), [1, 1], [3, 2])],
    ],
    [
      'joins',
      () => [tf.concat([matrix(2, 3), matrix(1, 3)]), tf.concat([matrix(2, 3), matrix(2, 1)], 1)],
    ],
    ['stacks', () => [tf.stack([list(1, 2), list(3, 4)]), tf.stack([list(1, 2), list(3, 4)], 1)]],
    [
      'their parts',
      () => [
        ...tf.unstack(matrix(3, 2)),
        ...tf.unstack(matrix(3, 2), 1),
        ...tf.split(matrix(4, 2), 2),
      ],
    ],
    [
      'transpositions',
      () => [tf.transpose(matrix(4, 3)), tf.reverse(matrix(4, 3), 0), tf.reverse(matrix(4, 3), 1)],
    ],
    [
      'repetition',
      () => [
        tf.tile(matrix(2, 3), [2, 1]),
        tf.tile(matrix(2, 3), [1, 2]),
        tf.broadcastTo(list(1, 2), [3, 2]),
      ],
    ],
    [
      'margins',
      () =>
        tf.pad(
          matrix(2, 3),
          [
            [1, 0],
            [0, 2],
          ],
          9,
        ),
    ],
    [
      'entries by number',
      () => [
        tf.gather(matrix(5, 3), integers(4, 0, 4)),
        tf.gather(matrix(5, 3), integers(2, 0), 1),
      ],
    ],
    ['one of many', () => tf.oneHot(integers(2, 0, 1), 4)],
    [
      'numbers in a row',
      () => [tf.range(0, 5), tf.zeros([2, 2]), tf.ones([3]), tf.fill([2], 7), tf.eye(3)],
    ],
    [
      'other shapes',
      () => [
        tf.reshape(matrix(4, 3), [2, 6]),
        tf.expandDims(list(1, 2), 1),
        tf.squeeze(matrix(3, 1)),
      ],
    ],
    ['steps of one', () => tf.step(matrix(3, 2))],
  ])('%s', (_, compute) => {
    expectAgreement(compute);
  });

  it('gradients', () => {
    expectAgreement(() => {
      const loss = (w: tf.Tensor): tf.Scalar =>
        tf.mean(tf.square(tf.tanh(tf.matMul(matrix(7, 3), w as tf.Tensor2D))));
      return tf.grad(loss)(matrix(3, 4));
    });
  });

  it('random numbers, to the bit', () => {
    expectAgreement(() => {
      const key = makeKey({ seed: 11, phase: phases.test, rows: 5, step: 3 });
      const three = makeKey({ seed: 11, phase: phases.test, rows: 3 });
      return [
        normals(key, 0, 3),
        uniforms(three, 1, 2),
        randomInteger(key, 2, 100),
        permuteRows(key, 3, 77),
      ];
    }, 0);
  });

  it('compiles a program once for any number of rows', () => {
    const load = jest.spyOn(backend(), 'loadProgram');
    for (const rows of [3, 50, 4]) tf.tidy(() => tf.logSigmoid(matrix(rows, 2)).dataSync());
    const programs = load.mock.calls.map(([name]) => name);
    expect(new Set(programs).size).toBe(programs.length);
    load.mockRestore();
  });

  it('runs what cannot be compiled on the CPU, and says so once', () => {
    const warn = jest.spyOn(console, 'warn').mockImplementation(() => {});
    const top = () => tf.topk(list(3, 1, 2), 2);
    for (let count = 0; count < 2; count += 1) {
      const { values, indices } = top();
      expect([values.arraySync(), indices.arraySync()]).toEqual([
        [3, 2],
        [0, 2],
      ]);
      disposeTree([values, indices]);
    }
    expect(warn.mock.calls).toEqual([
      [expect.stringMatching(/^cuda: TopK runs on the CPU, its tensors copied there and back: /)],
    ]);
    warn.mockRestore();
  });

  it('shares numbers between shapes, and frees them with the last of them', () => {
    const { pool } = backend().runtime;
    const before = pool.statistics().bytesInUse;
    const tensors = tf.memory().numDataBuffers;
    const x = matrix(4, 4);
    const used = pool.statistics().bytesInUse - before;
    const y = tf.reshape(x, [16]);
    const z = tf.clone(y);
    expect(pool.statistics().bytesInUse - before).toBe(used);
    x.dispose();
    y.dispose();
    expect(z.dataSync()[3]).toBeCloseTo(2 * Math.sin(5.1));
    z.dispose();
    expect(pool.statistics().bytesInUse).toBe(before);
    expect(tf.memory().numDataBuffers).toBe(tensors);
  });

  it('frees what kernels need between, and what they fall back with', () => {
    const { pool } = backend().runtime;
    const cpu = tf.findBackend('cpu');
    const before = [pool.statistics().bytesInUse, cpu.numDataIds()];
    jest.spyOn(console, 'warn').mockImplementationOnce(() => {});
    tf.tidy(() => {
      tf.softmax(matrix(3, 4));
      tf.topk(list(3, 1, 2), 1);
    });
    expect([pool.statistics().bytesInUse, cpu.numDataIds()]).toEqual(before);
  });

  it('reads numbers that were let go while the device was waited for', async () => {
    const x = matrix(2, 2);
    const reading = x.data();
    x.dispose();
    const other = tf.fill([2, 2], -1);
    expect((await reading)[1]).toBeCloseTo(2 * Math.sin(1.7));
    other.dispose();
  });

  it('takes tensors of another device, and gives its own', async () => {
    await tf.setBackend('cpu');
    const x = list(1, 2, 3);
    await tf.setBackend('cuda');
    const y = tf.add(x, 1);
    await tf.setBackend('cpu');
    expect(tf.mul(y, 2).arraySync()).toEqual([4, 6, 8]);
    await tf.setBackend('cuda');
    expect(y.arraySync()).toEqual([2, 3, 4]);
    disposeTree([x, y]);
  });

  it('knows its memory and its time', async () => {
    expect(tf.memory()).toMatchObject({ unreliable: false, numBytesInGPU: expect.any(Number) });
    const { kernelMs } = await tf.time(() => tf.tidy(() => tf.square(matrix(3, 3))));
    expect(kernelMs).toBeGreaterThan(0);
  });
});

describe('device cuda without a GPU', () => {
  const variables = ['MAKERTAKER_LIBCUDA', 'MAKERTAKER_NVRTC'] as const;
  const before = variables.map((name) => process.env[name]);
  afterEach(() => {
    variables.forEach((name, index) => {
      if (before[index] === undefined) delete process.env[name];
      else process.env[name] = before[index];
    });
  });

  const probe = async (environment: Partial<Record<(typeof variables)[number], string>>) => {
    Object.assign(process.env, environment);
    let reason = '';
    await jest.isolateModulesAsync(async () => {
      const { cuda } = jest.requireActual<typeof CudaDevice>('../../../engine/devices/cuda');
      const probed = await cuda.probe();
      reason = probed.available ? 'available' : probed.reason;
    });
    return reason;
  };

  it('names the driver that is missing', async () => {
    expect(await probe({ MAKERTAKER_LIBCUDA: '/no/libcuda.so' })).toBe(
      'MAKERTAKER_LIBCUDA: /no/libcuda.so does not load',
    );
  });

  it('names the compiler that is missing', async () => {
    const emulator = emulate();
    if (!emulator) return;
    expect(
      await probe({ MAKERTAKER_LIBCUDA: emulator.libcuda, MAKERTAKER_NVRTC: '/no/libnvrtc.so' }),
    ).toBe('MAKERTAKER_NVRTC: /no/libnvrtc.so does not load');
  });
});
