import { join } from 'node:path';

import type { TrainingState } from '../algorithms/training';
import { openMetricsLog } from '../outputs/metrics-log';
import { createEventFile } from '../outputs/tensorboard';

/** A run's curves: `metrics.jsonl` and TensorBoard events. */
export interface RunLog {
  /** The figures of one iteration. */
  write(iteration: number, figures: Readonly<Record<string, number>>): void;
  /** The distributions of the policy's weights. */
  writeWeights(state: TrainingState): Promise<void>;
  /** Waits until the disk has everything. */
  flush(): void;
  close(): void;
}

/**
 * @param iteration iterations done: what the folder holds of later ones is dropped
 * @param config YAML of the resolved config
 */
export function openRunLog(folder: string, iteration: number, config: string): RunLog {
  const metrics = openMetricsLog(join(folder, 'metrics.jsonl'), iteration);
  const events = createEventFile(
    join(folder, 'tensorboard'),
    iteration > 0 ? { resumesAt: iteration + 1 } : {},
  );
  if (iteration === 0) events.addText('config', `\`\`\`yaml\n${config}\`\`\``, 0);
  return {
    write(at, figures) {
      metrics.append({ iteration: at, ...figures });
      for (const [name, value] of Object.entries(figures)) {
        events.addScalar(name.includes('/') ? name : `training/${name}`, value, at);
      }
    },
    async writeWeights({ iteration: at, tensors }) {
      for (const [name, tensor] of Object.entries(tensors.policy)) {
        const values = (await tensor.data()) as Float32Array;
        events.addHistogram(`policy/${name}`, values, at);
      }
    },
    flush() {
      metrics.flush();
      events.flush();
    },
    close() {
      metrics.close();
      events.close();
    },
  };
}
