import { parseConfig } from '../../configs/parse-config';
import { refusal } from './refusal';

const text = `seed: 0
env:
  id: market-making
  mid: { kind: brownian, volatility: 2 }
  riskAversion: 0.1
training:
  iterations: 3
evaluation:
  baselines: [symmetric, fixed-depth]
`;
const parse = (source = text, ...overrides: string[]) =>
  parseConfig(source, 'configs/mine.yaml', overrides);
const message = (source: string, ...overrides: string[]): string =>
  refusal(() => parse(source, ...overrides));

describe('parseConfig', () => {
  it('resolves every default and keeps seed 0', () => {
    const config = parse();
    expect(config.seed).toBe(0);
    expect(config.name).toBe('mine');
    expect(config.trpo.trustRegion).toBe(0.01);
    expect(config.value.fit.kind).toBe('adam');
    expect(config.env).toMatchObject({ id: 'market-making', steps: 200, fees: expect.anything() });
    expect(Object.keys(config.env)[0]).toBe('id');
  });

  it('freezes deeply', () => {
    const config = parse();
    expect(Object.isFrozen(config.training)).toBe(true);
    expect(Object.isFrozen(config.env['mid'])).toBe(true);
  });

  it('parses its own output to the same config', () => {
    const config = parse();
    expect(parse(JSON.stringify(config))).toEqual(config);
  });

  it('lets overrides win, parsed as YAML', () => {
    const config = parse(text, 'training.iterations=20', 'env.mid={kind: constant}', 'seed=7');
    expect(config.training.iterations).toBe(20);
    expect(config.env).toMatchObject({ mid: { kind: 'constant' } });
    expect(config.seed).toBe(7);
    expect(parse(text, 'evaluation.baselines.0=random').evaluation.baselines).toEqual([
      'random',
      'fixed-depth',
    ]);
  });

  it('resolves the path of a module against the config file and leaves its parameters alone', () => {
    const { env } = parse('env: { module: ./mine.js, depth: 3 }');
    expect(env).toEqual({ module: expect.stringMatching(/configs.mine\.js$/), depth: 3 });
  });

  it.each([
    [
      text.replace('riskAversion', 'riskAverson'),
      /^configs\/mine\.yaml:5: env\.riskAverson: unknown key; did you mean 'riskAversion'\?/,
    ],
    [
      text.replace('iterations: 3', 'iterations: many'),
      /^configs\/mine\.yaml:7: training\.iterations: "many": .*expected/,
    ],
    [
      text.replace('market-making', 'market-makng'),
      /^configs\/mine\.yaml:3: env\.id: "market-makng" is not valid; did you mean 'market-making'\?/,
    ],
    [
      text.replace('brownian', 'brownan'),
      /^configs\/mine\.yaml:4: env\.mid\.kind: "brownan" is not valid; did you mean 'brownian'\?/,
    ],
    [
      text.replace('volatility', 'volatilty'),
      /^configs\/mine\.yaml:4: env\.mid\.volatilty: unknown key; did you mean 'volatility'\?/,
    ],
    [
      text.replace('symmetric', 'symetric'),
      /^configs\/mine\.yaml:9: evaluation\.baselines\.0: "symetric" is not valid; did you mean 'symmetric'\?/,
    ],
    ['seed: 1\n', /^configs\/mine\.yaml: env: missing/],
    ['env: { }\n', /^configs\/mine\.yaml:1: env\.id: missing; expected one of market-making, /],
    ['env: 3\n', /^configs\/mine\.yaml:1: env: 3: .*expected object/],
    ['- 1\n', /^configs\/mine\.yaml: expected a mapping/],
    ['a: 1\na: 2\n', /^configs\/mine\.yaml:2: not valid YAML: .*unique/],
  ])('reports the mistake in %j in one line', (source, expected) => {
    const reported = message(source);
    expect(reported).toMatch(expected);
    expect(reported).not.toContain('\n');
  });

  it.each([
    [
      'training.iteration=3',
      /^--set training\.iteration=3: training\.iteration: unknown key; did you mean 'iterations'\?/,
    ],
    [
      'trainig.iterations=3',
      /^--set trainig\.iterations=3: trainig: unknown key; did you mean 'training'\?/,
    ],
    ['seed=-1', /^--set seed=-1: seed: -1: /],
    ['seed.x=1', /^--set seed\.x=1: seed is 0, which has no keys/],
    ['nonsense', /^--set nonsense: expected key\.path=value/],
    ['__proto__.x=1', /^--set __proto__\.x=1: __proto__: unknown key/],
  ])('reports the override %j', (override, expected) => {
    expect(message(text, override)).toMatch(expected);
  });
});
