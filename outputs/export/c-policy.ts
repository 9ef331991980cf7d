import { printTanh } from '../../engine/compile/emit/math';
import { type DecisionRule, maskedLogit, startsOf } from './decision-rule';

export interface CPolicy {
  readonly source: string;
  readonly header: string;
  /** The function that decides. */
  readonly name: string;
}

export const cFiles = { source: 'policy.c', header: 'policy.h' } as const;

/**
 * The policy as C99 without dependencies, allocation or state that changes: `NAME_act(observation, …)` may
 * be called from several threads. It computes in float32; tanh is the compiler's polynomial.
 */
export function cPolicy(
  rule: DecisionRule,
  labels: { readonly name: string; readonly programVersion: string },
): CPolicy {
  const name = identifierOf(labels.name);
  const title = `Policy ${JSON.stringify(labels.name)}, exported by makertaker ${labels.programVersion}; policy.json describes it.`;
  const comment = `/* ${title.replaceAll('*/', '* /')} */`;
  return { name, source: sourceOf(rule, name, comment), header: headerOf(rule, name, comment) };
}

/** A prefix for names in C. */
const identifierOf = (name: string): string => {
  const letters = name.replace(/[^A-Za-z0-9]+/g, '_').replace(/^_+|_+$/g, '');
  return /^[A-Za-z]/.test(letters) ? letters.toLowerCase() : `policy_${letters.toLowerCase()}`;
};

/** How the policy of this name is called in C. */
export const cPolicySignature = (rule: DecisionRule, name: string): string =>
  signature(rule, identifierOf(name));

const headerOf = (rule: DecisionRule, name: string, comment: string): string => {
  const guard = `${name.toUpperCase()}_POLICY_H`;
  return `${comment}
#ifndef ${guard}
#define ${guard}

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

${describe(rule)}
${signature(rule, name)};

#ifdef __cplusplus
}
#endif

#endif
`;
};

const describe = ({ inputs, outputs, action }: DecisionRule): string => {
  const safe = 'If a component of it, or of what the network makes of it, is NaN or infinite';
  return action.kind === 'box'
    ? `/* The action for an observation of ${inputs} numbers, ${outputs} numbers in the units of policy.json. ${safe}, the safe action. */`
    : `/* The choice for an observation of ${inputs} numbers. mask: ${outputs} numbers, 0 where a choice is not allowed; NULL: all are. ${safe}, the safe choice. */`;
};

function signature({ inputs, outputs, action }: DecisionRule, name: string): string {
  if (action.kind === 'box') {
    return `void ${name}_act(const float observation[${inputs}], float action[${outputs}])`;
  }
  const given = `const float observation[${inputs}], const uint8_t *mask`;
  return action.flat
    ? `int32_t ${name}_act(${given})`
    : `void ${name}_act(${given}, int32_t action[${action.sizes.length}])`;
}

function sourceOf(rule: DecisionRule, name: string, comment: string): string {
  const { normaliser, layers, activation, action } = rule;
  return [
    comment,
    `#include "${cFiles.header}"`,
    '',
    '#include <stddef.h>',
    '',
    ...(normaliser
      ? [table('mean', normaliser.mean), table('deviation', normaliser.deviation)]
      : []),
    ...layers.flatMap(({ weights, bias }, layer) => [
      table(`weights${layer}`, weights),
      table(`bias${layer}`, bias),
    ]),
    ...(action.kind === 'box'
      ? (['centre', 'scale', 'low', 'high', 'safe'] as const).map((one) => table(one, action[one]))
      : []),
    '',
    '/* By bits, so that fast-math does not remove it. */',
    'static int is_finite(float x) {',
    '  union { float number; uint32_t bits; } value;',
    '  value.number = x;',
    '  return (value.bits & 0x7f800000u) != 0x7f800000u;',
    '}',
    '',
    ...(activation === 'tanh' ? [tanhSource, ''] : []),
    forwardSource(rule),
    `${signature(rule, name)} {`,
    `  float output[${rule.outputs}];`,
    '  const int usable = forward(observation, output);',
    ...(action.kind === 'box' ? boxLines(rule) : choiceLines(rule)),
    '}',
    '',
  ].join('\n');
}

const tanhSource = [
  'static float s_set(float x) { return x; }',
  'static float s_fma(float a, float b, float c) { return a * b + c; }',
  'static float s_quotient(float a, float b) { return a / b; }',
  'static float s_clip(float low, float high, float x) { return x > high ? high : x < low ? low : x; }',
  printTanh({ prefix: 's', float: 'float', int: 'int32_t', qualifiers: 'static' }),
].join('\n');

/** Runs the network on `observation` into `output`. */
function forwardSource({ inputs, outputs, normaliser, layers, activation }: DecisionRule): string {
  const bent = activation === 'tanh' ? 's_tanh(h[j])' : 'h[j] > 0.0f ? h[j] : 0.0f';
  const clip = normaliser && literal(normaliser.clip);
  const lines = layers.flatMap((layer, index) => {
    const to = index === layers.length - 1 ? 'output' : `h${index}`;
    const from = index === 0 ? 'x' : `h${index - 1}`;
    return [
      ...(to === 'output' ? [] : [`  float ${to}[${layer.outputs}];`]),
      `  for (int j = 0; j < ${layer.outputs}; j++) ${to}[j] = bias${index}[j];`,
      `  for (int i = 0; i < ${layer.inputs}; i++) {`,
      `    const float from = ${from}[i], *const w = weights${index} + i * ${layer.outputs};`,
      `    for (int j = 0; j < ${layer.outputs}; j++) ${to}[j] += from * w[j];`,
      '  }',
      ...(to === 'output'
        ? []
        : [
            `  for (int j = 0; j < ${layer.outputs}; j++) ${to}[j] = ${bent.replaceAll('h[', `${to}[`)};`,
          ]),
    ];
  });
  return [
    '/* Runs the network; 0 if a component of the observation or of the output is not finite. */',
    `static int forward(const float *observation, float *restrict output) {`,
    `  float x[${inputs}];`,
    '  int usable = 1;',
    `  for (int i = 0; i < ${inputs}; i++) {`,
    '    usable &= is_finite(observation[i]);',
    ...(normaliser
      ? [
          '    const float z = (observation[i] - mean[i]) / deviation[i];',
          `    x[i] = z > ${clip} ? ${clip} : z < -${clip} ? -${clip} : z;`,
        ]
      : ['    x[i] = observation[i];']),
    '  }',
    ...lines,
    `  for (int j = 0; j < ${outputs}; j++) usable &= is_finite(output[j]);`,
    '  return usable;',
    '}',
    '',
  ].join('\n');
}

const boxLines = ({ outputs }: DecisionRule): string[] => [
  `  for (int j = 0; j < ${outputs}; j++) {`,
  '    const float wanted = centre[j] + scale[j] * output[j];',
  '    action[j] = !usable ? safe[j] : wanted > high[j] ? high[j] : wanted < low[j] ? low[j] : wanted;',
  '  }',
];

function choiceLines({ action }: DecisionRule): string[] {
  if (action.kind === 'box') throw new Error('a box has no choices');
  const starts = startsOf(action);
  const numbers = (values: readonly number[]): string => values.join(', ');
  return [
    `  static const int32_t starts[] = {${numbers(starts)}}, sizes[] = {${numbers(action.sizes)}}, safe[] = {${numbers(action.safe)}};`,
    `  int32_t choice[${starts.length}];`,
    `  for (int head = 0; head < ${starts.length}; head++) {`,
    '    float greatest = 0.0f;',
    '    choice[head] = 0;',
    '    for (int32_t j = 0; j < sizes[head]; j++) {',
    '      const int32_t at = starts[head] + j;',
    `      const float logit = mask != NULL && !mask[at] ? ${literal(maskedLogit)} : usable ? output[at] : j == safe[head] ? 1.0f : 0.0f;`,
    '      if (j == 0 || logit > greatest) {',
    '        greatest = logit;',
    '        choice[head] = j;',
    '      }',
    '    }',
    '  }',
    action.flat
      ? '  return choice[0];'
      : `  for (int head = 0; head < ${starts.length}; head++) action[head] = choice[head];`,
  ];
}

const table = (name: string, values: Float32Array): string =>
  `static const float ${name}[${values.length}] = {${Array.from(values, literal).join(', ')}};`;

/** Enough digits for the same float32; an infinite bound is one that nothing exceeds. */
function literal(value: number): string {
  if (value === Infinity || value === -Infinity) return `${value < 0 ? '-' : ''}3.40282347e+38f`;
  const text = Number(value.toPrecision(9)).toString();
  return `${/[.e]/.test(text) ? text : `${text}.0`}f`;
}
