import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';

import { InputError } from '../engine/input-error';
import { exitCodes } from './command';
import type { Progress } from './progress';
import type { TrainingRequest } from './train';
import type { FromWatchProcess, ToWatchProcess } from './watch-process';

/**
 * Trains beside a page, if one is wanted. After a training that was not interrupted the page stays until
 * Ctrl-C where somebody sits at the terminal; a script goes on at once.
 * @param given the value of `--watch`: a port, or empty for a free one; undefined: no page
 * @param work gets what makes the page follow a run that begins
 * @returns its exit code
 */
export async function trainWatched(
  given: string | undefined,
  progress: Progress,
  work: (watched: (request: TrainingRequest) => TrainingRequest) => Promise<number>,
): Promise<number> {
  if (given === undefined) return work((request) => request);
  const watcher = await openWatcher(given, progress);
  try {
    const code = await work((request) => ({
      ...request,
      onCloning: (text) => watcher.wait(text),
      createFolder() {
        const folder = request.createFolder();
        watcher.follow(folder);
        return folder;
      },
    }));
    if (code === exitCodes.done && process.stdout.isTTY) await watcher.linger();
    return code;
  } finally {
    watcher.close();
  }
}

/** The page of a training. */
interface Watcher {
  /** Shows this run from now on. */
  follow(folder: string): void;
  /** Shows what is done until there is a run. */
  wait(text: string): void;
  /** Until Ctrl-C. */
  linger(): Promise<void>;
  close(): void;
}

const option = '--watch';

/**
 * Serves the page from a process of its own, as an iteration of the training keeps its thread busy from the
 * beginning to the end. That process reads the run's folder like anybody else, yields to the training where
 * processors are short, and ends with this one, however this one ends.
 * @throws InputError for what is no port, or one that cannot be had
 */
async function openWatcher(given: string, progress: Progress): Promise<Watcher> {
  const port = parsePort(option, given);
  const child = fork(join(__dirname, 'watch-process.js'), {
    // A debugger of this process is not for that one.
    execArgv: [],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  // What cannot be told to a page that is gone is no reason to end a training.
  child.on('error', () => {});
  let isOver = false;
  const close = (): void => {
    isOver = true;
    if (child.connected) child.disconnect();
  };
  const tell = (message: ToWatchProcess): void => {
    if (child.connected) child.send(message);
  };
  try {
    tell({ kind: 'serve', port, option });
    const url = await served(child);
    progress.say(`page: ${url} (follows the run; read-only, for this machine only)`);
    child.once('exit', () => {
      if (!isOver) progress.say(`the page is gone; makertaker watch RUN shows it again`);
    });
    return {
      follow: (folder) => tell({ kind: 'follow', folder }),
      wait: (text) => tell({ kind: 'wait', text }),
      async linger() {
        if (!child.connected) return;
        progress.say(`the page stays until Ctrl-C: ${url}`);
        await Promise.race([signalled(), new Promise((resolve) => child.once('exit', resolve))]);
      },
      close,
    };
  } catch (error) {
    close();
    throw error;
  }
}

const served = (child: ChildProcess): Promise<string> =>
  new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`the page's process ended with code ${code}`)));
    child.once('message', (message: FromWatchProcess) => {
      child.removeAllListeners('exit');
      if (message.kind === 'serving') resolve(message.url);
      else reject(message.isInput ? new InputError(message.message) : new Error(message.message));
    });
  });

/** Until Ctrl-C or a polite end. */
export function signalled(): Promise<void> {
  return new Promise((resolve) => {
    const signals = ['SIGINT', 'SIGTERM'] as const;
    const end = (): void => {
      signals.forEach((signal) => process.off(signal, end));
      resolve();
    };
    signals.forEach((signal) => process.on(signal, end));
  });
}

/** @param given empty: 0, which stands for a free one */
export function parsePort(name: string, given: string): number {
  if (given === '') return 0;
  const port = Number(given);
  if (/^\d{1,5}$/.test(given) && port >= 1 && port <= 65535) return port;
  const hint = /\.ya?ml$|\//.test(given)
    ? `; to have a free one, put ${name} last: train ${given} ${name}`
    : '; leave it out for a free one';
  throw new InputError(`${name} ${given}: expected a port, 1 to 65535${hint}`);
}
