import type { BenchmarkReport } from '../../bench/report';
import { formatBenchmark } from '../../scripts/format-benchmark';

const report: BenchmarkReport = {
  version: '0.1.0',
  date: '2026-01-01T00:00:00.000Z',
  machine: { cpu: 'A CPU', cores: 2, memoryGiB: 24, platform: 'linux x64', node: 'v20.0.0' },
  loadBefore: 0.1,
  devices: [
    {
      name: 'wasm',
      version: '4.22.0',
      description: 'one thread',
      peakMemoryMiB: 1234,
      figures: [
        {
          ...{ name: 'fisherProduct', unit: 'ms', batch: 32768 },
          ...{ median: 150, min: 140, max: 170, runs: 7, load: 1 },
        },
        {
          ...{ name: 'trpoUpdate', unit: 'ms', batch: 32768 },
          skipped: 'one run would take about 99 s',
        },
      ],
    },
  ],
  missing: [{ name: 'tensorflow', reason: 'not installed' }],
  peers: [
    {
      ...{ peer: 'torch 2', form: 'gauss-newton', threads: 1, batch: 32768 },
      ...{ fisherProduct: 50, trpoUpdate: 600 },
    },
  ],
};

it('shows every figure, what was skipped and what is missing, and multiples of the peers', () => {
  expect(formatBenchmark(report).split('\n')).toEqual([
    'A CPU, 2 cores, 24 GiB, linux x64, Node v20.0.0; load before 0.1',
    '',
    'wasm 4.22.0: one thread; peak memory of the process 1,234 MiB',
    'figure                              rows   median  unit  range                          runs  load',
    'Fisher-vector product, 4→64→64→2  32,768      150  ms    140…170                           7   1.0',
    'TRPO update, 4→64→64→2            32,768  skipped  ms    one run would take about 99 s',
    '',
    'tensorflow is missing: not installed',
    '',
    'figure                            peer                              ms  wasm takes',
    'Fisher-vector product, 4→64→64→2  torch 2, gauss-newton, 1 thread   50       3.00×',
    'TRPO update, 4→64→64→2            torch 2, gauss-newton, 1 thread  600',
  ]);
});
