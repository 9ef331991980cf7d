/** A summary of a set of numbers, as TensorBoard's HistogramProto holds it. */
export interface Histogram {
  readonly minimum: number;
  readonly maximum: number;
  readonly count: number;
  readonly sum: number;
  readonly sumOfSquares: number;
  /** Upper ends of the buckets, ascending; a value at an end counts below it, the first has no lower end. */
  readonly limits: readonly number[];
  /** Values in each bucket. */
  readonly counts: readonly number[];
}

const bucketCount = 30;

/** Thirty buckets of equal width over the range of the finite values; one bucket if they are all equal. */
export function histogramOf(values: ArrayLike<number>): Histogram {
  let [minimum, maximum, count, sum, sumOfSquares] = [Infinity, -Infinity, 0, 0, 0];
  for (let i = 0; i < values.length; i += 1) {
    const value = values[i]!;
    if (!Number.isFinite(value)) continue;
    minimum = Math.min(minimum, value);
    maximum = Math.max(maximum, value);
    count += 1;
    sum += value;
    sumOfSquares += value * value;
  }
  if (count === 0) {
    return { minimum: 0, maximum: 0, count, sum, sumOfSquares, limits: [0], counts: [0] };
  }
  const width = (maximum - minimum) / bucketCount;
  const buckets = width > 0 ? bucketCount : 1;
  const limits = Array.from({ length: buckets }, (_, index) =>
    index === buckets - 1 ? maximum : minimum + (index + 1) * width,
  );
  const counts = limits.map(() => 0);
  for (let i = 0; i < values.length; i += 1) {
    const value = values[i]!;
    if (!Number.isFinite(value)) continue;
    const bucket = buckets === 1 ? 0 : Math.ceil((value - minimum) / width) - 1;
    counts[Math.min(Math.max(bucket, 0), buckets - 1)]! += 1;
  }
  return { minimum, maximum, count, sum, sumOfSquares, limits, counts };
}
