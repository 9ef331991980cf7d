import { setPriority } from 'node:os';

import { createPolicySource } from './watch-policy-source';
import { serveWatch, type WatchServer } from './watch-server';

/** What the training tells its page's process. */
export type ToWatchProcess =
  | { readonly kind: 'serve'; readonly port: number; readonly option: string }
  | { readonly kind: 'follow'; readonly folder: string }
  | { readonly kind: 'wait'; readonly text: string };

export type FromWatchProcess =
  | { readonly kind: 'serving'; readonly url: string }
  | { readonly kind: 'failed'; readonly isInput: boolean; readonly message: string };

/** Behind the training, whose processors these are. */
const niceness = 10;

let server: WatchServer | undefined;
const say = (message: FromWatchProcess): void => void process.send!(message);

process.on('message', (message: ToWatchProcess) => {
  if (message.kind === 'serve') void serve(message);
  else if (message.kind === 'follow') server?.follow(message.folder);
  else server?.wait(message.text);
});
// Ctrl-C reaches the whole group of processes: the training decides, and takes this one with it.
process.on('SIGINT', () => {});
process.on('disconnect', () => process.exit());
try {
  setPriority(niceness);
} catch {
  // Where that is not allowed it works all the same.
}

async function serve({ port, option }: ToWatchProcess & { kind: 'serve' }): Promise<void> {
  try {
    server = await serveWatch({ port, option, policies: createPolicySource() });
    say({ kind: 'serving', url: server.url });
  } catch (error) {
    const { name, message } = error as Error;
    say({ kind: 'failed', isInput: name === 'InputError', message });
  }
}
