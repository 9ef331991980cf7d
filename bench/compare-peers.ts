import { type Figure, figureUnits } from './measure-device';
import type { PeerFigure } from './measure-peers';

/** A device's figure beside the best reference of the same figure and size. */
export interface Comparison {
  readonly device: string;
  readonly name: PeerFigure['name'];
  readonly batch: number;
  readonly best: PeerFigure;
  /** How many times as fast as it the device is. */
  readonly speed: number;
}

interface Measured {
  readonly name: string;
  readonly figures: readonly Figure[];
}

/** Every figure of the devices that has a reference. */
export function comparePeers(
  devices: readonly Measured[],
  peers: readonly PeerFigure[],
): Comparison[] {
  const fastestFirst = [...peers].sort(bySpeed);
  return devices.flatMap(({ name: device, figures }) =>
    figures.flatMap((figure) => {
      const best = fastestFirst.find((peer) => speedBeside(peer, figure) !== null);
      if (!best) return [];
      const speed = speedBeside(best, figure)!;
      return [{ device, name: best.name, batch: best.batch, best, speed }];
    }),
  );
}

/** The fastest form of each reference for each figure and size, the fastest reference first. */
export function bestForms(peers: readonly PeerFigure[]): PeerFigure[] {
  const seen = new Set<string>();
  return [...peers].sort(bySpeed).filter(({ peer, device, name, batch }) => {
    const key = JSON.stringify([peer, device, name, batch]);
    return !seen.has(key) && seen.add(key);
  });
}

/** Figures of one name in a row, the fastest first. */
const bySpeed = (a: PeerFigure, b: PeerFigure): number =>
  figureOrder.indexOf(a.name) - figureOrder.indexOf(b.name) ||
  (a.unit === 'ms' ? a.value - b.value : b.value - a.value);

const figureOrder = Object.keys(figureUnits);

/** How many times as fast as the reference a device is; null where they measured different things. */
export function speedBeside(
  peer: PeerFigure,
  figure: Pick<Figure, 'name' | 'batch'> & { readonly median?: number },
): number | null {
  if (peer.name !== figure.name || peer.batch !== figure.batch || figure.median === undefined)
    return null;
  return peer.unit === 'ms' ? peer.value / figure.median : figure.median / peer.value;
}
