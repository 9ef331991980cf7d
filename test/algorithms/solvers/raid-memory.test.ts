import { openRaid } from '../../../algorithms/solvers/raid/game';
import { rememberGames } from '../../../algorithms/solvers/raid/remember-games';
import type { NoisyRaidProblem } from '../../../algorithms/solvers/raid/rules';

const problem = (level: number): NoisyRaidProblem => ({
  mid: 200,
  tick: 2,
  stops: [
    { level, volume: 4 },
    { level: level - 20, volume: 3 },
  ],
  halfSpread: 1,
  maxShort: 10,
  maxTrade: 4,
  periods: 6,
  recovery: 2,
  noise: 0,
  defender: null,
});

it('a game grows in memory as it is solved', () => {
  const game = openRaid(problem(190));
  const before = game.bytes();
  game.value(game.start);
  // A float64 a state at least.
  expect(game.bytes() - before).toBeGreaterThan(8 * game.statesKnown());
});

it('games are remembered while there is room, and the oldest forgotten where there is none', () => {
  const levels = [190, 188, 186, 184, 182, 180];
  const playedWith = (mostBytes?: number) => {
    const open = rememberGames(mostBytes);
    const solve = (level: number) => {
      const game = open(problem(level));
      return { game, value: game.value(game.start) };
    };
    const first = levels.map(solve);
    const newest = solve(levels.at(-1)!);
    const oldest = solve(levels[0]!);
    expect(oldest.value).toBe(first[0]!.value);
    return [newest.game === first.at(-1)!.game, oldest.game === first[0]!.game];
  };
  expect(playedWith()).toEqual([true, true]);
  const solved = openRaid(problem(190));
  solved.value(solved.start);
  expect(playedWith(3 * solved.bytes())).toEqual([true, false]);
});
