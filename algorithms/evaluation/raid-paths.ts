import * as tf from '@tensorflow/tfjs';

import type { PredationConfig } from '../../envs/predation/config';
import { createRaidGame } from '../../envs/predation/game';
import { type Band, bandOfTrack, pathOf } from './bands';
import { type Recorder, type Recording, type Track, valueAt } from './record-episodes';

/** How raids on a ladder of stops go. Prices in half-ticks, volumes in units, times in periods. */
export interface RaidPaths {
  readonly kind: 'predation';
  readonly periods: number;
  /** Of the first few episodes, from the highest level down. */
  readonly stops: readonly (readonly { readonly level: number; readonly volume: number }[])[];
  readonly policies: readonly {
    readonly policy: string;
    /** After 0 … T periods. */
    readonly mid: Band;
    readonly short: Band;
    readonly episodes: readonly RaidPath[];
  }[];
}

export interface RaidPath {
  /** Before each move of the predator (0, 1, …), after it (½, 1½, …), and at the end. */
  readonly times: readonly number[];
  readonly mid: readonly number[];
  /** Units bought in each period; negative: sold. */
  readonly trades: readonly number[];
  /** Units short after 0 … T periods. */
  readonly short: readonly number[];
  /** Stops fired after 0 … T periods. */
  readonly fired: readonly number[];
  /** Cash less what covering would cost, after 0 … T periods. */
  readonly profit: readonly number[];
}

/** The predator's own move is played once more, so that what it did to the price is seen apart from the rest. */
export function raidRecorder(config: PredationConfig): Recorder {
  const game = createRaidGame(config);
  return {
    start: (parameters, state) => {
      const rows = state.step!.size;
      const perRow = (table: tf.Tensor): tf.Tensor =>
        tf.add(tf.zeros([rows, table.shape[1]!]), table);
      return {
        levels: perRow(state.levels ?? parameters.levels!),
        volumes: perRow(state.volumes ?? parameters.volumes!),
      };
    },
    moment: (_, { mid, position, fired, profit }) => ({
      mid: mid!,
      short: tf.sub(0, position!),
      fired: tf.cast(fired!, 'float32'),
      profit: profit!,
    }),
    move(parameters, state, action) {
      const moved = game.move(parameters, state as Parameters<typeof game.move>[1], 0, action);
      return { mid: moved.mid, traded: tf.sub(moved.position, state.position!) };
    },
  };
}

/** @param recordings by `raidRecorder`, all of the same episodes @param shown episodes to show one by one */
export function raidPaths(
  { periods }: PredationConfig,
  recordings: readonly Recording[],
  shown: number,
): RaidPaths {
  const firstFew = Array.from(
    { length: Math.min(shown, recordings[0]?.episodes ?? 0) },
    (_, episode) => episode,
  );
  return {
    kind: 'predation',
    periods,
    stops: firstFew.map((episode) => stopsOf(recordings[0]!, episode)),
    policies: recordings.map((recording) => ({
      policy: recording.policy,
      mid: bandOfTrack(recording.moments.mid!),
      short: bandOfTrack(recording.moments.short!),
      episodes: firstFew.map((episode) => raidOf(recording, episode)),
    })),
  };
}

function stopsOf({ start }: Recording, episode: number) {
  const { levels, volumes } = start as Record<'levels' | 'volumes', Track>;
  return Array.from({ length: levels.width }, (_, place) => ({
    level: valueAt(levels, 0, episode, place),
    volume: valueAt(volumes, 0, episode, place),
  })).filter(({ volume }) => volume > 0);
}

function raidOf({ moments, moves, lengths }: Recording, episode: number): RaidPath {
  const length = lengths[episode]!;
  const path = (name: string): number[] => pathOf(moments[name]!, episode, length + 1);
  const before = path('mid');
  const after = pathOf(moves.mid!, episode, length);
  return {
    times: [...after.flatMap((_, period) => [period, period + 0.5]), length],
    mid: [...after.flatMap((mid, period) => [before[period]!, mid]), before[length]!],
    trades: pathOf(moves.traded!, episode, length),
    short: path('short'),
    fired: path('fired'),
    profit: path('profit'),
  };
}
