import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import * as makertaker from '../index';
import { installPackage } from './docs/install-package';

const { checkEnvironment, defineEnvironment, make, recordEpisodeStatistics, tf, vectorise } =
  makertaker;

beforeAll(() => tf.setBackend('cpu'));

it('exports functions and values that exist', () => {
  for (const [name, value] of Object.entries(makertaker))
    expect([name, typeof value]).not.toContain('undefined');
});

it('runs a registered environment by its id', () => {
  const environment = recordEpisodeStatistics(make('market-making', { numEnvs: 8, seed: 0 }));
  environment.reset();
  let episodes = 0;
  for (let step = 0; step < environment.numEnvs * 30 && episodes === 0; step += 1) {
    const actions = environment.sampleActions();
    const { info } = environment.step(actions);
    actions.dispose();
    episodes += tf.tidy(() => tf.sum(tf.cast(info._episode!, 'int32')).dataSync()[0]!);
  }
  expect(episodes).toBe(8);
  environment.close();
});

it('takes an environment of one’s own', () => {
  const coin = defineEnvironment({
    id: 'coin',
    observationSpace: makertaker.box([
      { name: 'constant', unit: '1', low: 0, high: 0, description: 'Nothing to see.' },
    ]),
    actionSpace: makertaker.discrete('guess', 'The side that will fall.', ['heads', 'tails']),
    horizon: 1,
    truncates: false,
    metrics: {},
    parameters: () => ({ bias: tf.scalar(0.8) }),
    reset: (_parameters, key) => ({ age: tf.zeros([key.row.size], 'int32') }),
    transition: ({ bias }, { age }, action, key) => {
      const tails = makertaker.bernoulli(
        key,
        0,
        tf.mul(bias!, tf.onesLike(tf.cast(age!, 'float32'))),
      );
      const right = tf.equal(tf.cast(tails, 'int32'), action);
      return {
        state: { age: tf.add(age!, tf.scalar(1, 'int32')) },
        reward: tf.cast(right, 'float32') as makertaker.tf.Tensor1D,
        terminated: tf.onesLike(right) as makertaker.tf.Tensor1D,
      };
    },
    observe: (_parameters, { age }) => tf.zeros([age!.size, 1]),
  });
  expect(checkEnvironment(coin)).toEqual([]);
  const environment = vectorise(coin, { numEnvs: 4000, seed: 0 });
  environment.reset();
  const { reward } = environment.step(new Int32Array(4000).fill(1));
  expect(tf.tidy(() => tf.mean(reward).dataSync()[0])).toBeCloseTo(0.8, 1);
  environment.close();
});

it('learns and exports from code, without the command line', async () => {
  const environment = makertaker.makeEnvironment({ id: 'cartpole', steps: 20 });
  const learner = makertaker.createLearner(environment, {
    policy: makertaker.policySchema.parse({ hidden: [8] }),
    value: makertaker.valueSchema.parse({ hidden: [8] }),
    trpo: makertaker.trpoSchema.parse({}),
    training: makertaker.trainingSchema.parse({ environments: 16, steps: 20, iterations: 1 }),
  });
  const before = learner.initialise(0);
  const { state, diagnostics } = learner.iterate(before, 0);
  const figures = await makertaker.readDiagnostics(diagnostics);
  expect(figures['finite']).toBe(1);
  expect(figures['kl']).toBeLessThanOrEqual(0.01);

  const policy = makertaker.trainedPolicy(environment, learner.policy, state.tensors, {
    name: 'trained',
    observationClip: learner.config.training.observationClip,
  });
  const baseline = makertaker.findSolver('random').create('cartpole', {}, environment.definition);
  const { policies } = await makertaker.evaluatePolicies(environment, {
    policies: [policy],
    baselines: [baseline],
    aggregates: [],
    episodes: 4,
    seed: 0,
    phase: 'test',
  });
  expect(policies.map(({ name }) => name)).toEqual(['trained', 'random']);

  const exportable = await makertaker.toExportable(learner, state.tensors, {
    name: 'cartpole',
    environment: { id: 'cartpole' },
    config: {},
  });
  const live = makertaker.livePolicy(learner, state.tensors);
  const folder = mkdtempSync(join(tmpdir(), 'makertaker-library-'));
  try {
    const { check } = await makertaker.exportPolicy(exportable, 'javascript', folder, live, {
      programVersion: makertaker.programVersion(),
    });
    expect(check.kind).toBe('agrees');
  } finally {
    rmSync(folder, { recursive: true });
  }
  [before.tensors, state.tensors, diagnostics].forEach((tree) => makertaker.disposeTree(tree));
  learner.dispose();
});

/**
 * Run before the import: makes a call of everything that changes the disk, starts a process or
 * a connection, or leaves a trace on `process` an error, and reads of what is no program too.
 */
const guard = `
  const fs = require('node:fs');
  const report = [];
  const watch = (module, names, allowed = () => false) => {
    for (const name of names) {
      const original = module[name];
      if (typeof original !== 'function') continue;
      module[name] = function (...given) {
        if (!allowed(...given)) report.push(name + ' ' + String(given[0]));
        return original.apply(this, given);
      };
    }
  };
  const isProgram = (path) => /\\.(c?js|json)$/.test(String(path));
  const changes = Object.keys(fs).filter((name) => /^(append|write|mk|rm|rename|unlink|copy|cp|chmod|chown|symlink|link|truncate|utimes|create|open)/.test(name));
  watch(fs, changes, isProgram);
  watch(fs.promises, Object.keys(fs.promises));
  watch(fs, ['readFileSync', 'readFile', 'readdirSync', 'readdir'], isProgram);
  watch(require('node:child_process'), ['spawn', 'spawnSync', 'exec', 'execSync', 'execFile', 'execFileSync', 'fork']);
  watch(require('node:net'), ['connect', 'createConnection', 'createServer']);
  watch(require('node:dns'), ['lookup', 'resolve']);
  for (const name of ['http', 'https']) watch(require('node:' + name), ['request', 'get', 'createServer']);
  watch(globalThis, ['fetch', 'setInterval', 'setTimeout']);
  watch(process, ['exit', 'on', 'once', 'chdir', 'emitWarning']);
  watch(process.stdout, ['write']);
  watch(process.stderr, ['write']);
  const before = JSON.stringify([process.env, process.cwd(), process.exitCode]);
`;
const verdict = `
  if (JSON.stringify([process.env, process.cwd(), process.exitCode]) !== before) report.push('process changed');
  fs.writeSync(1, JSON.stringify(report));
`;

describe('the package, installed', () => {
  let folder: string;
  beforeAll(() => {
    folder = installPackage();
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const run = (...words: string[]): string =>
    execFileSync(process.execPath, words, { cwd: folder, encoding: 'utf8' });

  it('touches neither the process, the disk nor the network when it is imported', () => {
    expect(JSON.parse(run('-e', `${guard} require('makertaker'); ${verdict}`))).toEqual([]);
  });

  it('notices if it does', () => {
    const write = `fs.writeFileSync('trace', ''); process.env.TRACE = '1';`;
    const reported = JSON.parse(run('-e', `${guard} ${write} ${verdict}`)) as string[];
    expect(reported).toEqual(expect.arrayContaining(['writeFileSync trace', 'process changed']));
  });

  it('gives ES modules every export by its name', () => {
    const names = Object.keys(makertaker);
    const program = `import { ${names.join(', ')} } from 'makertaker'; console.log([${names.join(', ')}].length);`;
    expect(run('--input-type=module', '-e', program)).toBe(`${names.length}\n`);
  });
});
