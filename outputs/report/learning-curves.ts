import type { MetricsLine } from '../metrics-log';

/** Figures of a run's log by iteration. */
export interface LearningCurves {
  readonly iterations: readonly number[];
  /** Environment steps until the end of each. */
  readonly steps: readonly number[];
  /** By key of the log; null where a line has none. */
  readonly figures: Readonly<Record<string, readonly (number | null)[]>>;
  /** Where the level of a curriculum begins. */
  readonly levels: readonly { readonly steps: number; readonly level: number }[];
  /** Environment steps at the checkpoint that was evaluated; null where the log has no such iteration. */
  readonly evaluated: number | null;
}

export const levelKey = 'curriculum/level';

const keys = [
  'return',
  'validation/return',
  'validation/score',
  'validation/gap',
  'validation/exploitability',
  levelKey,
  'kl',
  'entropy',
  'meanStd',
  'explainedVariance',
  'valueLoss',
] as const;

/** A picture shows no more. */
const mostPoints = 2000;

/**
 * @param lines of a log, in the order of the iterations
 * @param iteration of the checkpoint in question
 * @returns null for a log without lines
 */
export function learningCurves(
  lines: readonly MetricsLine[],
  iteration: number,
): LearningCurves | null {
  if (lines.length === 0) return null;
  const shown = thin(lines);
  const present = keys.filter((key) => lines.some((line) => typeof line[key] === 'number'));
  const evaluated = lines.find((line) => line.iteration === iteration);
  return {
    iterations: shown.map((line) => line.iteration),
    steps: shown.map(stepsOf),
    figures: Object.fromEntries(
      present.map((key) => [key, shown.map((line) => numberOrNull(line[key]))]),
    ),
    levels: levelsOf(lines),
    evaluated: evaluated ? stepsOf(evaluated) : null,
  };
}

/** Where the level changes, and the first one. */
function levelsOf(lines: readonly MetricsLine[]): { steps: number; level: number }[] {
  const levels: { steps: number; level: number }[] = [];
  for (const line of lines) {
    const level = line[levelKey];
    if (typeof level !== 'number' || levels.at(-1)?.level === level) continue;
    levels.push({ steps: stepsOf(line), level });
  }
  return levels;
}

/** Every so many lines, the last and those of validations among them. */
function thin(lines: readonly MetricsLine[]): readonly MetricsLine[] {
  if (lines.length <= mostPoints) return lines;
  const pace = Math.ceil(lines.length / mostPoints);
  return lines.filter(
    (line, index) =>
      index % pace === 0 ||
      index === lines.length - 1 ||
      typeof line['validation/return'] === 'number',
  );
}

const stepsOf = (line: MetricsLine): number => Number(line['environmentSteps'] ?? line.iteration);

const numberOrNull = (value: unknown): number | null => (typeof value === 'number' ? value : null);
