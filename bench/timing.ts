/** Something to be timed, set up and ready. */
export interface Work {
  /** What one run does: environment steps, products, updates. */
  readonly amount: number;
  /** What is done once before the first run and belongs to none, such as compiling. */
  prepare?(): Promise<void>;
  /** Returns when the device has finished. */
  run(): void | Promise<void>;
  dispose(): void;
}

export interface Effort {
  /** Runs go on until there are so many of them, or so much time is spent, s. */
  readonly runs: number;
  readonly seconds: number;
  /** Short runs go on for at least so long, s, and a third of it before any counts. Default 0. */
  readonly least?: number;
}

/** Seconds of a run after warm-up, over so many runs. */
export interface Timing {
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly runs: number;
}

/**
 * Runs the work to warm up, once at least, then until the effort is spent, once at least. A first run that
 * takes longer than the whole effort is the measurement: warming up is no part of it to speak of.
 */
export async function timeRuns(run: () => void | Promise<void>, effort: Effort): Promise<Timing> {
  const { runs, seconds, least = 0 } = effort;
  const first = await timeOnce(run);
  for (let spent = first; spent < least / 3;) spent += await timeOnce(run);
  const times: number[] = first > seconds ? [first] : [];
  let spent = first > seconds ? first : 0;
  const isEnough = (): boolean => (times.length >= runs && spent >= least) || spent >= seconds;
  while (times.length === 0 || !isEnough()) {
    const time = await timeOnce(run);
    times.push(time);
    spent += time;
  }
  times.sort((a, b) => a - b);
  return {
    median: medianOf(times),
    min: times[0]!,
    max: times.at(-1)!,
    runs: times.length,
  };
}

async function timeOnce(run: () => void | Promise<void>): Promise<number> {
  // Lets the process answer signals between two runs, which block it.
  await new Promise(setImmediate);
  const start = performance.now();
  await run();
  return (performance.now() - start) / 1000;
}

/** @param sorted not empty */
function medianOf(sorted: readonly number[]): number {
  const middle = sorted.length / 2;
  return (sorted[Math.floor(middle)]! + sorted[Math.ceil(middle) - 1]!) / 2;
}
