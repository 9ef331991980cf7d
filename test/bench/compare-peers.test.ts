import { bestForms, comparePeers, speedBeside } from '../../bench/compare-peers';
import type { Figure } from '../../bench/measure-device';
import type { PeerFigure } from '../../bench/measure-peers';

const peer = (figure: Partial<PeerFigure>): PeerFigure => ({
  ...{ peer: 'jax 1', name: 'fisherProduct', form: 'a form', threads: 2, device: 'cpu' },
  ...{ batch: 32768, unit: 'ms', value: 1, min: 1, max: 1, runs: 1, load: 2 },
  ...figure,
});
const product: Figure = {
  ...{ name: 'fisherProduct', unit: 'ms', batch: 32768 },
  ...{ median: 10, min: 9, max: 11, runs: 7, load: 1 },
};
const steps: Figure = {
  ...{ name: 'policySteps', unit: 'environment steps/s', batch: 16384 },
  ...{ median: 12e6, min: 1, max: 1, runs: 7, load: 1 },
};

it('tells how many times as fast a device is, in times and in rates', () => {
  expect(speedBeside(peer({ value: 25 }), product)).toBe(2.5);
  const rate = { name: 'policySteps', batch: 16384, unit: 'environment steps/s' } as const;
  expect(speedBeside(peer({ ...rate, value: 4e6 }), steps)).toBe(3);
});

it('compares nothing of another size, of another name or not measured', () => {
  expect(speedBeside(peer({ batch: 512 }), product)).toBeNull();
  expect(speedBeside(peer({ name: 'trpoUpdate' }), product)).toBeNull();
  const skipped = { name: 'fisherProduct', unit: 'ms', batch: 32768, skipped: 'too long' } as const;
  expect(speedBeside(peer({}), skipped)).toBeNull();
});

it('compares each figure of each device with the best reference', () => {
  const slow = peer({ value: 30 });
  const best = peer({ value: 15, form: 'a better form' });
  const elsewhere = peer({ value: 1, batch: 512 });
  const rate = { name: 'policySteps', batch: 16384, unit: 'environment steps/s' } as const;
  const bestRate = peer({ ...rate, value: 6e6 });
  const peers = [slow, best, elsewhere, peer({ ...rate, value: 3e6 }), bestRate];
  const devices = [
    { name: 'native', figures: [steps, product, { ...steps, batch: 1024 }] },
    { name: 'cpu', figures: [{ ...product, median: 150 }] },
  ];
  expect(comparePeers(devices, peers)).toEqual([
    { device: 'native', name: 'policySteps', batch: 16384, best: bestRate, speed: 2 },
    { device: 'native', name: 'fisherProduct', batch: 32768, best, speed: 1.5 },
    { device: 'cpu', name: 'fisherProduct', batch: 32768, best, speed: 0.1 },
  ]);
  expect(comparePeers(devices, [])).toEqual([]);
});

it('chooses the fastest form of each reference for each figure and size', () => {
  const rate = { name: 'policySteps', unit: 'environment steps/s' } as const;
  const torch = peer({ peer: 'torch 2', value: 4 });
  const jax = peer({ value: 5 });
  const small = peer({ value: 1, batch: 512 });
  const fast = peer({ ...rate, value: 9 });
  const peers = [jax, peer({ value: 6 }), torch, small, peer({ ...rate, value: 8 }), fast];
  expect(bestForms(peers)).toEqual([fast, small, torch, jax]);
});
