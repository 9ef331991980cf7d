import {
  type LearnedPolicy,
  type TrainedPolicy,
  trainedPolicy,
} from '../algorithms/policies/trained-policy';
import type { Exploitability } from '../algorithms/solvers/raid/exploitability';
import { createSelfPlay, secondPlayer } from '../algorithms/self-play';
import type { ClassicalPolicy } from '../algorithms/solvers/policy';
import type { Learner } from '../algorithms/training';
import { parseConfig } from '../configs/parse-config';
import type { Config } from '../configs/schema';
import { InputError } from '../engine/input-error';
import { disposeTree } from '../engine/tensors';
import type { GameDefinition, Side } from '../envs/game';
import { type LoadedCheckpoint, loadCheckpoint, type Pointer } from '../outputs/checkpoint';
import { restoreTensors } from '../outputs/tensor-arrays';
import { refuseList } from './list-folder';
import { type OpenedEnvironment, openEnvironment } from './open-environment';
import {
  environmentAgainst,
  exploitabilityWherePossible,
  gameOf,
  openLearner,
} from './open-learner';

/** A checkpoint brought back to life. */
export interface Trained {
  readonly checkpoint: LoadedCheckpoint;
  readonly config: Config;
  /** In a game, the environment of the player in question, who meets the other. */
  readonly opened: OpenedEnvironment;
  readonly learner: Learner;
  readonly learned: LearnedPolicy;
  /** Whose actions it corrects; null: it acts alone. */
  readonly residual: ClassicalPolicy | null;
  readonly game: TrainedGame | null;
  createPolicy(stochastic: boolean): TrainedPolicy;
  dispose(): void;
}

/** Both players of a self-play. */
export interface TrainedGame {
  readonly definition: GameDefinition;
  /** The player in question. */
  readonly side: Side;
  readonly learners: readonly [Learner, Learner];
  readonly learned: readonly [LearnedPolicy, LearnedPolicy];
}

export interface LoadOptions {
  /** Of a run: default the best checkpoint, or the last if none was validated yet. */
  readonly which?: Pointer;
  /** In a game: which player is in question; default the first. */
  readonly player?: string;
  /** Starts the device, once the config is known and before there is any tensor. */
  start(config: Config): Promise<unknown>;
}

/** @throws InputError for a checkpoint that is missing, damaged or of another kind, or a player that it has not */
export async function loadTrained(path: string, options: LoadOptions): Promise<Trained> {
  const { which, player, start } = options;
  refuseList(path);
  const checkpoint = loadCheckpoint(path, which ? { which } : {});
  const config = configOf(checkpoint);
  await start(config);
  const opened = await openEnvironment(config.env);
  if (config.selfPlay !== null) return loadPlayer({ checkpoint, config, opened }, player);
  if (player !== undefined) {
    throw new InputError(`--player ${player}: ${path} was not trained in self-play`);
  }
  const { learner, residual, dispose } = openLearner(opened, config);
  const learned = restoreLearned(checkpoint, learner, '');
  return {
    ...describe({ checkpoint, config, opened }, { learner, learned, residual }),
    game: null,
    dispose() {
      disposeTree(learned);
      dispose();
    },
  };
}

type Loaded = Pick<Trained, 'checkpoint' | 'config' | 'opened'>;

function loadPlayer(loaded: Loaded, player: string | undefined): Trained {
  const { checkpoint, config, opened } = loaded;
  const definition = gameOf(opened);
  const side = sideOf(definition, player);
  const { players } = createSelfPlay(definition, config);
  const learned = [
    restoreLearned(checkpoint, players[0], ''),
    restoreLearned(checkpoint, players[1], secondPlayer),
  ] as const;
  const environment = environmentAgainst(definition, side, config, learned[side === 0 ? 1 : 0]);
  return {
    ...describe(
      { ...loaded, opened: { ...opened, environment } },
      { learner: players[side], learned: learned[side], residual: null },
    ),
    game: { definition, side, learners: players, learned },
    dispose() {
      disposeTree(learned);
      players.forEach((learner) => learner.dispose());
    },
  };
}

function sideOf({ id, players }: GameDefinition, player: string | undefined): Side {
  const names = players.map(({ name }) => name);
  if (player !== undefined && !names.includes(player)) {
    throw new InputError(`--player ${player}: the players of ${id} are ${names.join(' and ')}`);
  }
  return player === names[1] ? 1 : 0;
}

function describe(loaded: Loaded, player: Pick<Trained, 'learner' | 'learned' | 'residual'>) {
  const { config, opened } = loaded;
  const { learner, learned, residual } = player;
  return {
    ...loaded,
    ...player,
    createPolicy: (stochastic: boolean) =>
      trainedPolicy(opened.environment, learner.policy, learned, {
        name: 'trained',
        observationClip: config.training.observationClip,
        stochastic,
        ...(residual ? { residual } : {}),
      }),
  };
}

/** @param prefix of the player's arrays */
function restoreLearned(
  { arrays }: LoadedCheckpoint,
  learner: Learner,
  prefix: string,
): LearnedPolicy {
  const { tensors } = learner.initialise(0);
  try {
    return restoreTensors(
      arrays,
      { policy: tensors.policy, observations: tensors.observations },
      prefix,
    );
  } finally {
    disposeTree(tensors);
  }
}

/** What best responses gain on both players' likeliest moves; null where there is no game of known value. */
export function exploitabilityOf({ opened, game }: Trained): Exploitability | null {
  if (!game) return null;
  const measure = exploitabilityWherePossible(opened, game.definition);
  const { learners, learned } = game;
  return (
    measure?.([
      { learner: learners[0], learned: learned[0] },
      { learner: learners[1], learned: learned[1] },
    ]) ?? null
  );
}

/** The resolved config that the checkpoint was trained with, and overrides of it. */
export const configOf = (
  { document, folder }: LoadedCheckpoint,
  overrides: readonly string[] = [],
): Config => parseConfig(JSON.stringify(document.config), `${folder}/checkpoint.json`, overrides);
