import { type DecisionRule, maskedLogit, startsOf } from './decision-rule';

export interface JavascriptPolicy {
  /** For `require`, and for `import` in Node. */
  readonly commonjs: string;
  /** For `import` in Node, browsers and bundlers. */
  readonly module: string;
}

/** The function that both files export. */
export type Act = (
  observation: ArrayLike<number>,
  mask?: ArrayLike<number | boolean>,
) => number | Float32Array | Int32Array;

/**
 * The policy as JavaScript without dependencies, once for each module system: `act(observation,
 * mask?)` returns a Float32Array (box), a number (one choice) or an Int32Array (several). It
 * computes in float64 from float32 weights and allocates nothing: the array it returns is the same
 * each time and is overwritten by the next call.
 */
export function javascriptPolicy(
  rule: DecisionRule,
  labels: { name: string; programVersion: string },
): JavascriptPolicy {
  const head = `// Policy ${JSON.stringify(labels.name)}, exported by makertaker ${labels.programVersion}; policy.json describes it.`;
  const body = bodyOf(rule);
  return {
    commonjs: `${head}\n'use strict';\n${body}\nexports.act = act;\n`,
    module: `${head}\n${body}\nexport { act };\n`,
  };
}

function bodyOf(rule: DecisionRule): string {
  const { normaliser, layers, action } = rule;
  const sizes = layers.map((layer) => layer.outputs);
  return [
    `const decode = (text) => new Float32Array(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer);`,
    `const layers = [`,
    ...layers.map(
      ({ inputs, outputs, weights, bias }) =>
        `  { inputs: ${inputs}, outputs: ${outputs}, weights: ${embed(weights)}, bias: ${embed(bias)} },`,
    ),
    `];`,
    `const input = new Float64Array(${rule.inputs});`,
    `const values = [${sizes.map((size) => `new Float64Array(${size})`).join(', ')}];`,
    `const output = values[${layers.length - 1}];`,
    ...(normaliser
      ? [
          `const mean = ${embed(normaliser.mean)};`,
          `const deviation = ${embed(normaliser.deviation)};`,
          `const clip = ${normaliser.clip};`,
        ]
      : []),
    ...(action.kind === 'box'
      ? (['centre', 'scale', 'low', 'high', 'safe'] as const).map(
          (name) => `const ${name} = ${embed(action[name])};`,
        )
      : [
          `const starts = [${startsOf(action).join(', ')}];`,
          `const sizes = [${action.sizes.join(', ')}];`,
          `const safe = [${action.safe.join(', ')}];`,
        ]),
    action.kind === 'box'
      ? `const action = new Float32Array(${action.centre.length});`
      : `const action = new Int32Array(${action.sizes.length});`,
    forwardSource(rule),
    action.kind === 'box' ? boxSource(rule) : choiceSource(rule, action.flat),
  ].join('\n');
}

/** Runs the network on `observation` into `output`; false if one of either is not finite. */
function forwardSource({ inputs, normaliser, activation }: DecisionRule): string {
  const standardised = normaliser
    ? `Math.min(Math.max((x - mean[i]) / deviation[i], -clip), clip)`
    : 'x';
  const bent = activation === 'tanh' ? 'Math.tanh(to[j])' : 'to[j] > 0 ? to[j] : 0';
  return `
/** Runs the network; false if a component of the observation or of the output is not finite in float32. */
function forward(observation) {
  if (observation.length !== ${inputs}) {
    throw new RangeError('An observation has ${inputs} components, not ' + observation.length + '.');
  }
  let difference = 0;
  for (let i = 0; i < ${inputs}; i += 1) {
    const x = Math.fround(observation[i]);
    difference += x - x;
    input[i] = ${standardised};
  }
  let from = input;
  for (let k = 0; k < layers.length; k += 1) {
    const { inputs, outputs, weights, bias } = layers[k];
    const to = values[k];
    for (let j = 0; j < outputs; j += 1) to[j] = bias[j];
    let i = 0;
    for (; i + 3 < inputs; i += 4) {
      // Four rows at once: a quarter of the reads and writes of the sums.
      const x0 = from[i], x1 = from[i + 1], x2 = from[i + 2], x3 = from[i + 3];
      for (let j = 0, w = i * outputs; j < outputs; j += 1, w += 1) {
        to[j] += x0 * weights[w] + x1 * weights[w + outputs] + x2 * weights[w + 2 * outputs] + x3 * weights[w + 3 * outputs];
      }
    }
    for (; i < inputs; i += 1) {
      for (let j = 0; j < outputs; j += 1) to[j] += from[i] * weights[i * outputs + j];
    }
    if (k < layers.length - 1) for (let j = 0; j < outputs; j += 1) to[j] = ${bent};
    from = to;
  }
  for (let j = 0; j < output.length; j += 1) {
    const y = Math.fround(output[j]);
    difference += y - y;
  }
  return difference === 0;
}`;
}

const boxSource = ({ inputs }: DecisionRule): string => `
/**
 * The policy's action for an observation of ${inputs} numbers. The array returned is overwritten by the next call.
 */
function act(observation) {
  const usable = forward(observation);
  for (let j = 0; j < action.length; j += 1) {
    action[j] = usable ? Math.min(Math.max(centre[j] + scale[j] * output[j], low[j]), high[j]) : safe[j];
  }
  return action;
}`;

const choiceSource = ({ inputs, outputs }: DecisionRule, flat: boolean): string => `
/**
 * The policy's choice for an observation of ${inputs} numbers${flat ? '' : '. The array returned is overwritten by the next call'}.
 * @param mask ${outputs} booleans or 0 and 1, which choices are allowed; default all
 */
function act(observation, mask) {
  if (mask !== undefined && mask.length !== ${outputs}) {
    throw new RangeError('A mask has ${outputs} components, not ' + mask.length + '.');
  }
  const usable = forward(observation);
  for (let h = 0; h < sizes.length; h += 1) {
    let best = 0;
    let greatest = -Infinity;
    for (let j = 0; j < sizes[h]; j += 1) {
      const allowed = mask === undefined || mask[starts[h] + j];
      const logit = !allowed ? ${maskedLogit} : usable ? output[starts[h] + j] : j === safe[h] ? 1 : 0;
      if (logit > greatest) {
        best = j;
        greatest = logit;
      }
    }
    action[h] = best;
  }
  return ${flat ? 'action[0]' : 'action'};
}`;

const embed = (values: Float32Array): string =>
  `decode('${Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString('base64')}')`;
