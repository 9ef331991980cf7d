import { bestForms, type Comparison, speedBeside } from '../bench/compare-peers';
import type { Figure, FigureName } from '../bench/measure-device';
import type { PeerFigure } from '../bench/measure-peers';
import type { BenchmarkReport } from '../bench/report';
import { alignColumns } from './align-columns';

const titles: Readonly<Record<FigureName, string>> = {
  fixedActionSteps: 'environment steps, fixed action',
  policySteps: 'environment steps, 64×64 policy',
  orderBookEvents: 'order book events, ten levels a side',
  tradingDays: 'trading days of 23,400 decisions, 64×64 policy',
  fisherProduct: 'Fisher-vector product, 4→64→64→2',
  trpoUpdate: 'TRPO update, 4→64→64→2',
  trainingSamples: 'training end to end, 64×64',
};

/** One line a figure: median, range, load. */
export function formatFigure(figure: Figure): string[] {
  const { name, unit, batch } = figure;
  const what = [titles[name], batch.toLocaleString('en-US')];
  if ('skipped' in figure) return [...what, 'skipped', unit, figure.skipped, '', ''];
  const { median, min, max, runs, load } = figure;
  const range = `${number(min)}…${number(max)}`;
  return [...what, number(median), unit, range, String(runs), load.toFixed(1)];
}

/** Tables for people. */
export function formatBenchmark(report: BenchmarkReport): string {
  const { machine, loadBefore, devices, missing, peers, skippedPeers, comparisons } = report;
  return [
    `${machine.cpu}, ${machine.cores} cores, ${machine.memoryGiB} GiB, ${machine.platform}, Node ${machine.node}; load before ${loadBefore.toFixed(1)}`,
    ...devices.flatMap(({ name, version, description, figures, peakMemoryMiB }) => [
      '',
      `${name} ${version}: ${description}; peak memory of the process ${number(peakMemoryMiB)} MiB`,
      alignColumns(
        [
          ['figure', 'rows', 'median', 'unit', 'range', 'runs', 'load'],
          ...figures.map(formatFigure),
        ],
        (column) => column === 1 || column === 2 || column > 4,
      ),
    ]),
    ...(missing.length > 0
      ? ['', ...missing.map(({ name, reason }) => `${name} is missing: ${reason}`)]
      : []),
    ...(peers.length > 0 ? ['', formatPeers(report)] : []),
    ...(skippedPeers.length > 0
      ? ['', ...skippedPeers.map(({ name, reason }) => `${name} is skipped: ${reason}`)]
      : []),
    ...(comparisons.length > 0 ? ['', ...comparisons.map(formatComparison)] : []),
  ].join('\n');
}

/** The best form of each reference, and how many times as fast each device is; JSON has all forms. */
function formatPeers({ peers, devices }: BenchmarkReport): string {
  const speedOf = (peer: PeerFigure, figures: readonly Figure[]): string => {
    const speeds = figures.flatMap((figure) => speedBeside(peer, figure) ?? []);
    return speeds[0] === undefined ? '' : times(speeds[0]);
  };
  const rows = bestForms(peers).map((peer) => [
    titles[peer.name],
    peer.batch.toLocaleString('en-US'),
    describePeer(peer),
    number(peer.value),
    peer.unit,
    ...devices.map(({ figures }) => speedOf(peer, figures)),
  ]);
  const header = ['figure', 'rows', 'reference', 'median', 'unit'];
  return alignColumns(
    [[...header, ...devices.map(({ name }) => `${name} is`)], ...rows],
    (column) => column === 1 || column === 3 || column > 4,
  );
}

/** One line: a device beside the best reference. */
function formatComparison({ device, name, batch, best, speed }: Comparison): string {
  const reference = `${describePeer(best)}: ${number(best.value)} ${best.unit}`;
  return `${titles[name]}, ${batch.toLocaleString('en-US')} rows: ${device} is ${times(speed)} as fast as the best reference, ${reference}`;
}

function describePeer({ peer, device, form, threads }: PeerFigure): string {
  const place =
    device === 'cpu' ? `${threads} ${threads === 1 ? 'thread' : 'threads'}` : `on ${device}`;
  return `${peer}, ${form}, ${place}`;
}

const times = (ratio: number): string =>
  `${ratio.toLocaleString('en-US', { maximumSignificantDigits: 3 })}×`;

const number = (value: number): string =>
  value.toLocaleString('en-US', { maximumSignificantDigits: 4 });
