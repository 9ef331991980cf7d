import { describeDevices, type DeviceName, startDevice } from '../engine/device';
import { type Comparison, comparePeers } from './compare-peers';
import { describeMachine, type Machine, machineLoad, peakMemoryMiB } from './machine';
import { type Figure, measureDevice, type Scale } from './measure-device';
import { measurePeers, type PeerFigure, type SkippedPeer } from './measure-peers';

export interface DeviceReport {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly figures: readonly Figure[];
  /** Most memory the process has held up to the end of this device's figures, MiB. */
  readonly peakMemoryMiB: number;
}

export interface BenchmarkReport {
  readonly version: string;
  readonly date: string;
  readonly machine: Machine;
  /** Of the machine before anything was run: 0 on an idle one. */
  readonly loadBefore: number;
  readonly devices: readonly DeviceReport[];
  readonly missing: readonly { readonly name: string; readonly reason: string }[];
  readonly peers: readonly PeerFigure[];
  readonly skippedPeers: readonly SkippedPeer[];
  /** Each figure of each device beside the best reference. */
  readonly comparisons: readonly Comparison[];
}

export interface BenchmarkOptions {
  /** The program's. */
  readonly version: string;
  /** null: every one that is available. */
  readonly device: DeviceName | null;
  readonly scale: Scale;
  /** A Python that has torch, jax or both, and whether they run on the GPU; null: no comparison. */
  readonly peers: { readonly python: string; readonly gpu: boolean } | null;
  onProgress(line: string): void;
  onFigure(device: string, figure: Figure): void;
}

/** Measures the peers, then the devices one after the other. */
export async function runBenchmark(options: BenchmarkOptions): Promise<BenchmarkReport> {
  const { version, device, scale, onFigure, onProgress } = options;
  const loadBefore = machineLoad();
  const peers = options.peers
    ? await measurePeers({ ...options.peers, scale, onProgress })
    : { figures: [], skipped: [] };
  const described = device === null ? await describeDevices() : [];
  const missing = described.flatMap((one) =>
    one.available ? [] : [{ name: one.name, reason: one.reason }],
  );
  const names: DeviceName[] =
    device === null ? described.flatMap((one) => (one.available ? [one.name] : [])) : [device];
  const devices: DeviceReport[] = [];
  for (const name of names) {
    const started = await startDevice(name);
    const figures: Figure[] = [];
    for await (const figure of measureDevice(scale)) {
      figures.push(figure);
      onFigure(started.name, figure);
    }
    devices.push({
      name: started.name,
      version: started.version,
      description: started.description,
      figures,
      peakMemoryMiB: peakMemoryMiB(),
    });
  }
  return {
    version,
    date: new Date().toISOString(),
    machine: describeMachine(),
    loadBefore,
    devices,
    missing,
    peers: peers.figures,
    skippedPeers: peers.skipped,
    comparisons: comparePeers(devices, peers.figures),
  };
}
