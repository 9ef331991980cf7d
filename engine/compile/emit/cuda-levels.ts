import type { Action } from './cuda-block';
import type { Place, Work } from './cuda-parameters';

/** A list of actions in which no thread needs what another one does, or a single action of another kind. */
export interface Level {
  readonly actions: readonly Action[];
  /** Null: it cannot be shared out over blocks. */
  readonly chains: readonly Chain[] | null;
  /** Turns that a block takes, about. */
  readonly turns: number;
}

/** Works on equally many entries, entry i of all of them by one thread. */
export interface Chain {
  readonly entries: number;
  readonly works: readonly Work[];
}

/** Threads of a kernel of one block, at most. */
export const mostThreads = 1024;

/** Every turn of a block waits for memory, about half a microsecond; a launch and a grid's only turn take as long as these. */
const turnsOfLaunch = 4;
const turnsOfGrid = 2;
/** What a further work adds to a turn. */
const turnsOfWork = 0.15;

/** @param placeOf where a parameter lies; null: nowhere that a kernel writes to */
export function splitLevels(
  actions: readonly Action[],
  placeOf: (place: Place) => string | null,
): Level[] {
  const levels: Level[] = [];
  const hazards = trackHazards(placeOf);
  let works: Work[] = [];
  const finish = (): void => {
    if (works.length > 0) levels.push(levelOf(works));
    works = [];
    hazards.clear();
  };
  for (const action of actions) {
    if (action.kind !== 'work' || action.work.entries === null) {
      finish();
      levels.push({ actions: [action], chains: null, turns: 1 });
      continue;
    }
    if (hazards.hits(action.work)) finish();
    works.push(action.work);
    hazards.add(action.work);
  }
  finish();
  return levels;
}

function levelOf(works: readonly Work[]): Level {
  const counts = [...new Set(works.map(({ entries }) => entries!))];
  const turns = works.map(({ entries }, index) => {
    const isFirst = index === 0 || works[index - 1]!.entries !== entries;
    return Math.ceil(entries! / mostThreads) * (isFirst ? 1 : turnsOfWork);
  });
  return {
    actions: works.map((work) => ({ kind: 'work', work })),
    chains: counts.map((entries) => ({
      entries,
      works: works.filter((work) => work.entries === entries),
    })),
    turns: turns.reduce((sum, one) => sum + one, 0),
  };
}

/** The choice that takes the fewest turns in all, by dynamic programming over the levels. */
export function chooseGrids(levels: readonly Level[]): { level: Level; isGrid: boolean }[] {
  interface Choice {
    readonly turns: number;
    readonly isGrid: readonly boolean[];
  }
  const better = (a: Choice, b: Choice): Choice => (b.turns < a.turns ? b : a);
  let inBlock: Choice = { turns: Infinity, isGrid: [] };
  let inGrid: Choice = { turns: 0, isGrid: [] };
  for (const { chains, turns } of levels) {
    const add = ({ turns: before, isGrid }: Choice, more: number, is: boolean): Choice => ({
      turns: before + more,
      isGrid: [...isGrid, is],
    });
    const asGrid = add(
      better(inGrid, inBlock),
      chains ? turnsOfGrid + turnsOfLaunch : Infinity,
      true,
    );
    // A block goes on, or another one begins.
    inBlock = better(add(inBlock, turns, false), add(inGrid, turns + turnsOfLaunch, false));
    inGrid = asGrid;
  }
  const { isGrid } = better(inGrid, inBlock);
  return levels.map((level, index) => ({ level, isGrid: isGrid[index]! }));
}

/** What threads have read and written since the last barrier. */
export function trackHazards(placeOf: (place: Place) => string | null) {
  /** Whether entry i by thread i alone. */
  const written = new Map<string, boolean>();
  const read = new Map<string, boolean>();
  const places = (list: readonly Place[]): string[] =>
    list.flatMap((place) => placeOf(place) ?? []);
  const note = (map: Map<string, boolean>, place: string, isOwn: boolean): void => {
    map.set(place, isOwn && (map.get(place) ?? true));
  };
  const isOwn = ({ entries }: Work): boolean => entries !== null;
  return {
    clear(): void {
      written.clear();
      read.clear();
    },
    hits(work: Work): boolean {
      const reads = work.reads.some((access) => {
        const before = written.get(placeOf(access.place) ?? '');
        return before !== undefined && !(before && access.isOwn && isOwn(work));
      });
      const writes = places(work.writes).some((place) =>
        [written, read].some((map) => map.has(place) && !(map.get(place)! && isOwn(work))),
      );
      return reads || writes;
    },
    add(work: Work): void {
      work.reads.forEach(({ place, isOwn: own }) => {
        const name = placeOf(place);
        if (name !== null) note(read, name, own && isOwn(work));
      });
      places(work.writes).forEach((place) => note(written, place, isOwn(work)));
    },
  };
}
