import * as tf from '@tensorflow/tfjs';

import { parityProgram } from '../../../bench/parity';
import { parityCases } from '../../../bench/parity-cases';
import { compile } from '../../../engine/compile/compile';
import type { Tuning } from '../../../engine/compile/emit/cuda-tile';
import type { CudaBackend } from '../../../engine/devices/cuda-backend';
import { startDevice } from '../../../engine/device';
import { describeEmulated, emulate } from '../cuda/emulate';

const cases = parityCases();
const caseOf = (name: string) => cases.find((one) => one.name === name)!;
const fisher = 'Fisher-vector product, 64 × 64';

describeEmulated('tiles of every kind give the same on device cuda:', () => {
  let backend: CudaBackend;
  beforeAll(async () => {
    emulate();
    process.env['MAKERTAKER_CUDA_EXACT_MEMORY'] = '1';
    await startDevice('cuda');
    backend = tf.backend() as CudaBackend;
  });

  const expectAgreement = async (name: string, tuning: Tuning): Promise<void> => {
    const before = backend.tuning;
    backend.tuning = tuning;
    try {
      const { difference, tolerance } = await parityProgram(caseOf(name)).compare(150);
      expect(difference).toBeLessThanOrEqual(tolerance);
    } finally {
      backend.tuning = before;
    }
  };

  it.each<[Tuning]>([
    [{ rowsPerTile: 64 }],
    [{ rowsPerTile: 64, threads: 256 }],
    [{ rowsPerTile: 128, threads: 256 }],
    [{ rowsPerTile: 64, stageWeights: true }],
    [{ stageWeights: false }],
  ])('a product with %j', (tuning) => expectAgreement(fisher, tuning));

  it('a rollout with tiles of 64 rows and weights in the cache', () =>
    expectAgreement('rollout of market-making', { rowsPerTile: 64, stageWeights: false }));

  it('a product with tiles in global memory', async () => {
    const { device } = backend.runtime.driver;
    const { maximumSharedBytesPerBlock } = device;
    Object.assign(device, { maximumSharedBytesPerBlock: 34 * 1024 });
    try {
      await expectAgreement(fisher, {});
    } finally {
      Object.assign(device, { maximumSharedBytesPerBlock });
    }
  });

  it('sums have the same bits whatever the number of multiprocessors', () => {
    const { device } = backend.runtime.driver;
    const { multiprocessors } = device;
    const { make, compute } = caseOf(fisher);
    const given = make(900);
    const results: number[][] = [];
    for (const count of [1, 4, 132]) {
      Object.assign(device, { multiprocessors: count });
      const program = compile((one: typeof given) => compute(one), { name: 'product' });
      const result = program(given) as tf.Tensor;
      results.push([...result.dataSync()]);
    }
    Object.assign(device, { multiprocessors });
    expect(results[1]).toEqual(results[0]);
    expect(results[2]).toEqual(results[0]);
  });
});
