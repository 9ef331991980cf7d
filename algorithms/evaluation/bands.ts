import type { Recording, Track } from './record-episodes';
import { valueAt } from './record-episodes';
import { quantile } from './statistics';

/** How a figure is spread over episodes, moment by moment; each [moments]. */
export interface Band {
  readonly mean: readonly number[];
  readonly median: readonly number[];
  /** Quantiles of 5, 25, 75 and 95 %. */
  readonly low: readonly number[];
  readonly lower: readonly number[];
  readonly upper: readonly number[];
  readonly high: readonly number[];
}

/** @param valuesAt the episodes' values at a moment, in any order */
export function bandOver(moments: number, valuesAt: (moment: number) => ArrayLike<number>): Band {
  const rows = Array.from({ length: moments }, (_, moment) => {
    const sorted = Float64Array.from(valuesAt(moment)).sort();
    return {
      mean: sorted.reduce((sum, value) => sum + value, 0) / sorted.length,
      at: (level: number) => quantile(sorted, level),
    };
  });
  const level = (share: number) => rows.map(({ at }) => rounded(at(share)));
  return {
    mean: rows.map(({ mean }) => rounded(mean)),
    median: level(0.5),
    low: level(0.05),
    lower: level(0.25),
    upper: level(0.75),
    high: level(0.95),
  };
}

export const bandOfTrack = (track: Track, component = 0): Band =>
  bandOver(track.moments, (moment) =>
    Float64Array.from({ length: track.episodes }, (_, episode) =>
      valueAt(track, moment, episode, component),
    ),
  );

/** One episode's values at the first moments, up to `moments` of them. */
export const pathOf = (
  track: Track,
  episode: number,
  moments = track.moments,
  component = 0,
): number[] =>
  Array.from({ length: Math.min(moments, track.moments) }, (_, moment) =>
    rounded(valueAt(track, moment, episode, component)),
  );

/** Rewards earned so far, by moment: 0 at the start. */
export interface ReturnPaths {
  readonly policy: string;
  readonly band: Band;
  /** Of the first few episodes, each to its end. */
  readonly episodes: readonly (readonly number[])[];
}

/** @param shown how many episodes to show one by one */
export function returnPaths(recording: Recording, shown: number): ReturnPaths {
  const { policy, reward, episodes, steps, lengths } = recording;
  const values = new Float64Array((steps + 1) * episodes);
  for (let step = 0; step < steps; step += 1) {
    for (let episode = 0; episode < episodes; episode += 1) {
      values[(step + 1) * episodes + episode] =
        values[step * episodes + episode]! + valueAt(reward, step, episode);
    }
  }
  return {
    policy,
    band: bandOver(steps + 1, (moment) =>
      values.subarray(moment * episodes, (moment + 1) * episodes),
    ),
    episodes: Array.from({ length: Math.min(shown, episodes) }, (_, episode) =>
      Array.from({ length: lengths[episode]! + 1 }, (_, moment) =>
        rounded(values[moment * episodes + episode]!),
      ),
    ),
  };
}

/** To the digits that float32 has: nothing is lost, and files stay small. */
export const rounded = (value: number): number => Number(value.toPrecision(7));
