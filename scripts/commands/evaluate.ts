import { aggregatesFor } from '../../algorithms/evaluation/aggregates';
import { type Evaluation, evaluatePolicies } from '../../algorithms/evaluation/evaluate';
import { evaluateExactly } from '../../algorithms/evaluation/exact';
import type { EvaluatedPolicy } from '../../algorithms/evaluation/simulate';
import type { Config } from '../../configs/schema';
import { InputError } from '../../engine/input-error';
import { checkCount, chooseDevice } from '../check-options';
import {
  createClassicalPolicies,
  createReferences,
  disposeReferences,
  fittingPolicies,
} from '../classical-policies';
import { type Command, deviceOptions, exitCodes, overrideOption } from '../command';
import { formatEvaluation } from '../format-evaluation';
import { loadTrained } from '../load-trained';
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
      .example('$0 evaluate runs/quickstart --baselines symmetric --json', 'for another program'),

  async run(options) {
    if (options.episodes !== undefined) checkCount('--episodes', options.episodes, 2);
    if (options.seed !== undefined) checkCount('--seed', options.seed, 0);
    const subject = await openSubject(options);
    const { config, opened } = subject;
    const { evaluation } = config;
    const references = createReferences(opened);
    try {
      const all = [...subject.policies, ...subject.baselines];
      const exact = options.exact ? evaluateExactly(opened, all) : undefined;
      const simulated = await evaluatePolicies(opened.environment, {
        policies: subject.policies,
        baselines: subject.baselines,
        aggregates: aggregatesFor(opened.environment.metrics, opened.parameters),
        references,
        episodes: options.episodes ?? evaluation.testEpisodes,
        seed: options.seed ?? evaluation.seed,
        phase: 'test',
      });
      const result: Evaluation = { ...simulated, ...(exact ? { exact } : {}) };
      const text = options.json ? JSON.stringify(result) : formatEvaluation(result);
      process.stdout.write(`${text}\n`);
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
  const trained = await loadTrained(path, {
    ...(options.last ? { which: 'last' } : {}),
    ...(options.player === undefined ? {} : { player: options.player }),
    start: (config) => start(config, options),
  });
  const { config, opened } = trained;
  const names = options.baselines ?? config.evaluation.baselines;
  const baselines = createClassicalPolicies(names, opened);
  return {
    config,
    opened,
    policies: [trained.createPolicy(options.stochastic)],
    baselines,
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
  await start(config, options);
  const chosen = names.flatMap((name) => (name === 'all' ? fitting : [name]));
  const split = others === undefined ? 1 : new Set(chosen).size;
  const all = createClassicalPolicies([...chosen, ...(others ?? [])], opened);
  return {
    config,
    opened,
    policies: all.slice(0, split),
    baselines: all.slice(split),
    dispose: () => all.forEach((one) => one.dispose?.()),
  };
}

async function start(config: Config, options: Options): Promise<void> {
  const { device, threads } = chooseDevice(options, config);
  await startDeviceWith(device, threads, (line) => process.stderr.write(`${line}\n`));
}
