import { printCuda } from '../../../engine/compile/emit/cuda-program';
import type { Schedule } from '../../../engine/compile/schedule';
import { openNvrtc } from '../../../engine/cuda/nvrtc';
import { catchSchedules, targets } from './catch-schedules';

/** The real NVRTC, not the emulator. */
const nvrtcFor = (capability: readonly [number, number]) => {
  const { nvrtc } = openNvrtc({ computeCapability: capability, driverVersion: [99, 0] }) as {
    nvrtc?: Extract<ReturnType<typeof openNvrtc>, { nvrtc: object }>['nvrtc'];
  };
  return nvrtc && nvrtc.version[0] < 99 ? nvrtc : null;
};

const describeNvrtc = nvrtcFor([9, 0]) ? describe : describe.skip;

describeNvrtc(`NVRTC${nvrtcFor([9, 0]) ? '' : ' (skipped: it is not installed)'}`, () => {
  let schedules: Map<string, Schedule>;
  beforeAll(async () => {
    schedules = await catchSchedules(/random|advantages|64 × 64|128|rollout|Adam/);
  });

  it.each([
    ['random numbers', 'sm_80'],
    ['advantages', 'sm_80'],
    ['rollout of market-making', 'sm_80'],
    ['Fisher-vector product, 64 × 64', 'sm_80'],
    ['Fisher-vector product, 128 × 128', 'sm_90'],
    ['rollout of cartpole', 'sm_90'],
    ['TRPO update, 64 × 64', 'sm_90'],
    ['Adam on minibatches', 'sm_90'],
  ] as const)('compiles the program %s for %s', (name, architecture) => {
    const nvrtc = nvrtcFor(architecture === 'sm_80' ? [8, 0] : [9, 0])!;
    const { source } = printCuda(schedules.get(name)!, targets[architecture]);
    const image = nvrtc.compile(source, { name: 'program', fmad: false });
    expect(Buffer.from(image.subarray(1, 4)).toString()).toBe('ELF');
  });
});
