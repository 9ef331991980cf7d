import { timeRuns } from '../../bench/timing';

/** Work that takes so many milliseconds in its n-th run, the first included. */
function sleeper(milliseconds: readonly number[]) {
  let run = 0;
  return {
    done: () => run,
    run(): void {
      const end = performance.now() + milliseconds[Math.min(run, milliseconds.length - 1)]!;
      run += 1;
      while (performance.now() < end);
    },
  };
}

it('leaves the warm-up out, and tells median and range of the rest in seconds', async () => {
  const work = sleeper([60, 2, 4, 30]);
  const { median, min, max, runs } = await timeRuns(work.run, { runs: 3, seconds: 10 });
  expect(runs).toBe(3);
  expect(min).toBeGreaterThanOrEqual(0.002);
  expect(median).toBeGreaterThanOrEqual(0.004);
  expect(max).toBeGreaterThanOrEqual(0.03);
  expect(min).toBeLessThanOrEqual(median);
  expect(median).toBeLessThan(max);
});

it('takes the mean of the two in the middle as the median of an even number', async () => {
  const { median, min, max } = await timeRuns(sleeper([0, 5, 20]).run, { runs: 2, seconds: 10 });
  expect(median).toBeCloseTo((min + max) / 2, 12);
});

it('stops when its time is spent, but not before one run', async () => {
  // The first run is short, each of the others takes more than the time there is.
  const work = sleeper([1, 500]);
  expect(await timeRuns(work.run, { runs: 100, seconds: 0.4 })).toMatchObject({ runs: 1 });
  expect(work.done()).toBe(2);
});

it('takes a first run that is longer than the whole effort for the measurement', async () => {
  const work = sleeper([20]);
  const { runs, median } = await timeRuns(work.run, { runs: 3, seconds: 0.01 });
  expect([runs, work.done()]).toEqual([1, 1]);
  expect(median).toBeGreaterThanOrEqual(0.02);
});
