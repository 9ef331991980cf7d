import { simulate } from '../algorithms/evaluation/simulate';
import { estimateMean } from '../algorithms/evaluation/statistics';
import { trainedPolicy } from '../algorithms/policies/trained-policy';
import type { TrainingState } from '../algorithms/training';
import type { Config } from '../configs/schema';
import type { LevelScore, OpenedCurriculum } from './open-curriculum';
import type { OpenedLearner } from './open-learner';

export interface Validation {
  /** For the log: `validation/…`. */
  readonly figures: Readonly<Record<string, number>>;
  /** Between the naive policy and the optimum of the level; null where none is known. */
  readonly score: LevelScore | null;
  /** What the best checkpoint is chosen by: the mean return; in a game, whose value is known, minus the exploitability. */
  readonly merit: number;
}

export interface ValidationParts extends OpenedLearner {
  readonly config: Config;
  readonly curriculum: OpenedCurriculum;
}

/** The policy's mean or likeliest actions on the fixed validation streams of a level. */
export async function validate(
  parts: ValidationParts,
  { tensors }: TrainingState,
  level: number,
): Promise<Validation> {
  const { config, curriculum, game, learner, residual } = parts;
  const policy = trainedPolicy(learner.environment, learner.policy, tensors, {
    name: 'trained',
    observationClip: config.training.observationClip,
    ...(residual ? { residual } : {}),
  });
  const { seed, episodes } = config.evaluation;
  const environment = game ? parts.environmentAt(tensors) : curriculum.environmentOf(level);
  const metrics = await simulate(environment, policy, { episodes, seed, phase: 'validation' });
  const score = game ? null : await curriculum.score(level, metrics);
  const { returnNoise: _, ...played } = metrics;
  const exploitability = parts.exploitability?.(tensors);
  return {
    figures: {
      ...Object.fromEntries(
        Object.entries(played).map(([metric, values]) => [
          `validation/${metric}`,
          estimateMean(values).mean,
        ]),
      ),
      ...(score
        ? {
            ...(score.normalised === null ? {} : { 'validation/score': score.normalised }),
            'validation/gap': score.gap,
          }
        : {}),
      ...(exploitability === undefined ? {} : { 'validation/exploitability': exploitability }),
    },
    score,
    merit: exploitability === undefined ? estimateMean(metrics.return!).mean : -exploitability,
  };
}
