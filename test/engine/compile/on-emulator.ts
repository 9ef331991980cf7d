import { startDevice } from '../../../engine/device';
import type * as CompareModule from './compare';
import { describeEmulated, emulate } from '../cuda/emulate';

type Compare = typeof CompareModule;

/** The module ./compare with device cuda on the emulator in place of device native, and smaller sizes. */
export function onEmulator(sizes: readonly number[]): Compare {
  const actual = jest.requireActual<Compare>('./compare');
  return {
    ...actual,
    describeNative: (title, tests) =>
      describeEmulated(`${title} on device cuda`, () => {
        beforeAll(async () => {
          emulate();
          process.env['MAKERTAKER_CUDA_EXACT_MEMORY'] = '1';
          await startDevice('cuda');
        });
        tests();
      }),
    expectCases: (name, cases, make, options = {}) =>
      actual.expectCases(name, cases, make, { ...options, sizes }),
  };
}
