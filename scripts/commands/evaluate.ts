import { aggregatesFor } from '../../algorithms/evaluation/aggregates';
import { type Evaluation, evaluatePolicies } from '../../algorithms/evaluation/evaluate';
import { evaluateExactly } from '../../algorithms/evaluation/exact';
import type { Exploitability } from '../../algorithms/solvers/raid/exploitability';
import type { PlayedPolicy } from '../../algorithms/evaluation/compare';
import type { EvaluatedPolicy } from '../../algorithms/evaluation/simulate';
import type { Config } from '../../configs/schema';
import { InputError } from '../../engine/input-error';
import type { LearningCurves } from '../../outputs/report/learning-curves';
import { checkCount, chooseDevice } from '../check-options';
import {
  createClassicalPolicies,
  createFittingPolicies,
  createReferences,
  disposeReferences,
  fittingPolicies,
} from '../classical-policies';
import { type Command, deviceOptions, exitCodes, overrideOption } from '../command';
import { checkReportFile, readLearning, writeReport } from '../evaluation-report';
import { formatEvaluation } from '../format-evaluation';
import { exploitabilityOf, loadTrained } from '../load-trained';
import { type OpenedEnvironment, openEnvironment } from '../open-environment';
import { readConfig } from '../read-config';
import { startDeviceWith } from '../start-device';

interface Options {
  readonly checkpoint: string | undefined;
  readonly env: string | undefined;
  readonly policy: readonly string[] | undefined;
  readonly baselines: readonly string[] | undefined;
  readonly set: readonly string[];
  readonly episodes: number | undefined;
  readonly seed: number | undefined;
  readonly last: boolean;
  readonly player: string | undefined;
  readonly stochastic: boolean;
  readonly exact: boolean;
  readonly json: boolean;
  readonly report: string | undefined;
  readonly device: string | undefined;
  readonly threads: number | undefined;
}

export const command: Command<Options> = {
  declare: (yargs) =>
    yargs
      .positional('checkpoint', {
        type: 'string',
        describe: 'a run (its best checkpoint) or a checkpoint folder',
      })
      .options({
        env: {
          type: 'string',
          requiresArg: true,
          describe: 'a config: its environment, without a trained policy',
        },
        policy: {
          type: 'string',
          array: true,
          describe: 'with --env: classical policies to evaluate, or all that fit',
        },
        baselines: {
          type: 'string',
          array: true,
          describe:
            "classical policies to compare with; default the config's for a checkpoint, none with --env",
        },
        set: {
          ...overrideOption,
          describe: 'with --env: key.path=value overrides a key of the config',
        },
        episodes: {
          type: 'number',
          requiresArg: true,
          describe: "episodes of each policy; default the config's",
        },
        seed: {
          type: 'number',
          requiresArg: true,
          describe: "seed of the noise; default the config's evaluation.seed",
        },
        last: {
          type: 'boolean',
          default: false,
          describe: "a run's last checkpoint in place of its best",
        },
        player: {
          type: 'string',
          requiresArg: true,
          describe: 'after self-play: which player is in question; default the first',
        },
        stochastic: {
          type: 'boolean',
          default: false,
          describe: 'draw the trained actions instead of their mean or likeliest',
        },
        exact: {
          type: 'boolean',
          default: false,
          describe:
            'also the figures without simulation, of mean actions and of the optimum, where they exist',
        },
        json: { type: 'boolean', default: false, describe: 'print one JSON object' },
        report: {
          type: 'string',
          requiresArg: true,
          describe: 'write a page with figures to this file, and their data beside it',
        },
        ...deviceOptions,
      })
      .example('$0 evaluate runs/quickstart', "the trained policy against its config's baselines")
      .example(
        '$0 evaluate --env configs/avellaneda-stoikov.yaml --policy avellaneda-stoikov symmetric --episodes 100000',
        'classical policies on the same noise',
      )
      .example(
        '$0 evaluate --env configs/execution-caps.yaml --policy all',
        'every classical policy that fits; the first is compared with the others',
      )
      .example('$0 evaluate runs/quickstart --exact', 'and what each policy earns in expectation')
      .example('$0 evaluate runs/quickstart --report report.html', 'a page with figures')
      .example('$0 evaluate runs/quickstart --baselines symmetric --json', 'for another program'),

  async run(options) {
    if (options.episodes !== undefined) checkCount('--episodes', options.episodes, 2);
    if (options.seed !== undefined) checkCount('--seed', options.seed, 0);
    if (options.report !== undefined) checkReportFile(options.report);
    const subject = await openSubject(options);
    const { config, opened } = subject;
    const { evaluation } = config;
    const references = createReferences(opened, config.curriculum?.references);
    try {
      const all = [...subject.policies, ...subject.baselines];
      const played: PlayedPolicy[] = [];
      const exact = options.exact ? evaluateExactly(opened, all) : undefined;
      const simulated = await evaluatePolicies(opened.environment, {
        policies: subject.policies,
        baselines: subject.baselines,
        aggregates: aggregatesFor(opened.environment.metrics, opened.parameters),
        references,
        episodes: options.episodes ?? evaluation.testEpisodes,
        seed: options.seed ?? evaluation.seed,
        phase: 'test',
        onPlayed: (one) => played.push(one),
      });
      const { exploitability } = subject;
      const result: Evaluation = {
        ...simulated,
        ...(exact ? { exact } : {}),
        ...(exploitability ? { exploitability } : {}),
      };
      const text = options.json ? JSON.stringify(result) : formatEvaluation(result);
      process.stdout.write(`${text}\n`);
      if (options.report !== undefined) {
        const say = options.json ? process.stderr : process.stdout;
        const files = writeReport({
          file: options.report,
          subject: subject.description,
          config,
          opened,
          device: subject.device(),
          evaluation: result,
          played,
          policies: all,
          learning: subject.learning(),
        });
        say.write(`\n${files[0]}: the page\n${files[1]}: the data of its figures\n`);
      }
    } finally {
      subject.dispose();
      disposeReferences(references);
    }
    return exitCodes.done;
  },
};

interface Subject {
  readonly config: Config;
  readonly opened: OpenedEnvironment;
  readonly policies: readonly EvaluatedPolicy[];
  readonly baselines: readonly EvaluatedPolicy[];
  /** Of both players of a game. */
  readonly exploitability?: Exploitability | null;
  /** What is evaluated, for the head of a report. */
  readonly description: string;
  /** Of the run, where it left a log. */
  learning(): LearningCurves | null;
  /** `wasm 4.22.0` */
  device(): string;
  dispose(): void;
}

async function openSubject(options: Options): Promise<Subject> {
  const { checkpoint, env, policy = [], set } = options;
  if (options.exact && options.stochastic) {
    throw new InputError(
      'evaluate: --exact is about mean actions, --stochastic about drawn ones; give one of them',
    );
  }
  if ((checkpoint === undefined) === (env === undefined)) {
    throw new InputError(
      'evaluate: give either a run or checkpoint (runs/NAME), or --env CONFIG.yaml with --policy NAME…',
    );
  }
  if (env !== undefined && options.player !== undefined) {
    throw new InputError('evaluate: --player goes with a run that was trained in self-play');
  }
  if (env !== undefined) return openClassical(env, options);
  if (/\.ya?ml$/.test(checkpoint!)) {
    throw new InputError(
      `${checkpoint}: a config; evaluate it by --env ${checkpoint} --policy NAME…, or give a run, such as runs/quickstart`,
    );
  }
  if (policy.length > 0 || set.length > 0) {
    throw new InputError(
      `evaluate: ${policy.length > 0 ? '--policy' : '--set'} goes with --env; policies to compare a checkpoint with are --baselines`,
    );
  }
  return openTrained(checkpoint!, options);
}

async function openTrained(path: string, options: Options): Promise<Subject> {
  let device = '';
  const trained = await loadTrained(path, {
    ...(options.last ? { which: 'last' } : {}),
    ...(options.player === undefined ? {} : { player: options.player }),
    start: async (config) => {
      device = await start(config, options);
    },
  });
  const { config, opened, checkpoint } = trained;
  const names = options.baselines ?? config.evaluation.baselines;
  if (trained.game?.side === 1 && names.length > 0) {
    const { players } = trained.game.definition;
    throw new InputError(
      `--player ${players[1].name}: classical policies play the ${players[0].name}; expected no baselines`,
    );
  }
  const baselines = createClassicalPolicies(names, opened);
  return {
    config,
    opened,
    policies: [trained.createPolicy(options.stochastic)],
    baselines,
    exploitability: exploitabilityOf(trained),
    description: `${path}, the checkpoint after iteration ${checkpoint.iteration}`,
    learning: () => readLearning(checkpoint.folder, checkpoint.iteration),
    device: () => device,
    dispose() {
      trained.dispose();
      baselines.forEach((baseline) => baseline.dispose?.());
    },
  };
}

/** Without baselines, the first policy is compared with the others. */
async function openClassical(file: string, options: Options): Promise<Subject> {
  const { policy: names = [], baselines: others } = options;
  const config = readConfig(file, options.set);
  const opened = await openEnvironment(config.env);
  const fitting = fittingPolicies(opened).map(({ name }) => name);
  if (names.length === 0) {
    throw new InputError(
      `evaluate: --env needs --policy NAME…, or --policy all; those that fit ${opened.kind.id}: ${fitting.join(', ')}`,
    );
  }
  const device = await start(config, options);
  const every = names.includes('all')
    ? createFittingPolicies(opened, (name, reason) =>
        process.stderr.write(`left out: ${name} (${reason})\n`),
      )
    : [];
  const fitted = every.map(({ name }) => name);
  const chosen = new Set(names.flatMap((name) => (name === 'all' ? fitted : [name])));
  const wanted = [...new Set([...chosen, ...(others ?? [])])];
  const further = wanted.filter((name) => !fitted.includes(name));
  const made = [...every, ...createClassicalPolicies(further, opened)];
  const all = wanted.map((name) => made.find((policy) => policy.name === name)!);
  const split = others === undefined ? 1 : chosen.size;
  return {
    config,
    opened,
    policies: all.slice(0, split),
    baselines: all.slice(split),
    description: `policies on ${file}`,
    learning: () => null,
    device: () => device,
    dispose: () => all.forEach((one) => one.dispose?.()),
  };
}

/** @returns the device, in words */
async function start(config: Config, options: Options): Promise<string> {
  const { device, threads } = chooseDevice(options, config);
  const { name, version } = await startDeviceWith(device, threads, (line) =>
    process.stderr.write(`${line}\n`),
  );
  return `${name} ${version}`;
}
