import { parentPort, workerData } from 'node:worker_threads';

import { startDevice } from '../engine/device';
import type { LineChart } from '../outputs/draw-lines';
import type { KnownPolicy } from '../outputs/watch/figures';
import { inspectRun } from './watch-policies';

/** What the worker is asked: to draw the last checkpoint's policy, or to play the classical ones of a level. */
export type InspectionRequest =
  { readonly kind: 'draw' } | { readonly kind: 'play'; readonly level: number };

/** What it answers; each request ends with `done`. */
export type InspectionAnswer =
  | { readonly kind: 'picture'; readonly picture: LineChart | null }
  | { readonly kind: 'played'; readonly level: number; readonly known: KnownPolicy }
  | { readonly kind: 'failed'; readonly request: InspectionRequest; readonly reason: string }
  | { readonly kind: 'done'; readonly request: InspectionRequest };

const { folder } = workerData as { readonly folder: string };
const answer = (message: InspectionAnswer): void => parentPort!.postMessage(message);

// In JavaScript: it needs no compiler and leaves the other devices to the training.
const inspector = startDevice('cpu').then(() => inspectRun(folder));
inspector.catch(() => {});

parentPort!.on('message', (request: InspectionRequest) => void inspect(request));

async function inspect(request: InspectionRequest): Promise<void> {
  try {
    const { draw, play } = await inspector;
    if (request.kind === 'draw') answer({ kind: 'picture', picture: await draw() });
    else {
      for await (const known of play(request.level)) {
        answer({ kind: 'played', level: request.level, known });
        // A picture is not to wait for all of them.
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
  } catch (error) {
    answer({ kind: 'failed', request, reason: (error as Error).message });
  }
  answer({ kind: 'done', request });
}
