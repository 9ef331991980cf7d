import { openRaid, type RaidGame } from './game';
import type { NoisyRaidProblem } from './rules';

/** What a game takes beside its values, as measured over 20,000 games. */
const bytesOfGame = 5500;

/**
 * Games by their problem; the oldest are given up where all of them take too much memory.
 * @param mostBytes what they may take together, the last one aside
 */
export function rememberGames(mostBytes = 4e8): (problem: NoisyRaidProblem) => RaidGame {
  const games = new Map<string, RaidGame>();
  const sizeOf = (game: RaidGame): number => bytesOfGame + game.bytes();
  let bytes = 0;
  let last: RaidGame | null = null;
  let before = 0;
  return (problem) => {
    // What the last one has learned since it was handed out.
    if (last) bytes += sizeOf(last) - before;
    for (const [name, game] of games) {
      if (bytes <= mostBytes || game === last) break;
      bytes -= sizeOf(game);
      games.delete(name);
    }
    const name = JSON.stringify(problem);
    const known = games.get(name);
    const game = known ?? openRaid(problem);
    games.set(name, game);
    last = game;
    before = known ? sizeOf(game) : 0;
    return game;
  };
}
