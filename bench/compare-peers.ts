import type { Figure } from './measure-device';
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
  return devices.flatMap(({ name: device, figures }) =>
    figures.flatMap((figure) => {
      const rated = peers.flatMap((peer) => {
        const speed = speedBeside(peer, figure);
        return speed === null ? [] : [{ peer, speed }];
      });
      const [first, ...rest] = rated;
      if (!first) return [];
      const { peer: best, speed } = rest.reduce(
        (least, one) => (one.speed < least.speed ? one : least),
        first,
      );
      return [{ device, name: best.name, batch: best.batch, best, speed }];
    }),
  );
}

/** How many times as fast as the reference a device is; null where they measured different things. */
export function speedBeside(peer: PeerFigure, figure: Figure): number | null {
  if (peer.name !== figure.name || peer.batch !== figure.batch || !('median' in figure))
    return null;
  return peer.unit === 'ms' ? peer.value / figure.median : figure.median / peer.value;
}
