import { speedBeside } from './compare-peers';
import { type GpuFigure, type GpuScale, stepsOf } from './gpu-figures';
import { fullScale } from './measure-device';
import { measurePeers, type PeerFigure, type SkippedPeer } from './measure-peers';

export interface GpuPeerOptions {
  /** Of a Python that has torch, jax or both. */
  readonly python: string;
  readonly scale: GpuScale;
  /** Only libraries whose name contains this. */
  readonly library: string;
  /** Only forms whose name matches this regular expression. */
  readonly forms: string;
  onProgress(line: string): void;
}

export interface GpuPeers {
  readonly figures: readonly PeerFigure[];
  readonly skipped: readonly SkippedPeer[];
}

/** The same work in PyTorch and JAX on the GPU: updates at every size, environments at the smallest and largest batch. */
export async function* measureGpuPeers(options: GpuPeerOptions): AsyncGenerator<GpuPeers> {
  const { python, scale, library, forms, onProgress } = options;
  const { environments, rows, effort } = scale;
  const batches = [...new Set([environments[0]!, environments.at(-1)!])];
  const sizes = [
    ...rows.map((count) => ({ what: 'trpo_update', size: { rows: count } })),
    ...batches.map((batch) => {
      const steps = { ...fullScale.steps, most: stepsOf(batch) };
      return { what: 'market_making', size: { batches: [batch], steps } };
    }),
  ];
  for (const { what, size } of sizes) {
    try {
      yield await measurePeers({
        python,
        scale: { ...fullScale, effort, ...size },
        gpu: true,
        isAsked: (name) => name.startsWith(what) && libraryOf(name).includes(library),
        forms,
        onProgress,
      });
    } catch (error) {
      yield { figures: [], skipped: [{ name: what, reason: (error as Error).message }] };
    }
  }
}

const libraryOf = (file: string): string => (file.includes('_jax') ? 'jax' : 'torch');

/** A figure beside the fastest reference that did as much. */
export interface GpuComparison {
  readonly figure: GpuFigure;
  readonly best: PeerFigure;
  /** How many times as fast as it the figure is. */
  readonly speed: number;
}

export function compareGpuPeers(
  figures: readonly GpuFigure[],
  peers: readonly PeerFigure[],
): GpuComparison[] {
  return figures.flatMap((figure) => {
    const { peer: name, batch, value: median } = figure;
    const compared = peers.flatMap((best) => {
      const speed = name && speedBeside(best, { name, batch, median });
      return speed ? [{ figure, best, speed }] : [];
    });
    return compared.sort((a, b) => a.speed - b.speed).slice(0, 1);
  });
}
