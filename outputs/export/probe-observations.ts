import type { ExportablePolicy } from '../../algorithms/policies/exportable';
import type { DecisionRule } from './decision-rule';

/** Observations and, where choices are masked, masks: row-major [rows, O] and [rows, Σ n]. */
export interface Probes {
  readonly rows: number;
  readonly observations: Float32Array;
  /** 0 or 1 */
  readonly mask: Uint8Array | null;
}

/** How far beyond the range seen in training, in widths of that range. */
const margin = 0.25;

/**
 * Observations to compare implementations on, the same on every call: each component at its bounds
 * and at the ends of the range seen in training with the others in the middle; all at once at
 * either end; then random ones in the range and somewhat beyond, one component in ten at a bound.
 */
export function probeObservations(
  policy: ExportablePolicy,
  rule: DecisionRule,
  rows: number,
): Probes {
  const random = createUniform(20_260_101);
  const ranges = policy.observationSpace.fields.map((_, index) => rangeOf(policy, index));
  const middle = ranges.map(({ low, high }) => (low + high) / 2);
  const corners: number[][] = [
    ranges.map(({ low }) => low),
    ranges.map(({ high }) => high),
    ...ranges.flatMap(({ ends }, index) =>
      ends.map((end) => middle.map((value, other) => (other === index ? end : value))),
    ),
  ];
  const observations = new Float32Array(rows * rule.inputs);
  for (let row = 0; row < rows; row += 1) {
    const values =
      corners[row] ??
      ranges.map(({ low, high, ends }) => {
        if (random() < 0.1) return ends[Math.floor(random() * ends.length)]!;
        return low + (high - low) * (random() * (1 + 2 * margin) - margin);
      });
    observations.set(values, row * rule.inputs);
  }
  return { rows, observations, mask: randomMask(rule, rows, random) };
}

/** The middle observation with one component after the other NaN, ∞ and −∞. */
export function unusableObservations(policy: ExportablePolicy, rule: DecisionRule): Probes {
  const middle = policy.observationSpace.fields.map((_, index) => {
    const { low, high } = rangeOf(policy, index);
    return (low + high) / 2;
  });
  const rows = middle.flatMap((_, index) =>
    [NaN, Infinity, -Infinity].map((bad) =>
      middle.map((value, other) => (other === index ? bad : value)),
    ),
  );
  return {
    rows: rows.length,
    observations: Float32Array.from(rows.flat()),
    mask: randomMask(rule, rows.length, createUniform(7)),
  };
}

/** Half the choices of each head, at least one. */
function randomMask(
  { action }: DecisionRule,
  rows: number,
  random: () => number,
): Uint8Array | null {
  if (action.kind === 'box' || !action.masked) return null;
  const mask: number[] = [];
  for (let row = 0; row < rows; row += 1) {
    for (const size of action.sizes) {
      const certain = Math.floor(random() * size);
      for (let choice = 0; choice < size; choice += 1) {
        mask.push(choice === certain || random() < 0.5 ? 1 : 0);
      }
    }
  }
  return Uint8Array.from(mask);
}

/** Where a component is probed: the range seen, else its bounds, else ±10; and what counts as its ends. */
function rangeOf(
  { observation, observationSpace }: ExportablePolicy,
  index: number,
): { low: number; high: number; ends: number[] } {
  const field = observationSpace.fields[index]!;
  const isFinite = (...values: number[]): boolean => values.every(Number.isFinite);
  const bounds = [field.low, field.high].filter(Number.isFinite);
  const seen = observation ? [observation.minimum[index]!, observation.maximum[index]!] : [];
  const range =
    isFinite(...seen) && seen.length > 0 ? seen : bounds.length === 2 ? bounds : [-10, 10];
  return { low: range[0]!, high: range[1]!, ends: [...range, ...bounds] };
}

/** mulberry32: uniform on [0, 1). */
function createUniform(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
