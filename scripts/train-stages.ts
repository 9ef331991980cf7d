import { join } from 'node:path';

import { parseOverride } from '../configs/parse-document';
import { overridesOfStage, refuseMissing, type StageRun, type Stages } from '../configs/stages';
import { loadCheckpoint } from '../outputs/checkpoint';
import { alignColumns } from './align-columns';
import { exitCodes } from './command';
import { short } from './describe-iteration';
import { stagesKind } from './list-folder';
import { readRun } from './read-run';
import { checkList, type ListParts, readList, trainList } from './train-list';

/**
 * Stages that were begun, as their folder describes them.
 * @param overrides as `parseStages` takes them
 * @throws InputError if the file is damaged
 */
export function readStages(folder: string, overrides: readonly string[]): Stages {
  const changes = overrides.map(parseOverride);
  const stages = readList<Stages>(stagesKind, folder, (index) => overridesOfStage(changes, index));
  refuseMissing(changes, stages.runs.length);
  return stages;
}

/**
 * Trains stages one after another, each a run in a folder of its own, and ends with a table of them. A stage
 * that fails ends it.
 * @param createFolder called once nothing in the input can be wrong any more
 * @returns the exit code: done, interrupted, or failure
 * @throws InputError for a stage that cannot be trained, before anything is
 */
export async function trainStages(
  given: Stages,
  createFolder: () => string,
  parts: ListParts,
): Promise<number> {
  const stages = await checkList(stagesKind, given);
  const { runs } = stages;
  const folder = createFolder();
  const head = `stages: ${folder}: ${runs.map(({ name }) => name).join(', ')}`;
  const { code } = await trainList(stagesKind, stages, folder, { ...parts, head });
  if (code === exitCodes.done) parts.progress.say(`\n${tabulateStages(folder, runs)}`);
  return code;
}

function tabulateStages(folder: string, runs: readonly StageRun[]): string {
  const rows = runs.map(({ name, config: { env } }) => {
    const run = join(folder, name);
    const { lines } = readRun(run);
    const best = loadCheckpoint(run).iteration;
    const line = lines.find(({ iteration }) => iteration === best);
    const [score, mean] = ['score', 'return'].map((name) => numberOf(line?.[`validation/${name}`]));
    const result = score === undefined ? `return ${short(mean, 4)}` : `score ${short(score, 4)}`;
    return [
      name,
      String('id' in env ? env.id : env['module']),
      String(lines.at(-1)?.iteration ?? 0),
      result,
      run,
    ];
  });
  return alignColumns([
    ['stage', 'environment', 'iterations', 'validation of the best', 'folder'],
    ...rows,
  ]);
}

const numberOf = (value: unknown): number | undefined =>
  typeof value === 'number' ? value : undefined;
