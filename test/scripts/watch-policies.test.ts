import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { evaluatePolicies } from '../../algorithms/evaluation/evaluate';
import { findSolver } from '../../algorithms/solvers/registry';
import { startDevice } from '../../engine/device';
import { makeEnvironment, parseEnvironment } from '../../envs/registry';
import { readMetrics } from '../../outputs/metrics-log';
import type { KnownPolicy } from '../../outputs/watch/figures';
import { inspectRun, type PolicyInspector } from '../../scripts/watch-policies';
import { captureOutput } from './capture-output';

const folder = mkdtempSync(join(tmpdir(), 'makertaker-'));
afterAll(() => rmSync(folder, { recursive: true }));

async function trainSmall(
  name: string,
  env: object,
  baselines: readonly string[],
): Promise<string> {
  const config = {
    seed: 0,
    device: 'cpu',
    env,
    policy: { hidden: [4] },
    value: { hidden: [4], fit: { kind: 'adam', epochs: 1, minibatch: 64 } },
    training: { environments: 16, steps: 8, iterations: 2 },
    evaluation: { baselines, every: 2, episodes: 40, testEpisodes: 8, seed: 3 },
  };
  const file = join(folder, `${name}.yaml`);
  writeFileSync(file, JSON.stringify(config));
  const { code, errors } = await captureOutput(['train', file, '--out', folder]);
  expect([code, errors]).toEqual([0, '']);
  return join(folder, name);
}

async function playAll({ play }: PolicyInspector): Promise<KnownPolicy[]> {
  const known: KnownPolicy[] = [];
  for await (const one of play(0)) known.push(one);
  return known;
}

beforeAll(() => startDevice('cpu'));

describe('a run of market making', () => {
  // Few inventories: the optimum is quick to find.
  const env = {
    id: 'market-making',
    steps: 8,
    arrivals: { kind: 'poisson', rate: 5 },
    inventory: { maximum: 5 },
  };
  let run: string;
  let inspector: PolicyInspector;
  beforeAll(async () => {
    run = await trainSmall('making', env, ['no-quotes', 'symmetric']);
    inspector = await inspectRun(run);
  });

  it('plays the classical policies on the episodes of the validation', async () => {
    const known = await playAll(inspector);
    const choice = parseEnvironment(env);
    const environment = makeEnvironment(choice);
    const policies = ['no-quotes', 'symmetric'].map((name) =>
      findSolver(name).create(choice.id, choice, environment.definition),
    );
    const evaluation = await evaluatePolicies(environment, {
      policies,
      baselines: [],
      aggregates: [],
      episodes: 40,
      seed: 3,
      phase: 'validation',
    });
    for (const { name, metrics } of evaluation.policies) {
      const means = Object.entries(metrics).map(([metric, { mean }]) => [metric, mean] as const);
      const found = known.find(({ policy }) => policy === name)!;
      for (const [metric, mean] of means.filter(([metric]) => metric !== 'returnNoise')) {
        expect([name, metric, found.metrics[metric]]).toEqual([
          name,
          metric,
          expect.closeTo(mean, 9),
        ]);
      }
    }
    // Where no inventory is held, nothing is earned.
    expect(known[0]!.policy).toBe('no-quotes');
    // The trained policy met the same: it is measured by the same metrics.
    const logged = Object.keys(readMetrics(join(run, 'metrics.jsonl')).at(-1)!).filter(
      (key) => key.startsWith('validation/') && !/score|gap|exploitability/.test(key),
    );
    expect(logged.sort()).toEqual(
      Object.keys(known[0]!.metrics)
        .map((key) => `validation/${key}`)
        .sort(),
    );
  });

  it('draws its quotes beside those of the first classical policy that quotes', async () => {
    const { title, lines } = (await inspector.draw())!;
    expect(title).toBe('Quotes half-way, after iteration 2');
    expect(lines.map(({ label, isDashed }) => [label, isDashed])).toEqual([
      ['bid, trained', false],
      ['ask, trained', false],
      ['bid, symmetric', true],
      ['ask, symmetric', true],
    ]);
    const [bid, , symmetricBid, symmetricAsk] = lines.map(({ points }) => points);
    expect(bid!.map(({ x }) => x)).toEqual([-4, -3, -2, -1, 0, 1, 2, 3, 4]);
    // Symmetric quotes do not look at the inventory, and are symmetric.
    const depth = symmetricBid![0]!.y;
    expect([...symmetricBid!, ...symmetricAsk!].every(({ y }) => Math.abs(y - depth) < 1e-6)).toBe(
      true,
    );
    // The trained ones do look, if only by chance: the network has not learned to be flat.
    expect(new Set(bid!.map(({ y }) => y)).size).toBeGreaterThan(1);
  });
});

describe('a run of execution', () => {
  it('draws what remains by each policy, and the schedule of Almgren and Chriss as solve has it', async () => {
    const run = await trainSmall('execution', { id: 'execution', riskAversion: 1e-6 }, [
      'twap',
      'almgren-chriss',
    ]);
    const chart = (await (await inspectRun(run)).draw())!;
    expect(chart.lines.map(({ label }) => label).slice(0, 3)).toEqual([
      'trained',
      'twap',
      'almgren-chriss',
    ]);
    const [trained, twap, optimal] = chart.lines.map(({ points }) =>
      points.map(({ y }) => y / 1e6),
    );
    expect(twap).toEqual([1, 0.8, 0.6, 0.4, 0.2, 0].map((share) => expect.closeTo(share, 5)));
    // κ of Almgren and Chriss (2000), section 3: x_k = X sinh(κ(T − t_k))/sinh(κT).
    const [eta, gamma, sigma, lambda] = [2.5e-6, 2.5e-7, 0.95, 1e-6];
    const kappa = Math.acosh((lambda * sigma ** 2) / (eta - gamma / 2) / 2 + 1);
    const expected = [0, 1, 2, 3, 4, 5].map(
      (k) => Math.sinh(kappa * (5 - k)) / Math.sinh(kappa * 5),
    );
    expect(optimal).toEqual(expected.map((share) => expect.closeTo(share, 4)));
    expect([trained![0], trained!.at(-1)]).toEqual([1, expect.closeTo(0, 5)]);
  });
});

describe('other runs', () => {
  it('have no picture where there is none to draw', async () => {
    const run = await trainSmall('pole', { id: 'cartpole', steps: 20 }, ['random']);
    const inspector = await inspectRun(run);
    expect(await inspector.draw()).toBeNull();
    const [random] = await playAll(inspector);
    expect(random!.metrics['return']).toBeGreaterThan(5);
  });

  it('are refused with a reason where the config is not one of this program', async () => {
    const path = join(folder, 'pole', 'config.yaml');
    writeFileSync(path, `${readFileSync(path, 'utf8')}\nnonsense: 1\n`);
    await expect(inspectRun(join(folder, 'pole'))).rejects.toThrow(/nonsense/);
  });
});
