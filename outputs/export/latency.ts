import { quantile } from '../../algorithms/evaluation/statistics';

/** How long one decision takes, microseconds. */
export interface Latency {
  readonly median: number;
  /** The 99th percentile. */
  readonly high: number;
  readonly decisions: number;
}

/** Of so many first decisions nothing is counted: caches and the JavaScript engine warm up. */
const warmUp = 0.2;

/** @param nanoseconds of one decision after the other */
export function latencyOf(nanoseconds: Float64Array): Latency {
  const counted = nanoseconds.slice(Math.floor(nanoseconds.length * warmUp)).sort();
  return {
    median: quantile(counted, 0.5) / 1000,
    high: quantile(counted, 0.99) / 1000,
    decisions: counted.length,
  };
}

/** Times decisions one by one. @param decide takes the number of the decision */
export async function timeDecisions(
  decide: (count: number) => unknown,
  decisions: number,
): Promise<Latency> {
  const nanoseconds = new Float64Array(decisions);
  for (let count = 0; count < decisions; count += 1) {
    const before = process.hrtime.bigint();
    const decided = decide(count);
    if (decided instanceof Promise) await decided;
    nanoseconds[count] = Number(process.hrtime.bigint() - before);
  }
  return latencyOf(nanoseconds);
}
