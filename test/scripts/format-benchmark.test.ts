import type { PeerFigure } from '../../bench/measure-peers';
import type { BenchmarkReport } from '../../bench/report';
import { formatBenchmark } from '../../scripts/format-benchmark';

const slowPeer: PeerFigure = {
  ...{ peer: 'torch 2', name: 'fisherProduct', form: 'gauss-newton', threads: 1, device: 'cpu' },
  ...{ batch: 32768, unit: 'ms', value: 50, min: 49, max: 52, runs: 7, load: 2 },
};
const bestPeer: PeerFigure = {
  ...slowPeer,
  peer: 'jax 1',
  form: 'in blocks',
  threads: 2,
  value: 25,
};

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
  peers: [slowPeer, bestPeer, { ...slowPeer, form: 'slower', value: 60 }],
  skippedPeers: [{ name: 'market_making_jax.py', reason: 'no jax' }],
  comparisons: [
    { device: 'wasm', name: 'fisherProduct', batch: 32768, best: bestPeer, speed: 0.16666 },
  ],
};

it('shows every figure, what was skipped and what is missing, and the peers', () => {
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
    'figure                              rows  reference                        median  unit  wasm is',
    'Fisher-vector product, 4→64→64→2  32,768  jax 1, in blocks, 2 threads          25  ms     0.167×',
    'Fisher-vector product, 4→64→64→2  32,768  torch 2, gauss-newton, 1 thread      50  ms     0.333×',
    '',
    'market_making_jax.py is skipped: no jax',
    '',
    'Fisher-vector product, 4→64→64→2, 32,768 rows: wasm is 0.167× as fast as the best reference, jax 1, in blocks, 2 threads: 25 ms',
  ]);
});
