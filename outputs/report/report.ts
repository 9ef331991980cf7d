import type { RecordedPaths } from '../../algorithms/evaluation/environment-paths';
import type { Distribution, PairedDistribution } from '../../algorithms/evaluation/distributions';
import type { Evaluation } from '../../algorithms/evaluation/evaluate';
import type { MetricField } from '../../envs/environment';
import type { LearningCurves } from './learning-curves';

/** The first key of `report.json`, by which it is told from other files. */
export const reportKind = 'makertaker report';

/** What `report.json` holds, and every figure of the page is drawn from. */
export interface Report {
  readonly kind: typeof reportKind;
  /** Of the program. */
  readonly version: string;
  /** What was evaluated: `runs/quickstart, its best checkpoint (iteration 60)`. */
  readonly subject: string;
  readonly environment: { readonly id: string; readonly title: string };
  /** What computed. */
  readonly device: string;
  readonly name: string;
  readonly description: string;
  /** What `evaluate --json` prints. */
  readonly evaluation: Evaluation;
  /** Of the environment's metrics. */
  readonly metrics: Readonly<Record<string, MetricField>>;
  /** Of the run; null where none was evaluated, or its log is gone. */
  readonly learning: LearningCurves | null;
  readonly distributions: readonly Distribution[];
  readonly differences: readonly PairedDistribution[];
  readonly paths: RecordedPaths;
  /** The config with every default, YAML. */
  readonly config: string;
}
