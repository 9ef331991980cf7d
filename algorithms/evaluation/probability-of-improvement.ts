/**
 * The probability that a run of the one group scores higher than a run of the other, a tie counting half:
 * the Mann–Whitney statistic over n·m (Agarwal et al. 2021, equation 2).
 * @param ours [n], n ≥ 1
 * @param theirs [m], m ≥ 1
 */
export function probabilityOfImprovement(
  ours: ArrayLike<number>,
  theirs: ArrayLike<number>,
): number {
  let wins = 0;
  for (let one = 0; one < ours.length; one += 1) {
    for (let other = 0; other < theirs.length; other += 1) {
      const difference = ours[one]! - theirs[other]!;
      wins += difference > 0 ? 1 : difference === 0 ? 0.5 : 0;
    }
  }
  return wins / (ours.length * theirs.length);
}
