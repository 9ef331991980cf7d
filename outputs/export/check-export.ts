import type { ExportablePolicy } from '../../algorithms/policies/exportable';
import {
  type ChoiceRule,
  type DecisionRule,
  decisionRuleOf,
  maskedLogit,
  startsOf,
} from './decision-rule';
import { type Probes, probeObservations, unusableObservations } from './probe-observations';

/** Actions of N observations. */
export interface Decisions {
  /** Box [N, A] in the action's units; one choice [N]; several [N, heads]. */
  readonly action: ArrayLike<number>;
  /** Choices: [N, Σ n] before masking, or null where an implementation does not give them. */
  readonly logits: ArrayLike<number> | null;
}

/**
 * A policy that decides deterministically.
 * @param observations [N, O] row-major
 * @param mask [N, Σ n], 1 where allowed; null if the policy takes none
 */
export type PolicyForward = (
  observations: Float32Array,
  rows: number,
  mask: Uint8Array | null,
) => Decisions | Promise<Decisions>;

export interface ExportCheck {
  readonly rows: number;
  /**
   * The greatest error: of a box action divided by max(1, |action|, scale), of a logit by
   * max(1, |logit|); Infinity where a choice differs though its logits do not nearly tie.
   */
  readonly maxError: number;
  /** Choices that differ because the two greatest logits lie within the tolerance. */
  readonly ties: number;
}

export const tolerance = 1e-5;

/**
 * Compares an exported policy with the live one on probe observations, bounds included, and with
 * the documented safe action on unusable ones.
 * @param live the trained policy; it must give logits if actions are choices
 * @throws Error if a safe action is not the documented one
 */
export async function checkExport(
  policy: ExportablePolicy,
  exported: PolicyForward,
  live: PolicyForward,
  rows = 10_000,
): Promise<ExportCheck> {
  const rule = decisionRuleOf(policy);
  const probes = probeObservations(policy, rule, rows);
  const found = await decide(exported, probes);
  const expected = await decide(live, probes);
  await checkSafeActions(rule, exported, unusableObservations(policy, rule));
  return rule.action.kind === 'box'
    ? { rows, maxError: boxError(rule.action.scale, found, expected), ties: 0 }
    : { rows, ...choiceError(rule.action, found, expected, probes) };
}

const decide = (forward: PolicyForward, probes: Probes): Promise<Decisions> | Decisions =>
  forward(probes.observations, probes.rows, probes.mask);

function boxError(scale: Float32Array, found: Decisions, expected: Decisions): number {
  if (found.action.length !== expected.action.length) return Infinity;
  let greatest = 0;
  for (let i = 0; i < expected.action.length; i += 1) {
    const unit = Math.abs(scale[i % scale.length]!);
    greatest = Math.max(greatest, relativeError(found.action[i]!, expected.action[i]!, unit));
  }
  return greatest;
}

/** NaN counts as an infinite error. */
function relativeError(found: number, expected: number, unit = 1): number {
  const error = Math.abs(found - expected) / Math.max(1, Math.abs(expected), unit);
  return Number.isNaN(error) ? Infinity : error;
}

function choiceError(
  rule: ChoiceRule,
  found: Decisions,
  expected: Decisions,
  { rows, mask }: Probes,
): { maxError: number; ties: number } {
  const { logits } = expected;
  if (!logits) throw new Error('The live policy must give its logits to be compared with.');
  const total = logits.length / rows;
  let maxError = 0;
  for (let i = 0; found.logits && i < logits.length; i += 1) {
    maxError = Math.max(maxError, relativeError(found.logits[i]!, logits[i]!));
  }
  let ties = 0;
  const starts = startsOf(rule);
  for (let i = 0; i < rows * starts.length; i += 1) {
    if (found.action[i] === expected.action[i]) continue;
    const start = Math.floor(i / starts.length) * total + starts[i % starts.length]!;
    const logitOf = (choice: number): number =>
      mask && !mask[start + choice] ? maskedLogit : logits[start + choice]!;
    const gap = relativeError(logitOf(found.action[i]!), logitOf(expected.action[i]!));
    if (gap <= tolerance) ties += 1;
    else maxError = Infinity;
  }
  return { maxError, ties };
}

async function checkSafeActions(
  rule: DecisionRule,
  exported: PolicyForward,
  probes: Probes,
): Promise<void> {
  const { action } = await decide(exported, probes);
  for (let row = 0; row < probes.rows; row += 1) {
    const mask = probes.mask?.subarray(row * rule.outputs, (row + 1) * rule.outputs) ?? null;
    const expected = safeActionOf(rule, mask);
    expected.forEach((value, index) => {
      const found = action[row * expected.length + index];
      if (found !== value) {
        throw new Error(
          `The exported policy’s safe action is ${found} where ${value} is documented.`,
        );
      }
    });
  }
}

/** The action that an unusable observation leads to. @param mask [Σ n] */
export function safeActionOf({ action }: DecisionRule, mask: Uint8Array | null): number[] {
  if (action.kind === 'box') return [...action.safe];
  return startsOf(action).map((start, head) => {
    const safe = action.safe[head]!;
    const allowed = mask?.subarray(start, start + action.sizes[head]!);
    if (!allowed || allowed[safe]) return safe;
    return Math.max(allowed.indexOf(1), 0);
  });
}
