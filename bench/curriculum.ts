/**
 * What a classical solution is worth as a beginning: on the market of configs/risk-averse-making.yaml, at
 * equal samples (those of cloning and of fitting the critic count), five seeds each:
 *
 * - from scratch;
 * - cloned only: the clone of the Avellaneda–Stoikov quotes, without a step of its own;
 * - cloned, then TRPO;
 * - residual: TRPO learns a correction of the quotes;
 * - full curriculum: cloned at a light penalty, then level by level.
 *
 * And whether the first update after cloning costs anything: the policy after it against the clone, on the same
 * 10,000 episodes, in per cent of the distance between the naive policy (a fixed depth) and the solver.
 *
 *   npm run -s build && node dist/bench/curriculum.js
 *
 * Writes bench/results/curriculum.json and prints its tables; some ten minutes on two cores.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { parse } from 'yaml';

import { evaluateQuotes, type ExactQuotes } from '../algorithms/evaluation/exact-quotes';
import { interquartileMean } from '../algorithms/evaluation/interquartile-mean';
import { simulate } from '../algorithms/evaluation/simulate';
import { estimateMean } from '../algorithms/evaluation/statistics';
import { type Estimate, stratifiedBootstrap } from '../algorithms/evaluation/stratified-bootstrap';
import { initialiseFromSolver } from '../algorithms/imitation';
import { trainedPolicy } from '../algorithms/policies/trained-policy';
import type { ClassicalPolicy } from '../algorithms/solvers/policy';
import { findSolver } from '../algorithms/solvers/registry';
import {
  initialiseSchema,
  type LearnerConfig,
  policySchema,
  trainingSchema,
  trpoSchema,
  valueSchema,
} from '../algorithms/schema';
import { createLearner, type TrainingState } from '../algorithms/training';
import { startDevice } from '../engine/device';
import { disposeTree } from '../engine/tensors';
import type { Environment } from '../envs/environment';
import { kind } from '../envs/market-making';
import type { MarketMakingConfig } from '../envs/market-making/config';
import { makeFromKind } from '../envs/registry';
import { describeMachine } from './machine';

const seeds = [0, 1, 2, 3, 4];
const solverName = 'avellaneda-stoikov';
const naiveName = 'fixed-depth';
/** Iterations whose samples every variant may use. */
const budget = 20;
const cloning = { rounds: 3, criticIterations: 2 };
const remaining = budget - cloning.rounds - cloning.criticIterations;
/** So near that no round is left out. */
const tolerance = 1e-9;
const episodes = 10_000;

const root = join(__dirname, '../..');
const file = join(root, 'configs/risk-averse-making.yaml');

const initialise = { from: solverName, tolerance, ...cloning };
const levels = [
  { name: 'light', env: { reward: { running: 0.05 } } },
  { name: 'middle', env: { reward: { running: 0.1 } } },
];

/** The variants that TRPO trains, as `--set` of the config. */
const variants: Readonly<Record<string, readonly string[]>> = {
  'from scratch': ['curriculum=null', `training.iterations=${budget}`],
  'cloned, then TRPO': [
    `curriculum=${JSON.stringify({ initialise })}`,
    `training.iterations=${remaining}`,
  ],
  residual: ['curriculum=null', `policy.residual=${solverName}`, `training.iterations=${budget}`],
  'full curriculum': [
    `curriculum=${JSON.stringify({ initialise, levels, pass: { score: 0.7, evaluations: 1 } })}`,
    `training.iterations=${remaining}`,
    'evaluation.every=2',
  ],
};

/** Of one trained policy, exactly. */
interface Outcome {
  readonly return: number;
  /** At the market's risk aversion, quote currency. */
  readonly certaintyEquivalent: number;
}

interface FirstUpdate {
  /** Return after it less that before it, on the same episodes. */
  readonly difference: number;
  readonly ci95: readonly [number, number];
  /** From the naive policy to the solver. */
  readonly distance: number;
}

async function main(): Promise<void> {
  const document = parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
  const config: LearnerConfig = {
    policy: policySchema.parse(document['policy']),
    value: valueSchema.parse(document['value']),
    trpo: trpoSchema.parse(document['trpo']),
    training: trainingSchema.parse(document['training']),
  };
  const market = openMarket(document['env']);
  const outcomes: Record<string, Outcome[]> = {};
  for (const [name, changes] of Object.entries(variants)) {
    outcomes[name] = seeds.map((seed) => {
      const outcome = trainByCommand(changes, seed);
      say(`${name}, seed ${seed}: return ${outcome.return.toFixed(3)}`);
      return outcome;
    });
  }
  await startDevice('auto');
  const firstUpdates: FirstUpdate[] = [];
  outcomes['cloned only'] = [];
  for (const seed of seeds) {
    const { clone, firstUpdate } = await cloneAndUpdate(market, config, seed);
    outcomes['cloned only'].push(clone);
    firstUpdates.push(firstUpdate);
    say(`cloned only, seed ${seed}: return ${clone.return.toFixed(3)}`);
  }
  const { environments, steps } = config.training;
  const report = {
    machine: describeMachine(),
    config: 'configs/risk-averse-making.yaml',
    seeds,
    samples: {
      each: budget * environments * steps,
      'cloned only': (cloning.rounds + cloning.criticIterations) * environments * steps,
    },
    known: referencesOf(market),
    variants: Object.fromEntries(
      Object.entries(outcomes).map(([name, runs]) => [name, summariseRuns(runs)]),
    ),
    firstUpdates: firstUpdates.map(({ difference, ci95, distance }) => ({
      difference,
      ci95,
      lowerBoundInPerCent: (100 * ci95[0]) / distance,
    })),
  };
  writeFileSync(
    join(root, 'bench/results/curriculum.json'),
    `${JSON.stringify(report, null, 2)}\n`,
  );
  console.log(formatReport(report));
}

/** A run of the command line, as a user would make it. */
function trainByCommand(changes: readonly string[], seed: number): Outcome {
  const folder = mkdtempSync(join(tmpdir(), 'curriculum-'));
  try {
    execFileSync(
      process.execPath,
      [
        ...[join(root, 'dist/scripts/makertaker.js'), 'train', file],
        ...['--out', folder, '--seed', String(seed)],
        ...changes.flatMap((change) => ['--set', change]),
      ],
      { stdio: ['ignore', 'ignore', 'inherit'] },
    );
    const evaluation = JSON.parse(
      readFileSync(join(folder, `risk-averse-making/evaluation.json`), 'utf8'),
    ) as { readonly exact: readonly ExactQuotes[] };
    return outcomeOf(evaluation.exact, 'trained');
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function outcomeOf(figures: readonly ExactQuotes[], name: string): Outcome {
  const { expectedReturn, certaintyEquivalent } = figures.find(({ policy }) => policy === name)!;
  return { return: expectedReturn, certaintyEquivalent };
}

async function cloneAndUpdate(
  market: Market,
  config: LearnerConfig,
  seed: number,
): Promise<{ clone: Outcome; firstUpdate: FirstUpdate }> {
  const { environment, parameters } = market;
  const learner = createLearner(environment, config);
  const solver = createPolicy(market, solverName);
  const naive = createPolicy(market, naiveName);
  const untrained = learner.initialise(seed);
  const { state } = await initialiseFromSolver(learner, solver, untrained, {
    seed,
    options: initialiseSchema.parse(initialise)!,
  });
  const updated = learner.iterate(state, seed);
  const policyOf = ({ tensors }: TrainingState) =>
    trainedPolicy(environment, learner.policy, tensors, {
      name: 'trained',
      observationClip: config.training.observationClip,
    });
  const play = async (policy: Parameters<typeof simulate>[1]) =>
    (await simulate(environment, policy, { episodes, seed: 0, phase: 'test' })).return!;
  const before = await play(policyOf(state));
  const after = await play(policyOf(updated.state));
  const { mean, ci95 } = estimateMean(after.map((value, index) => value - before[index]!));
  const distance = estimateMean(await play(solver)).mean - estimateMean(await play(naive)).mean;
  const clone = outcomeOf(
    evaluateQuotes(parameters, environment.definition, [policyOf(state)]),
    'trained',
  );
  disposeTree([untrained.tensors, state.tensors, updated.state.tensors, updated.diagnostics]);
  learner.dispose();
  [solver, naive].forEach((policy) => policy.dispose?.());
  return { clone, firstUpdate: { difference: mean, ci95, distance } };
}

const createPolicy = ({ parameters, environment }: Market, name: string): ClassicalPolicy =>
  findSolver(name).create(kind.id, parameters, environment.definition);

interface Market {
  readonly parameters: MarketMakingConfig;
  readonly environment: Environment;
}

function openMarket(env: unknown): Market {
  const { id: _, ...given } = env as { readonly id: string };
  const parameters = kind.schema.parse(given);
  return { parameters, environment: makeFromKind(kind, parameters) };
}

/** The solver, the naive policy and the optimum. */
function referencesOf(market: Market): Record<string, Outcome> {
  const names = [solverName, naiveName, 'cara-quotes'];
  const policies = names.map((name) => createPolicy(market, name));
  const exact = evaluateQuotes(market.parameters, market.environment.definition, policies);
  policies.forEach((policy) => policy.dispose?.());
  return Object.fromEntries([...names, 'optimum'].map((name) => [name, outcomeOf(exact, name)]));
}

/** Interquartile mean over the seeds, with a bootstrap interval. */
interface Summary {
  readonly return: Estimate;
  readonly certaintyEquivalent: Estimate;
  readonly runs: readonly Outcome[];
}

function summariseRuns(runs: readonly Outcome[]): Summary {
  const estimate = (figure: keyof Outcome): Estimate =>
    stratifiedBootstrap([runs.map((run) => run[figure])], ([values]) => interquartileMean(values!));
  return {
    return: estimate('return'),
    certaintyEquivalent: estimate('certaintyEquivalent'),
    runs,
  };
}

function formatReport(report: {
  readonly samples: { readonly each: number };
  readonly known: Record<string, Outcome>;
  readonly variants: Record<string, Summary>;
  readonly firstUpdates: readonly { readonly lowerBoundInPerCent: number }[];
}): string {
  const shown = ({ value, ci95 }: Estimate): string =>
    `${value.toFixed(3)} [${ci95!.map((bound) => bound.toFixed(3)).join(', ')}]`;
  const lines = [
    `${seeds.length} seeds, ${report.samples.each.toLocaleString('en')} samples each; interquartile means, 95 % bootstrap intervals`,
    '',
    '| variant | mean return, exactly | certainty equivalent, exactly |',
    '| --- | --- | --- |',
    ...Object.entries(report.variants).map(
      ([name, { return: mean, certaintyEquivalent }]) =>
        `| ${name} | ${shown(mean)} | ${shown(certaintyEquivalent)} |`,
    ),
    ...Object.entries(report.known).map(
      ([name, { return: mean, certaintyEquivalent }]) =>
        `| ${name} | ${mean.toFixed(3)} | ${certaintyEquivalent.toFixed(3)} |`,
    ),
    '',
    `first update after cloning, lower bound of the paired difference in per cent of the distance from ${naiveName} to ${solverName}: ${report.firstUpdates.map(({ lowerBoundInPerCent }) => lowerBoundInPerCent.toFixed(2)).join(', ')}`,
  ];
  return lines.join('\n');
}

const say = (line: string): void => console.error(line);

void main();
