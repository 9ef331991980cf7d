import type { ExportablePolicy } from '../../../algorithms/policies/exportable';
import { box, discrete, multiDiscrete, type Space } from '../../../envs/space';
import type { PolicyForward } from '../../../outputs/export/check-export';

/** Roughly normal numbers, the same each time. */
function createNoise(seed: number): (scale?: number) => number {
  let state = seed;
  const uniform = (): number => {
    state = (state * 16_807) % 2_147_483_647;
    return state / 2_147_483_647;
  };
  return (scale = 1) => scale * (uniform() + uniform() + uniform() + uniform() - 2) * Math.sqrt(3);
}

const field = (name: string, low: number, high: number) => ({
  name,
  unit: 'shares',
  description: `The ${name}.`,
  low,
  high,
});

export const spaces: Record<'box' | 'discrete' | 'multiDiscrete', Space> = {
  box: box([
    field('bounded', -2, 1),
    { ...field('large', 0, 1000), safe: 1000 },
    { ...field('unbounded', -Infinity, Infinity), centre: 3, scale: 0.5 },
    field('half', 0, Infinity),
  ]),
  discrete: { ...discrete('side', 'What to do.', ['buy', 'hold', 'sell', 'wait']), safe: 1 },
  multiDiscrete: multiDiscrete([
    discrete('bid', 'Bid depth.', ['0', '1', '2']),
    { ...discrete('ask', 'Ask depth.', ['0', '1', '2', '3', '4']), safe: 4 },
  ]),
};

export interface Variant {
  readonly space: keyof typeof spaces;
  readonly activation: 'tanh' | 'relu';
  readonly normalised: boolean;
  readonly masked: boolean;
  readonly hidden: readonly number[];
}

export const variants: readonly Variant[] = [
  { space: 'box', activation: 'tanh', normalised: true, masked: false, hidden: [64, 64] },
  { space: 'box', activation: 'relu', normalised: false, masked: false, hidden: [16] },
  { space: 'discrete', activation: 'tanh', normalised: true, masked: true, hidden: [32, 32] },
  { space: 'discrete', activation: 'relu', normalised: false, masked: false, hidden: [] },
  { space: 'multiDiscrete', activation: 'tanh', normalised: true, masked: true, hidden: [64, 64] },
  { space: 'multiDiscrete', activation: 'tanh', normalised: false, masked: false, hidden: [8] },
];

export const nameOf = ({ space, activation, normalised, masked, hidden }: Variant): string =>
  [space, activation, `${hidden.length}hidden`, normalised && 'normalised', masked && 'masked']
    .filter(Boolean)
    .join('-');

export function makePolicy(variant: Variant): ExportablePolicy {
  const noise = createNoise(42);
  const actionSpace = spaces[variant.space];
  const outputs =
    actionSpace.kind === 'box'
      ? actionSpace.fields.length
      : (actionSpace.kind === 'discrete' ? [actionSpace] : actionSpace.choices).reduce(
          (sum, choice) => sum + choice.labels.length,
          0,
        );
  const sizes = [3, ...variant.hidden, outputs];
  const numbers = (length: number, scale: number): Float32Array =>
    Float32Array.from({ length }, () => noise(scale));
  return {
    name: nameOf(variant),
    observationSpace: box([
      field('inventory', -10, 10),
      field('time', 0, 1),
      field('signal', -Infinity, Infinity),
    ]),
    actionSpace,
    masked: variant.masked,
    observation: variant.normalised
      ? {
          mean: Float32Array.of(0.5, 0.4, 100),
          variance: Float32Array.of(9, 0.1, 2500),
          minimum: Float32Array.of(-8, 0, -50),
          maximum: Float32Array.of(10, 1, 280),
          epsilon: 1e-8,
          clip: 5,
        }
      : null,
    layers: sizes.slice(1).map((size, index) => ({
      inputs: sizes[index]!,
      outputs: size,
      weights: numbers(sizes[index]! * size, 1.2 / Math.sqrt(sizes[index]!)),
      bias: numbers(size, 0.3),
    })),
    activation: variant.activation,
    environment: { id: 'test' },
    config: { limit: Infinity },
  };
}

/** The decision as the documentation states it, in float64, for usable observations. */
export const referenceOf =
  (policy: ExportablePolicy): PolicyForward =>
  (observations, rows, mask) => {
    const action: number[] = [];
    const logits: number[] = [];
    const size = observations.length / rows;
    for (let row = 0; row < rows; row += 1) {
      let x = [...observations.subarray(row * size, (row + 1) * size)];
      const normaliser = policy.observation;
      if (normaliser) {
        x = x.map((value, i) => {
          const deviation = Math.sqrt(normaliser.variance[i]! + normaliser.epsilon);
          const z = (value - normaliser.mean[i]!) / deviation;
          return z > normaliser.clip
            ? normaliser.clip
            : z < -normaliser.clip
              ? -normaliser.clip
              : z;
        });
      }
      policy.layers.forEach(({ outputs, weights, bias }, index) => {
        const y = Array.from(bias);
        x.forEach((value, i) => {
          for (let j = 0; j < outputs; j += 1) y[j]! += value * weights[i * outputs + j]!;
        });
        const last = index === policy.layers.length - 1;
        x = last ? y : y.map((v) => (policy.activation === 'tanh' ? Math.tanh(v) : v > 0 ? v : 0));
      });
      const space = policy.actionSpace;
      if (space.kind === 'box') {
        // Centre and scale of the fields above, by hand.
        const [centres, scales] = [
          [-0.5, 500, 3, 0],
          [1.5, 500, 0.5, 1],
        ];
        space.fields.forEach(({ low, high }, j) => {
          const value = centres[j]! + scales[j]! * x[j]!;
          action.push(value < low ? low : value > high ? high : value);
        });
        continue;
      }
      logits.push(...x);
      const allowed = x.map((logit, j) => (!mask || mask[row * x.length + j] ? logit : -1e9));
      let start = 0;
      for (const { labels } of space.kind === 'discrete' ? [space] : space.choices) {
        const part = allowed.slice(start, start + labels.length);
        action.push(part.indexOf(Math.max(...part)));
        start += labels.length;
      }
    }
    return { action, logits: policy.actionSpace.kind === 'box' ? null : logits };
  };
