import type { GpuFigure } from '../../bench/gpu-figures';
import { compareGpuPeers } from '../../bench/gpu-peers';
import type { PeerFigure } from '../../bench/measure-peers';

const figure = (
  peer: GpuFigure['peer'],
  batch: number,
  unit: GpuFigure['unit'],
  value: number,
): GpuFigure => ({
  ...{ name: String(peer), batch, steps: null, unit, peer, value },
  seconds: { median: 1, min: 1, max: 1, runs: 1 },
  ...{ flopPerSecond: null, flopShare: null, bytesPerSecond: 0, bytesShare: 0 },
});

const reference = (
  name: PeerFigure['name'],
  form: string,
  batch: number,
  unit: string,
  value: number,
): PeerFigure => ({
  ...{ peer: 'jax 1', name, form, threads: 1, device: 'a GPU', batch, unit, value },
  ...{ min: value, max: value, runs: 1, load: 0 },
});

it('compares every figure with the fastest form of the same work and size', () => {
  const figures = [
    figure('fisherProduct', 32_768, 'ms', 0.1),
    figure('policySteps', 16_384, 'steps/s', 2e9),
    figure('policySteps', 65_536, 'steps/s', 3e9),
    figure(null, 256, 'samples/s', 1e7),
  ];
  const peers = [
    reference('fisherProduct', 'slow', 32_768, 'ms', 0.4),
    reference('fisherProduct', 'fast', 32_768, 'ms', 0.2),
    reference('fisherProduct', 'other size', 262_144, 'ms', 0.01),
    reference('policySteps', 'slow', 16_384, 'environment steps/s', 1e8),
    reference('policySteps', 'fast', 16_384, 'environment steps/s', 5e8),
  ];
  const found = compareGpuPeers(figures, peers);
  expect(found.map(({ figure: { name }, best, speed }) => [name, best.form, speed])).toEqual([
    ['fisherProduct', 'fast', 2],
    ['policySteps', 'fast', 4],
  ]);
});
