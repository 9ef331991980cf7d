import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request, type IncomingHttpHeaders } from 'node:http';
import { createConnection } from 'node:net';
import { hostname, networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';

import type { WatchAnswer } from '../../outputs/watch/page-script';
import { serveWatch, type WatchServer } from '../../scripts/watch-server';

const folder = mkdtempSync(join(tmpdir(), 'makertaker-'));
let server: WatchServer;
const portOf = (): number => Number(new URL(server.url).port);

beforeAll(async () => {
  server = await serveWatch({ port: 0, option: '--port' });
});
afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true });
});

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** By the path as it stands: `fetch` would tidy it up. */
const ask = (
  path: string,
  { method = 'GET', headers = {} }: { method?: string; headers?: Record<string, string> } = {},
): Promise<Answer> =>
  new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port: portOf(), path, method, headers }, (response) => {
      const pieces: Buffer[] = [];
      response.on('data', (piece: Buffer) => pieces.push(piece));
      response.on('end', () => {
        const { statusCode: status = 0, headers: received } = response;
        resolve({ status, headers: received, body: Buffer.concat(pieces).toString() });
      });
    })
      .on('error', reject)
      .end();
  });
const data = async (query = ''): Promise<WatchAnswer> =>
  JSON.parse((await ask(`/data.json${query}`)).body) as WatchAnswer;

const config = 'training: { iterations: 4 }\ntrpo: { trustRegion: 0.02, finalTrustRegion: null }\n';
const lineOf = (iteration: number): string =>
  `${JSON.stringify({ iteration, return: iteration / 2, 'time/iteration': 2 })}\n`;
function writeRun(name: string, lines: number): string {
  const run = join(folder, name);
  mkdirSync(run);
  writeFileSync(join(run, 'config.yaml'), config);
  const texts = Array.from({ length: lines }, (_, index) => lineOf(index + 1));
  writeFileSync(join(run, 'metrics.jsonl'), texts.join(''));
  return run;
}

describe('who is answered', () => {
  it('listens on the loopback address only', async () => {
    expect(server.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/);
    const others = Object.values(networkInterfaces())
      .flatMap((entries) => entries ?? [])
      .filter(({ internal, family }) => !internal && family === 'IPv4');
    for (const host of ['127.0.0.2', ...others.map(({ address }) => address)]) {
      const outcome = await new Promise((resolve) => {
        const socket = createConnection({ host, port: portOf(), timeout: 2000 });
        socket.on('connect', () => resolve('connected'));
        socket.on('error', () => resolve('refused'));
        socket.on('timeout', () => resolve('refused'));
        socket.on('close', () => socket.destroy());
      });
      expect([host, outcome]).toEqual([host, 'refused']);
    }
  });

  it.each(['localhost', 'LOCALHOST:80', '127.0.0.1', '127.0.0.1:8080', 'localhost:1'])(
    'answers a request to %s',
    async (host) => {
      expect((await ask('/', { headers: { host } })).status).toBe(200);
    },
  );

  it.each([
    'example.com',
    'example.com:80',
    'localhost.example.com',
    'localhost:80.example.com',
    '127.0.0.1.example.com',
    '127.0.0.2',
    'example.com@localhost:80',
    'localhost:',
  ])('refuses a request to %p', async (host) => {
    for (const path of ['/', '/data.json', '/echarts.js']) {
      const { status, body } = await ask(path, { headers: { host } });
      expect(status).toBe(403);
      expect(body).not.toContain('{');
    }
  });

  it.each(['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'HEAD'])(
    'is read-only: %s',
    async (method) => {
      const { status, headers } = await ask('/data.json', { method });
      expect([status, headers.allow]).toEqual([405, 'GET']);
    },
  );

  it.each([
    '/../package.json',
    '/..%2f..%2fpackage.json',
    '/%2e%2e/package.json',
    '//etc/passwd',
    '/page.js/../../package.json',
    '/config.yaml/',
    '/metrics.jsonl',
    '/checkpoints/last',
    '/constructor',
    'http://example.com/',
  ])('knows no %s', async (path) => {
    const { status, body } = await ask(path);
    expect(status).toBe(404);
    expect(body).toContain('there is nothing here but /, ');
  });
});

describe('what is answered', () => {
  it('keeps nothing, and lets the page load nothing that is foreign', async () => {
    for (const path of ['/', '/page.js', '/page.css', '/echarts.js', '/data.json', '/nowhere']) {
      const { headers } = await ask(path);
      expect(headers['cache-control']).toBe('no-store');
      expect(headers['x-content-type-options']).toBe('nosniff');
      const policy = headers['content-security-policy'] as string;
      expect(policy).toContain("default-src 'none'");
      expect(policy).toContain("script-src 'self';");
      expect(policy).not.toMatch(/https?:|\*|unsafe-eval|script-src[^;]*unsafe/);
      expect(headers['access-control-allow-origin']).toBeUndefined();
    }
  });

  it('serves a page that names no other server, with the installed library of charts', async () => {
    const { body, headers } = await ask('/');
    expect(headers['content-type']).toBe('text/html; charset=utf-8');
    expect(body).not.toMatch(/https?:|\/\/[a-z]/);
    const library = await ask('/echarts.js');
    expect(library.headers['content-type']).toBe('text/javascript; charset=utf-8');
    expect(library.body.length).toBeGreaterThan(500_000);
    expect(library.body).toContain('Apache');
  });

  it('waits for a run, then follows it as it grows', async () => {
    expect(await data()).toMatchObject({ generation: null, state: { kind: 'waiting' }, lines: [] });
    expect((await ask('/config.yaml')).status).toBe(404);
    const run = writeRun('growing', 2);
    writeFileSync(join(run, '.lock'), `${process.pid} on ${hostname()}`);
    server.follow(run);
    expect((await ask('/config.yaml')).body).toBe(config);
    const first = await data();
    expect(first).toMatchObject({
      name: 'growing',
      iteration: 2,
      iterations: 4,
      secondsLeft: 4,
      state: { kind: 'training' },
      more: false,
    });
    expect(first.lines.map(({ iteration }) => iteration)).toEqual([1, 2]);
    const next = `?after=2&generation=${first.generation}`;
    expect((await data(next)).lines).toEqual([]);
    appendFileSync(join(run, 'metrics.jsonl'), lineOf(3) + lineOf(4).slice(0, 9));
    expect((await data(next)).lines).toEqual([{ iteration: 3, return: 1.5, 'time/iteration': 2 }]);
    appendFileSync(join(run, 'metrics.jsonl'), lineOf(4).slice(9));
    expect((await data(next)).lines.map(({ iteration }) => iteration)).toEqual([3, 4]);
    // A page that knows another beginning gets everything.
    expect((await data('?after=2&generation=other')).lines).toHaveLength(4);
    server.wait('cloning tour: round 2');
    expect(await data(next)).toMatchObject({
      ...{ name: 'makertaker', generation: null, lines: [], iteration: 0 },
      state: { kind: 'waiting', text: 'cloning tour: round 2' },
    });
  });

  it('tells whether a run is trained, stopped or finished', async () => {
    const run = writeRun('ending', 3);
    server.follow(run);
    expect((await data()).state).toEqual({
      kind: 'stopped',
      text: `stopped after iteration 3; go on with: makertaker train --resume ${run}`,
    });
    // No process has this number.
    writeFileSync(join(run, '.lock'), `999999999 on ${hostname()}`);
    expect((await data()).state.kind).toBe('stopped');
    writeFileSync(join(run, '.lock'), '1 on another-machine');
    expect((await data()).state).toMatchObject({
      kind: 'training',
      text: expect.stringContaining('another-machine'),
    });
    rmSync(join(run, '.lock'));
    appendFileSync(join(run, 'metrics.jsonl'), lineOf(4));
    expect((await data()).state).toMatchObject({
      kind: 'finished',
      text: expect.stringContaining('not there yet'),
    });
    const report = { name: 'trained', metrics: { return: { mean: 2, ci95: [1, 3] } } };
    writeFileSync(
      join(run, 'evaluation.json'),
      JSON.stringify({ policies: [report], comparisons: [], episodes: 8 }),
    );
    const { state, tables } = await data();
    expect(state).toEqual({ kind: 'finished', text: 'finished' });
    expect(tables.at(-1)!.rows).toEqual([['trained', 2, '1 to 3', null, null]]);
  });

  it('sends many lines in several answers', async () => {
    server.follow(writeRun('long', 11_000));
    const got: number[] = [];
    for (let more = true, generation = ''; more;) {
      const answer = await data(`?after=${got.at(-1) ?? 0}&generation=${generation}`);
      got.push(...answer.lines.map(({ iteration }) => iteration));
      ({ more } = answer);
      generation = answer.generation!;
    }
    expect(got).toEqual(Array.from({ length: 11_000 }, (_, index) => index + 1));
  });

  it.each(['-1', '1e3', 'x', '1.5', ''])('refuses after=%s', async (after) => {
    expect((await ask(`/data.json?after=${after}`)).status).toBe(400);
  });

  it('survives files that are not what they should be', async () => {
    const run = writeRun('damaged', 1);
    writeFileSync(join(run, 'config.yaml'), 'a: [');
    writeFileSync(join(run, 'evaluation.json'), '{"policies"');
    appendFileSync(join(run, 'metrics.jsonl'), 'nonsense\n');
    server.follow(run);
    expect(await data()).toMatchObject({
      iteration: 1,
      iterations: null,
      notes: ['metrics.jsonl: 1 line is no line of metrics'],
    });
  });
});

it('names the option where the port is taken', async () => {
  await expect(serveWatch({ port: portOf(), option: '--watch' })).rejects.toThrow(
    `--watch ${portOf()}: the port is in use; give another, or none for a free one`,
  );
});
