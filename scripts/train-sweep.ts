import { basename, join } from 'node:path';

import type { Axis, Sweep, SweepRun } from '../configs/sweep';
import { InputError } from '../engine/input-error';
import { writeFileAtomically } from '../outputs/atomic-file';
import { drawComparisonPage } from '../outputs/comparison/page';
import { exitCodes } from './command';
import { compareRuns } from './compare-runs';
import { formatComparison } from './format-comparison';
import { sweepKind } from './list-folder';
import type { Progress } from './progress';
import { readRun } from './read-run';
import { checkList, type ListParts, readList, trainList } from './train-list';

/**
 * A sweep that was begun, as its folder describes it.
 * @param overrides of the runs' configs, such as `device=cpu`
 * @throws InputError if the file is damaged
 */
export const readSweep = (folder: string, overrides: readonly string[]): Sweep =>
  readList<Sweep>(sweepKind, folder, () => overrides);

/**
 * Trains the runs of a sweep one after another, each in a folder of its own within the sweep's, and compares
 * those that have ended. A run that fails leaves the others their turn.
 * @param createFolder called once nothing in the input can be wrong any more
 * @returns the exit code: done, interrupted, or failure if a run failed
 * @throws InputError for a combination that cannot be trained, before anything is
 */
export async function trainSweep(
  given: Sweep,
  createFolder: () => string,
  parts: ListParts,
): Promise<number> {
  const sweep = await checkList(sweepKind, given);
  const { axes, runs } = sweep;
  refuseMixedEnvironments(runs);
  const folder = createFolder();
  const head = `sweep: ${folder}: ${describeAxes(axes)}, ${runs.length} runs`;
  const { code, failed } = await trainList(sweepKind, sweep, folder, { ...parts, head });
  if (code !== exitCodes.interrupted) compareEnded(folder, runs, failed, parts.progress);
  return code;
}

function refuseMixedEnvironments(runs: readonly SweepRun[]): void {
  const idOf = ({ config: { env } }: SweepRun): unknown => ('id' in env ? env.id : env['module']);
  const other = runs.find((run) => idOf(run) !== idOf(runs[0]!));
  if (other) {
    throw new InputError(
      `sweep: ${runs[0]!.name} is of ${String(idOf(runs[0]!))}, ${other.name} of ${String(idOf(other))}; a sweep compares runs of one environment`,
    );
  }
}

function compareEnded(
  folder: string,
  runs: readonly SweepRun[],
  failed: readonly string[],
  progress: Progress,
): void {
  const ended = runs.filter(({ name }) => !failed.includes(name));
  if (failed.length > 0) progress.say(`\nfailed, and not compared: ${failed.join(', ')}`);
  if (ended.length === 0) return;
  const comparison = compareRuns(ended.map(({ name }) => readRun(join(folder, name))));
  const files = [
    ['comparison.json', `${JSON.stringify(comparison, null, 2)}\n`, 'the comparison above'],
    [
      'comparison.html',
      drawComparisonPage(comparison),
      'curves, intervals and tables, for a browser',
    ],
  ] as const;
  for (const [file, text] of files) writeFileAtomically(join(folder, file), text);
  const written = files.map(([file, , meaning]) => `${join(folder, file)}: ${meaning}`);
  progress.say(`\n${basename(folder)}\n${formatComparison(comparison)}\n\n${written.join('\n')}`);
}

const describeAxes = (axes: readonly Axis[]): string =>
  axes.map(({ key, values }) => `${values.length} × ${key}`).join(', ');
