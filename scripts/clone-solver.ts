import { initialiseFromSolver } from '../algorithms/imitation';
import type { ClassicalPolicy } from '../algorithms/solvers/policy';
import type { Learner, TrainingState } from '../algorithms/training';
import type { Config } from '../configs/schema';
import { disposeTree } from '../engine/tensors';
import { createClassicalPolicies } from './classical-policies';
import type { OpenedCurriculum } from './open-curriculum';
import type { Progress } from './progress';
import type { TrainingRequest } from './train';
import type { Counters } from './train-run';

/** Where a run begins. */
export interface TrainingStart {
  readonly state: TrainingState;
  readonly counters: Counters;
}

interface CloningParts {
  readonly learner: Learner;
  readonly curriculum: OpenedCurriculum;
  readonly config: Config;
  readonly progress: Progress;
  readonly onCloning: TrainingRequest['onCloning'];
}

/** The solver whose policy the first level begins with; null: none. @throws InputError if it does not play the environment */
export function openInitialSolver(
  curriculum: OpenedCurriculum,
  config: Config,
): ClassicalPolicy | null {
  const initialise = config.curriculum?.initialise;
  if (!initialise) return null;
  const [solver] = createClassicalPolicies([initialise.from], curriculum.openedOf(0));
  return solver!;
}

/** An untrained start made a clone of the solver. @param start its state is disposed of */
export async function cloneSolver(
  { learner, curriculum, config, progress, onCloning }: CloningParts,
  solver: ClassicalPolicy,
  { state, counters }: TrainingStart,
): Promise<TrainingStart> {
  const options = config.curriculum!.initialise!;
  const { names } = curriculum;
  const levels =
    names.length > 1 ? names.map((_, level) => curriculum.environmentOf(level).parameters()) : [];
  onCloning?.(`cloning ${solver.name}`);
  const cloned = await initialiseFromSolver(
    { ...learner, environment: curriculum.environmentOf(0) },
    solver,
    state,
    {
      seed: config.seed,
      options,
      levels,
      onRound(round, error) {
        const line = `cloning ${solver.name}: round ${round}, error ${error.toPrecision(3)}`;
        progress.live(line);
        onCloning?.(line);
      },
    },
  );
  disposeTree([state.tensors, levels]);
  const { rounds, error, samples, explainedVariance } = cloned.report;
  const reached = error <= options.tolerance ? '' : `, above the tolerance ${options.tolerance}`;
  progress.say(
    `cloned ${solver.name} in ${rounds} rounds: error ${error.toPrecision(3)}${reached}; the critic explains ${explainedVariance.toPrecision(3)} of the variance; ${samples.toLocaleString('en')} environment steps`,
  );
  return { state: cloned.state, counters: { ...counters, cloningSteps: samples } };
}
