import { type ParityCase, parityProgram } from '../../../bench/parity';
import { parityCases } from '../../../bench/parity-cases';
import { startDevice } from '../../../engine/device';
import { describeEmulated, emulate } from '../cuda/emulate';

/** Rows that fill no tile, and rows that fill several and part of one. */
const sizes = [1, 7, 300];

/** Environments whose steps take the emulator half a minute: `npm run test:gpu` compares them. */
const slow = /basket-execution|trade-sequencing|limit-order-book/;

const cases = parityCases().filter(({ name }) => !slow.test(name));
/** Wide networks take their time on the emulator. */
const sizesOf = ({ name }: ParityCase): number[] =>
  /256/.test(name) ? [7] : /128|TRPO/.test(name) ? [7, 300] : sizes;

describeEmulated('programs on device cuda agree with operations on device cpu:', () => {
  beforeAll(async () => {
    emulate();
    process.env['MAKERTAKER_CUDA_EXACT_MEMORY'] = '1';
    await startDevice('cuda');
  });

  it.each(cases.map((one) => [one.name, one] as const))('%s', async (_, one) => {
    const program = parityProgram(one);
    for (const rows of sizesOf(one)) {
      const { difference, tolerance } = await program.compare(rows);
      expect(difference).toBeLessThanOrEqual(tolerance);
    }
  });
});
