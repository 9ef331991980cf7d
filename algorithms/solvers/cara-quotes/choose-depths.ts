/** What a step offers. */
export interface DepthChoice {
  /** γ, 1 / quote currency. */
  readonly riskAversion: number;
  /** k, 1 / quote currency. */
  readonly fillDecay: number;
  /** A·dt, market orders per side and step. */
  readonly orders: number;
  /** Bounds of the depths, quote currency. */
  readonly least: number;
  readonly greatest: number;
}

export interface ChosenDepths {
  readonly bid: number;
  readonly ask: number;
  /** ln of E[exp(−γ·edge)·U(q')/U(q)], U being the utility after the fills. */
  readonly logUtility: number;
}

/**
 * The pair of depths that makes E[exp(−γ·edge)·U(q')] least, U > 0 the (negative) utility to come.
 *
 * Given the other side, the best depth has a closed form: fills of probability p = A·dt·exp(−kδ) change
 * the logarithm of the mean by ln(1 − p + p·exp(−γδ)·X/Y), X and Y the means with and without the fill,
 * at its least where γδ = ln(1 + γ/k) + ln(X/Y). The sides share a step, so each is the best answer to
 * the other. Answers are monotone in the other side's depth, in the same sense on both sides: answering
 * in turn, from the ask that answers no bid and from the one that answers the shallowest bid, closes in
 * on all pairs of mutual answers from both ends. Mostly the ends meet; where they do not, the pairs in between are searched.
 * @param up ln U(q + 1)/U(q); null: no bid may be filled, and its depth means nothing
 * @param down ln U(q − 1)/U(q); null: the same for the ask
 */
export function chooseDepths(
  choice: DepthChoice,
  up: number | null,
  down: number | null,
): ChosenDepths {
  const pair = (ask: number): ChosenDepths => {
    const bid = answer(choice, up ?? 0, up === null ? null : down, ask);
    return { bid, ask, logUtility: logUtility(choice, up, down, bid, ask) };
  };
  if (up === null || down === null) return pair(answer(choice, down ?? 0, null, 0));
  const settle = (start: number): ChosenDepths => {
    let ask = start;
    for (let round = 0; round < 500; round += 1) {
      const next = answer(choice, down, up, answer(choice, up, down, ask));
      if (Math.abs(next - ask) <= 1e-13 * Math.max(1, Math.abs(next))) break;
      ask = next;
    }
    return pair(ask);
  };
  const ends = [answer(choice, down, null, 0), answer(choice, down, up, choice.least)];
  const deepest = settle(Math.max(...ends));
  const shallowest = settle(Math.min(...ends));
  const distance = Math.abs(deepest.ask - shallowest.ask);
  return distance <= 1e-9 * Math.max(1, Math.abs(deepest.ask))
    ? deepest
    : search(pair, shallowest, deepest);
}

/** The best of the asks between two, each with the bid that answers it: a scan, then golden sections. */
function search(
  pair: (ask: number) => ChosenDepths,
  from: ChosenDepths,
  to: ChosenDepths,
): ChosenDepths {
  const intervals = 256;
  const width = (to.ask - from.ask) / intervals;
  let best = from.logUtility < to.logUtility ? from : to;
  const consider = (candidate: ChosenDepths): ChosenDepths => {
    if (candidate.logUtility < best.logUtility) best = candidate;
    return candidate;
  };
  for (let index = 1; index < intervals; index += 1) consider(pair(from.ask + index * width));
  let low = Math.max(best.ask - width, from.ask);
  let high = Math.min(best.ask + width, to.ask);
  const golden = (Math.sqrt(5) - 1) / 2;
  while (high - low > 1e-9 * Math.max(1, Math.abs(high))) {
    const left = high - golden * (high - low);
    const right = low + golden * (high - low);
    if (consider(pair(left)).logUtility < consider(pair(right)).logUtility) high = right;
    else low = left;
  }
  return best;
}

/**
 * The best depth of one side, given the other's.
 * @param own ln of the ratio of utilities that its own fill leads to
 * @param other the same for the other side; null: it does not fill
 */
function answer(choice: DepthChoice, own: number, other: number | null, depth: number): number {
  const { riskAversion, fillDecay, least, greatest } = choice;
  const probability = other === null ? 0 : fillProbability(choice, depth);
  const edge = riskAversion * depth;
  const filled = probability === 0 ? own : logOfMixture(probability, own, -edge);
  const unfilled = probability === 0 ? 0 : logOfMixture(probability, 0, (other ?? 0) - edge);
  const best = (Math.log1p(riskAversion / fillDecay) + filled - unfilled) / riskAversion;
  return Math.min(Math.max(best, least), greatest);
}

function logUtility(
  choice: DepthChoice,
  up: number | null,
  down: number | null,
  bid: number,
  ask: number,
): number {
  const { riskAversion } = choice;
  const bought = up === null ? 0 : fillProbability(choice, bid);
  const sold = down === null ? 0 : fillProbability(choice, ask);
  const unfilled = sold === 0 ? 0 : logOfMixture(sold, 0, down! - riskAversion * ask);
  if (bought === 0) return unfilled;
  const filled = sold === 0 ? up! : logOfMixture(sold, up!, -riskAversion * ask);
  return logOfMixture(bought, unfilled, filled - riskAversion * bid);
}

const fillProbability = ({ orders, fillDecay }: DepthChoice, depth: number): number =>
  orders === 0 ? 0 : Math.min(1, orders * Math.exp(-fillDecay * depth));

/** ln((1 − p)·e^x + p·e^y), without overflow, and to full precision where x and y are tiny. */
function logOfMixture(p: number, x: number, y: number): number {
  if (p === 1) return y;
  return x >= y
    ? x + Math.log1p(p * Math.expm1(y - x))
    : y + Math.log1p((1 - p) * Math.expm1(x - y));
}
