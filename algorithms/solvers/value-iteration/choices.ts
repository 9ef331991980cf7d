/** A depth that may be quoted; null: no quote. */
export interface Level {
  /** Quote currency. */
  readonly depth: number | null;
  /** That it is filled within a step. */
  readonly probability: number;
}

/**
 * The depths that can be best for one side, by rising probability p of a fill. A fill being worth x
 * besides its depth δ, a quote is worth p·(x + δ): a line in x. Best are the lines of the upper
 * envelope, each from one break to the next.
 */
export interface Choices {
  readonly depth: readonly (number | null)[];
  readonly probability: Float64Array;
  /** p·δ, quote currency. */
  readonly earned: Float64Array;
  /** The x at which a choice becomes as good as the one before it; −∞ for the first. */
  readonly breaks: Float64Array;
}

/** @param levels at least one, in any order */
export function makeChoices(levels: readonly Level[]): Choices {
  const lines = levels
    .map(({ depth, probability }) => ({
      depth,
      probability,
      earned: depth === null ? 0 : probability * depth,
    }))
    .sort((a, b) => a.probability - b.probability || b.earned - a.earned);
  const envelope: ((typeof lines)[number] & { from: number })[] = [];
  for (const line of lines) {
    if (line.probability === envelope.at(-1)?.probability) continue;
    let from = -Infinity;
    for (let last = envelope.at(-1); last; last = envelope.at(-1)) {
      from = (last.earned - line.earned) / (line.probability - last.probability);
      if (from > last.from) break;
      envelope.pop();
      from = -Infinity;
    }
    envelope.push({ ...line, from });
  }
  return {
    depth: envelope.map(({ depth }) => depth),
    probability: Float64Array.from(envelope, ({ probability }) => probability),
    earned: Float64Array.from(envelope, ({ earned }) => earned),
    breaks: Float64Array.from(envelope, ({ from }) => from),
  };
}

/** What is best at each distance |q| = 0 … Q from an inventory of zero. */
export interface Decisions {
  /** Expected value of the step and of what follows, less that of standing still; quote currency. */
  readonly gain: Float64Array;
  /** Indices of choices: on the side whose fill leads away from zero (−1 at Q: none), and towards it. */
  readonly away: Int32Array;
  readonly toward: Int32Array;
}

/**
 * The best pairs of quotes. At a distance q, the fills being worth u and d besides their depths, the
 * pair (i, j) gains p_iδ_i + p_jδ_j + p_i·u + p_j·d − p_i·p_j(u + d), since two fills cancel. So the best
 * i for a given j is that of the envelope at u − p_j(u + d), monotone in p_j, and the same for the other
 * side: best answers to the ends of a range of choices bound the range in which the best pair lies, and
 * what is left of it, mostly one choice, is tried in full. No pair that can be best is left out. Of
 * equally good choices the one of the likelier fill, the shallower, counts.
 * @param next what follows, by distance, quote currency, [Q + 1]
 */
export function decide(choices: Choices, next: Float64Array): Decisions {
  const { probability, earned } = choices;
  const distances = next.length;
  const gain = new Float64Array(distances);
  const away = new Int32Array(distances);
  const toward = new Int32Array(distances);
  for (let q = 0; q < distances - 1; q += 1) {
    const up = next[q + 1]! - next[q]!;
    const down = (q === 0 ? next[1]! : next[q - 1]!) - next[q]!;
    const both = up + down;
    const [least, most] = rangeOfBest(choices, up, down);
    let best = -Infinity;
    for (let j = most; j >= least; j -= 1) {
      const chance = probability[j]!;
      const worth = up - chance * both;
      const i = bestAt(choices, worth);
      const total = earned[j]! + chance * down + (earned[i]! + probability[i]! * worth);
      if (total > best) {
        best = total;
        away[q] = i;
        toward[q] = j;
      }
    }
    gain[q] = best;
  }
  const bound = distances - 1;
  const down = next[bound - 1]! - next[bound]!;
  const inwards = bestAt(choices, down);
  gain[bound] = earned[inwards]! + probability[inwards]! * down;
  away[bound] = -1;
  toward[bound] = inwards;
  return { gain, away, toward };
}

/** The ends of the range in which the choice towards zero of the best pair lies. */
function rangeOfBest(choices: Choices, up: number, down: number): [least: number, most: number] {
  const { probability } = choices;
  const both = up + down;
  let least = 0;
  let most = probability.length - 1;
  while (least < most) {
    const first = bestAt(choices, up - probability[least]! * both);
    const second = bestAt(choices, up - probability[most]! * both);
    const third = bestAt(choices, down - probability[first]! * both);
    const fourth = bestAt(choices, down - probability[second]! * both);
    const low = Math.max(least, Math.min(third, fourth));
    const high = Math.min(most, Math.max(third, fourth));
    if (low === least && high === most) break;
    least = low;
    most = high;
  }
  return [least, most];
}

/** The last choice that is as good as the one before it where a fill is worth so much. */
function bestAt({ breaks }: Choices, worth: number): number {
  let low = 0;
  let high = breaks.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (worth >= breaks[middle]!) low = middle;
    else high = middle - 1;
  }
  return low;
}
