type Figures = Readonly<Record<string, number>>;

export interface Pace {
  readonly samplesPerSecond: number;
  /** Seconds. */
  readonly timeLeft: number;
}

/** A line of key figures, mostly within 80 columns. */
export function describeIteration(
  iterations: number,
  iteration: number,
  figures: Figures,
  { samplesPerSecond, timeLeft }: Pace,
): string {
  return [
    `${String(iteration).padStart(String(iterations).length)}/${iterations}`,
    `return ${short(figures['return'], 4)}`,
    `kl ${short(figures['kl'], 2)}`,
    `explained ${short(figures['explainedVariance'], 2)}`,
    ...(figures['finite'] === 1 ? [] : ['update refused: not finite']),
    `${inThousands(samplesPerSecond)} samples/s`,
    `${duration(timeLeft)} left`,
  ].join('  ');
}

export function describeValidation(
  iteration: number,
  { figures }: { readonly figures: Figures },
  improved: boolean,
): string {
  const score = figures['validation/score'];
  const exploitability = figures['validation/exploitability'];
  return [
    `validation after iteration ${iteration}: mean return ${short(figures['validation/return'], 5)}`,
    ...(score === undefined ? [] : [`score ${short(score, 4)}`]),
    ...(exploitability === undefined ? [] : [`exploitability ${short(exploitability, 4)}`]),
    ...(improved ? ['the best so far'] : []),
  ].join(', ');
}

export const short = (value: number | undefined, digits: number): string =>
  value !== undefined && Number.isFinite(value) ? String(Number(value.toPrecision(digits))) : '–';

export const inThousands = (rate: number): string =>
  rate < 1000
    ? String(Math.round(rate))
    : `${Number((rate / 1000).toPrecision(2)).toLocaleString('en')}k`;

/** `1:05`, `2:00:05` */
export function duration(seconds: number): string {
  const whole = Math.round(seconds);
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  const parts = hours > 0 ? [hours, minutes, whole % 60] : [minutes, whole % 60];
  return parts.map((part, index) => String(part).padStart(index > 0 ? 2 : 1, '0')).join(':');
}
