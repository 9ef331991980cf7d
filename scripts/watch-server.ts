import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';

import { InputError } from '../engine/input-error';
import { contentSecurityPolicy, page, styles } from '../outputs/watch/page';
import { pageScript } from '../outputs/watch/page-script';
import {
  describeWatched,
  nothingKnown,
  nothingYet,
  type PolicyView,
  type WatchedRun,
} from '../outputs/watch/watch-data';
import { type WatchedFolder, watchFolder } from './watch-folder';

export interface WatchServer {
  readonly url: string;
  /** Shows this run from now on, in place of the one before. */
  follow(folder: string): void;
  /** Shows no run from now on, but what is done until there is one. */
  wait(text: string): void;
  close(): Promise<void>;
}

export interface WatchServerOptions {
  /** 0: a free one. */
  readonly port: number;
  /** What is named where a port cannot be had. */
  readonly option: string;
  /** Computes what the policies of a run do; absent: nothing is computed. */
  readonly policies?: PolicySource;
}

/** Computes beside the server: asked whenever a page asks, it tells what it knows by now. */
export interface PolicySource {
  look(run: WatchedRun): PolicyView;
  close(): Promise<void>;
}

/** The loopback address: nobody else's machine reaches it. */
const address = '127.0.0.1';
/** Lines of an answer; a page that wants more asks again at once. */
const linesAtOnce = 5000;

/**
 * Serves the page about a run: GET only, a few fixed paths, to this machine only. Everything is read when a
 * page asks, so that without a page nothing is done.
 * @throws InputError where the port cannot be had
 */
export async function serveWatch(options: WatchServerOptions): Promise<WatchServer> {
  const { port, option, policies } = options;
  let watched: WatchedFolder | null = null;
  let waiting = 'waiting for the run to begin';
  const routes = new Map<string, (query: URLSearchParams) => Answer>([
    ['/', () => ({ type: 'text/html', body: page })],
    ['/page.css', () => ({ type: 'text/css', body: styles })],
    ['/page.js', () => ({ type: 'text/javascript', body: pageScript() })],
    ['/echarts.js', () => ({ type: 'text/javascript', body: chartLibrary() })],
    ['/config.yaml', () => configOf(watched)],
    ['/data.json', (query) => (watched ? dataOf(watched, policies, query) : waitingData(waiting))],
  ]);
  const server = createServer((request, response) => {
    try {
      send(response, answerTo(request, routes));
    } catch (error) {
      send(response, refusal(500, (error as Error).message));
    }
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(portError(option, port, error)));
    server.listen(port, address, resolve);
  });
  return {
    url: `http://${address}:${(server.address() as AddressInfo).port}/`,
    follow(folder) {
      watched = watchFolder(folder);
    },
    wait(text) {
      [watched, waiting] = [null, text];
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await policies?.close();
    },
  };
}

interface Answer {
  readonly status?: number;
  readonly type: string;
  readonly body: string | Buffer;
  readonly headers?: Readonly<Record<string, string>>;
}

const refusal = (status: number, body: string, headers = {}): Answer => ({
  status,
  type: 'text/plain',
  body: `${body}\n`,
  headers,
});

/** Any port: who reaches this one through a tunnel may have another number for it. */
const ownHost = /^(localhost|127\.0\.0\.1)(:\d{1,5})?$/i;

function answerTo(
  { method, url = '', headers }: IncomingMessage,
  routes: ReadonlyMap<string, (query: URLSearchParams) => Answer>,
): Answer {
  // A foreign page whose name was made to lead here (DNS rebinding) asks under its own name.
  if (!ownHost.test(headers.host ?? '')) {
    return refusal(403, 'refused: ask for localhost or 127.0.0.1');
  }
  if (method !== 'GET') return refusal(405, 'read-only: GET only', { allow: 'GET' });
  const [path = '', query = ''] = url.split('?', 2);
  const route = routes.get(path);
  return route
    ? route(new URLSearchParams(query))
    : refusal(404, `there is nothing here but ${[...routes.keys()].join(', ')}`);
}

function send(response: ServerResponse, { status = 200, type, body, headers }: Answer): void {
  response.writeHead(status, {
    'content-type': `${type}; charset=utf-8`,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    'content-security-policy': contentSecurityPolicy,
    'cross-origin-resource-policy': 'same-origin',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    ...headers,
  });
  response.end(body);
}

function configOf(watched: WatchedFolder | null): Answer {
  const text = watched?.config() ?? null;
  return text === null
    ? refusal(404, 'there is no config yet')
    : { type: 'text/plain', body: text };
}

const waitingData = (text: string): Answer => json({ ...nothingYet(text), more: false }, []);

/**
 * `/data.json?after=20&generation=…`: the state of the run and the lines after iteration 20; all lines where
 * the generation is another one by now. `more` tells whether to ask again at once.
 */
function dataOf(
  watched: WatchedFolder,
  policies: PolicySource | undefined,
  query: URLSearchParams,
): Answer {
  const given = query.get('after') ?? '0';
  if (!/^\d{1,15}$/.test(given)) return refusal(400, 'after: expected a number of iterations');
  const run = watched.look();
  const { generation, iterations, texts } = run.metrics;
  const asked = query.get('generation');
  const after = asked === null || asked === generation ? Number(given) : 0;
  const first = firstAfter(iterations, after);
  const lines = texts.slice(first, first + linesAtOnce);
  const more = first + lines.length < texts.length;
  const view = policies?.look(run) ?? nothingKnown;
  return json({ ...describeWatched(run, view, Date.now()), more }, lines);
}

/** The lines are JSON already. */
const json = (data: object, lines: readonly string[]): Answer => ({
  type: 'application/json',
  body: `${JSON.stringify(data).slice(0, -1)},"lines":[${lines.join(',')}]}`,
});

/** The first place of a greater number; the numbers increase. */
function firstAfter(numbers: readonly number[], after: number): number {
  let [low, high] = [0, numbers.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (numbers[middle]! > after) high = middle;
    else low = middle + 1;
  }
  return low;
}

const installed = createRequire(__filename);
let library: Buffer | undefined;

/** The browser's build of the charts library, from the installed package. */
function chartLibrary(): Buffer {
  library ??= readFileSync(join(dirname(installed.resolve('echarts')), 'echarts.min.js'));
  return library;
}

function portError(option: string, port: number, error: NodeJS.ErrnoException): Error {
  const reason = {
    EADDRINUSE: 'the port is in use; give another, or none for a free one',
    EACCES: 'the port is not for everybody; give one above 1023, or none for a free one',
  }[error.code ?? ''];
  return reason === undefined ? error : new InputError(`${option} ${port}: ${reason}`);
}
