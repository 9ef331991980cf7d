import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';

import type { LineChart } from '../outputs/draw-lines';
import type { KnownPolicy } from '../outputs/watch/figures';
import type { PolicyView, WatchedRun } from '../outputs/watch/watch-data';
import type { InspectionAnswer, InspectionRequest } from './watch-policies-worker';
import type { PolicySource } from './watch-server';

/** The least time between two pictures of the policy, milliseconds. */
const pause = 3000;

/**
 * Computes in a thread of its own, which begins with the first page that asks and never keeps the server
 * waiting. The thread keeps what belongs to its run; another run gets another one.
 */
export function createPolicySource(): PolicySource {
  let inspection: Inspection | null = null;
  return {
    look(run) {
      // A run that was taken up again may have other baselines.
      const subject = `${run.metrics.generation} ${run.folder}`;
      if (inspection?.subject !== subject) {
        void inspection?.end();
        inspection = createInspection(run.folder, subject);
      }
      return inspection.look(run);
    },
    async close() {
      await inspection?.end();
    },
  };
}

interface Inspection {
  readonly subject: string;
  look(run: WatchedRun): PolicyView;
  end(): Promise<unknown>;
}

function createInspection(folder: string, subject: string): Inspection {
  const played = new Map<number, KnownPolicy[]>();
  const asked = new Set<number>();
  const failures = new Map<InspectionRequest['kind'] | 'thread', string>();
  const doing = new Set<InspectionRequest['kind']>();
  let picture: LineChart | null = null;
  /** The checkpoint that the picture shows, and when it was asked for. */
  let [drawn, since]: [string | null, number] = [null, -Infinity];
  let worker: Worker | null = null;

  const take = (answer: InspectionAnswer): void => {
    if (answer.kind === 'picture') picture = answer.picture;
    else if (answer.kind === 'played') {
      played.set(answer.level, [...(played.get(answer.level) ?? []), answer.known]);
    } else if (answer.kind === 'failed') failures.set(answer.request.kind, answer.reason);
    else doing.delete(answer.request.kind);
  };
  const begin = (): Worker => {
    const started = new Worker(join(__dirname, 'watch-policies-worker.js'), {
      workerData: { folder },
    });
    started.on('message', take);
    started.on('error', (error) => failures.set('thread', error.message));
    started.unref();
    return started;
  };
  const ask = (request: InspectionRequest): void => {
    if (doing.has(request.kind) || failures.has('thread')) return;
    worker ??= begin();
    doing.add(request.kind);
    failures.delete(request.kind);
    worker.postMessage(request);
  };
  const askForPicture = (): void => {
    const checkpoint = lastCheckpoint(folder);
    if (checkpoint === null || checkpoint === drawn || performance.now() - since < pause) return;
    [drawn, since] = [checkpoint, performance.now()];
    ask({ kind: 'draw' });
  };
  return {
    subject,
    look({ metrics }) {
      const level = metrics.level?.number ?? 0;
      // The config is there by the first line.
      if (metrics.newest !== null) {
        if (!doing.has('draw')) askForPicture();
        if (!asked.has(level) && !doing.has('play')) {
          asked.add(level);
          ask({ kind: 'play', level });
        }
      }
      const notes = [
        ...(doing.has('play') && !failures.has('thread')
          ? ['the classical policies are being played on the validation streams …']
          : []),
        ...[...failures].map(([what, reason]) => `${tasks[what]}: ${reason}`),
      ];
      return { classical: played.get(level) ?? [], picture, notes };
    },
    end: async () => worker?.terminate(),
  };
}

const tasks = {
  draw: 'the picture of the policy',
  play: 'the classical policies',
  thread: 'the classical policies and the picture of the policy',
} as const;

/** The name of the last checkpoint's folder; null before the first. */
function lastCheckpoint(folder: string): string | null {
  try {
    return readFileSync(join(folder, 'checkpoints', 'last'), 'utf8');
  } catch {
    return null;
  }
}
