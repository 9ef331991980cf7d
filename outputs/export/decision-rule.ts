import type { ExportableLayer, ExportablePolicy } from '../../algorithms/policies/exportable';
import { centreOf, optionsOf, scaleOf, type Space } from '../../envs/space';

export { maskedLogit } from '../../engine/random';

/**
 * What every exported format computes from an observation x [O], in float32 or better:
 *
 *     z = clip((x − mean) / deviation, ±clip)      if there is a normaliser
 *     y = the network's output for z
 *     box action     clip(centre + scale·y, low, high)
 *     choices        for each head the first of the greatest logits y; a choice whose mask is false
 *                    counts as −1e9
 *
 * Where a component of x or of y is NaN or infinite, the action is the safe one instead: `safe`
 * for a box; for choices the safe choice of each head or, if its mask is false, the first allowed.
 */
export interface DecisionRule {
  /** O */
  readonly inputs: number;
  /** Size of y. */
  readonly outputs: number;
  readonly normaliser: {
    /** [O] each */
    readonly mean: Float32Array;
    readonly deviation: Float32Array;
    readonly clip: number;
  } | null;
  readonly layers: readonly ExportableLayer[];
  readonly activation: 'tanh' | 'relu';
  readonly action: BoxRule | ChoiceRule;
}

/** [A] each, in the action's units. */
export interface BoxRule {
  readonly kind: 'box';
  readonly centre: Float32Array;
  readonly scale: Float32Array;
  readonly low: Float32Array;
  readonly high: Float32Array;
  readonly safe: Float32Array;
}

export interface ChoiceRule {
  readonly kind: 'choices';
  /** One choice: actions are [N]; else [N, heads]. */
  readonly flat: boolean;
  /** Choices of each head; their logits stand side by side. */
  readonly sizes: readonly number[];
  /** Of each head. */
  readonly safe: readonly number[];
  /** Whether the model takes a mask. */
  readonly masked: boolean;
}

/** Derives the rule from a policy and verifies that its parts fit together. */
export function decisionRuleOf(policy: ExportablePolicy): DecisionRule {
  const { observationSpace, observation, layers, activation } = policy;
  const inputs = observationSpace.fields.length;
  const action = actionRuleOf(policy.actionSpace, policy.masked);
  const outputs =
    action.kind === 'box' ? action.centre.length : action.sizes.reduce((sum, n) => sum + n, 0);
  checkLayers(layers, inputs, outputs);
  const normaliser = observation && {
    mean: observation.mean,
    deviation: observation.variance.map((variance) =>
      Math.sqrt(Math.fround(variance + Math.fround(observation.epsilon))),
    ),
    clip: observation.clip,
  };
  if (normaliser) {
    checkNumbers('normaliser mean', normaliser.mean, inputs);
    checkNumbers('normaliser deviation', normaliser.deviation, inputs);
  }
  return { inputs, outputs, normaliser, layers, activation, action };
}

function actionRuleOf(space: Space, masked: boolean): BoxRule | ChoiceRule {
  switch (space.kind) {
    case 'box': {
      const { fields } = space;
      return {
        kind: 'box',
        centre: Float32Array.from(fields, centreOf),
        scale: Float32Array.from(fields, scaleOf),
        low: Float32Array.from(fields, ({ low }) => low),
        high: Float32Array.from(fields, ({ high }) => high),
        safe: Float32Array.from(fields, (field) =>
          Math.min(Math.max(field.safe ?? centreOf(field), field.low), field.high),
        ),
      };
    }
    case 'discrete':
      return {
        kind: 'choices',
        flat: true,
        sizes: optionsOf(space),
        safe: [space.safe ?? 0],
        masked,
      };
    case 'multi-discrete': {
      const safe = space.choices.map((choice) => choice.safe ?? 0);
      return { kind: 'choices', flat: false, sizes: optionsOf(space), safe, masked };
    }
  }
}

/** Where each head's logits start. */
export const startsOf = ({ sizes }: ChoiceRule): number[] =>
  sizes.map((_, head) => sizes.slice(0, head).reduce((sum, n) => sum + n, 0));

/** Logits whose argmax is the safe choice, or the first allowed one once a mask is applied; [Σ n] */
export function safeLogitsOf(rule: ChoiceRule): Float32Array {
  const logits = new Float32Array(rule.sizes.reduce((sum, n) => sum + n, 0));
  startsOf(rule).forEach((start, head) => (logits[start + rule.safe[head]!] = 1));
  return logits;
}

function checkLayers(layers: readonly ExportableLayer[], inputs: number, outputs: number): void {
  let size = inputs;
  layers.forEach((layer, index) => {
    if (layer.inputs !== size) {
      throw new Error(`Layer ${index} takes ${layer.inputs} inputs but is given ${size}.`);
    }
    checkNumbers(`weights of layer ${index}`, layer.weights, layer.inputs * layer.outputs);
    checkNumbers(`bias of layer ${index}`, layer.bias, layer.outputs);
    size = layer.outputs;
  });
  if (size !== outputs)
    throw new Error(`The network has ${size} outputs, its actions need ${outputs}.`);
}

function checkNumbers(name: string, values: Float32Array, length: number): void {
  if (values.length !== length)
    throw new Error(`The ${name} are ${values.length} numbers, not ${length}.`);
  if (!values.every(Number.isFinite)) throw new Error(`The ${name} are not all finite.`);
}
