import type { Figure, FigureName } from '../bench/measure-device';
import type { BenchmarkReport } from '../bench/report';
import { alignColumns } from './align-columns';

const titles: Readonly<Record<FigureName, string>> = {
  fixedActionSteps: 'environment steps, fixed action',
  policySteps: 'environment steps, 64×64 policy',
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
  const { machine, loadBefore, devices, missing, peers } = report;
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
  ].join('\n');
}

/** The peers' times, and each device's in multiples of them: below one the device is faster. */
function formatPeers({ peers, devices }: BenchmarkReport): string {
  const compared = ['fisherProduct', 'trpoUpdate'] as const;
  const timeOf = (figures: readonly Figure[], name: FigureName): number | null => {
    const figure = figures.find((candidate) => candidate.name === name);
    return figure && 'median' in figure ? figure.median : null;
  };
  const ratio = (time: number | null, peer: number): string =>
    time === null ? '' : `${(time / peer).toPrecision(3)}×`;
  const rows = peers.flatMap((peer) =>
    compared.map((name) => [
      titles[name],
      `${peer.peer}, ${peer.form}, ${peer.threads} thread${peer.threads > 1 ? 's' : ''}`,
      number(peer[name]),
      ...devices.map(({ figures }) => ratio(timeOf(figures, name), peer[name])),
    ]),
  );
  const header = ['figure', 'peer', 'ms', ...devices.map(({ name }) => `${name} takes`)];
  return alignColumns([header, ...rows], (column) => column > 1);
}

const number = (value: number): string =>
  value.toLocaleString('en-US', { maximumSignificantDigits: 4 });
