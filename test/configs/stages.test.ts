import { parseConfig } from '../../configs/parse-config';
import { parseStages } from '../../configs/stages';
import { refusal } from './refusal';

const text = `seed: 3
env: { id: market-making, steps: 20, reward: { kind: inventory-penalty, running: 0.5 } }
policy: { hidden: [8] }
value: { fit: { kind: adam, epochs: 2 } }
training: { iterations: 9, steps: 20 }
stages:
  - name: light
    env:
      reward: { running: 0.1 }
    training: { iterations: 4 }
  - name: order-book
    env: { id: limit-order-book }
    value: { fit: { kind: trust-region } }
    curriculum: { initialise: { from: join-best } }
`;
const parse = (source: string, ...overrides: string[]) =>
  parseStages(source, 'configs/mine.yaml', overrides);

const message = (source: string, ...overrides: string[]): string =>
  refusal(() => parse(source, ...overrides));
const staged = (stages: string) => `env: { id: market-making }\nstages:\n${stages}\n`;

describe('stages', () => {
  const { name, runs } = parse(text)!;

  it('are the config with their keys merged over it', () => {
    expect(name).toBe('mine');
    expect(runs.map((run) => run.name)).toEqual(['1-light', '2-order-book']);
    expect(runs.map(({ config }) => config.name)).toEqual(['mine-light', 'mine-order-book']);
    const [light, book] = runs.map(({ config }) => config);
    expect(light).toEqual(
      parseConfig(
        `name: mine-light
seed: 3
env: { id: market-making, steps: 20, reward: { kind: inventory-penalty, running: 0.1 } }
policy: { hidden: [8] }
value: { fit: { kind: adam, epochs: 2 } }
training: { iterations: 4, steps: 20 }`,
        'configs/mine.yaml',
      ),
    );
    // Another id, or kind, takes the place of the whole.
    expect(book).toEqual(
      parseConfig(
        `name: mine-order-book
seed: 3
env: { id: limit-order-book }
policy: { hidden: [8] }
value: { fit: { kind: trust-region } }
training: { iterations: 9, steps: 20 }
curriculum: { initialise: { from: join-best } }`,
        'configs/mine.yaml',
      ),
    );
    expect(Object.isFrozen(light)).toBe(true);
  });

  it('are no config of one run', () => {
    expect(parse('env: { id: market-making }')).toBeNull();
    expect(() => parseConfig(text, 'mine.yaml')).toThrow(/^mine.yaml:6: stages: runs that train/);
  });

  it('take overrides, of all or of one', () => {
    const changed = parse(
      text,
      ...['stages.1.training.iterations=2', 'training.iterations=7', 'name=other', 'seed=0'],
    )!;
    expect(changed.name).toBe('other');
    expect(changed.runs.map(({ config }) => config.training.iterations)).toEqual([7, 2]);
    expect(changed.runs.map(({ config }) => config.seed)).toEqual([0, 0]);
    expect(changed.runs[0]!.config.name).toBe('other-light');
    const made = parse('env: { id: market-making }', 'stages=[{name: a}, {name: b}]')!;
    expect(made.runs.map((run) => run.name)).toEqual(['1-a', '2-b']);
  });

  it.each([
    ['  - name: a\n    trpo:\n      damping: -1', 'mine.yaml:5: stage a: trpo.damping: -1: '],
    [
      '  - name: a\n  - name: b\n    trpo: { dampin: 1 }',
      'mine.yaml:5: stage b: trpo.dampin: unkn',
    ],
    ['  - name: a\n    env: { steps: 0 }', 'mine.yaml:4: stage a: env.steps: 0: '],
    ['  - name: a\n    env: { id: executon }', 'stage a: env.id: "executon" is not valid; did you'],
    ['  - name: a\nvalue: 3', 'mine.yaml:4: value: 3: '],
    ['  - name: a\n    trainin: {}', 'mine.yaml:4: stages.0.trainin: unknown key; did you mean'],
    ['  - name: a\n    seed: 3', 'mine.yaml:4: stages.0.seed: all stages share this key'],
    ['  - name: a\n    sweep: {}', 'mine.yaml:4: stages.0.sweep: all stages share this key'],
    ['  - training: {}', 'mine.yaml:3: stages.0.name: missing; expected a value of type string'],
    ['  - name: a/b', 'mine.yaml:3: stages.0.name: "a/b": a name of letters'],
    ['  - name: a\n  - name: a', "mine.yaml:4: stages.1.name: 'a' stands twice"],
    ['  - 3', 'mine.yaml:3: stages.0: 3: '],
    ['  []', 'mine.yaml:2: stages: []: expected at least one stage'],
    ['  a: {}', 'mine.yaml:2: stages: expected a list of mappings'],
    ['  - name: a\nsweep: { seed: [1] }', 'mine.yaml:4: sweep: a config has a sweep or stages'],
  ])('name what is wrong: %#', (stages, expected) => {
    expect(message(staged(stages))).toContain(expected);
  });

  it('need an environment each', () => {
    expect(message('seed: 1\nstages:\n  - name: a')).toBe(
      'configs/mine.yaml:3: stage a: env: missing; expected a value of type object',
    );
  });

  it.each([
    [['stages.1.trpo.damping=-1'], /^--set stages\.1\.trpo\.damping=-1: trpo\.damping: -1: /],
    [['stages.2.seed=1'], /^--set stages\.2\.seed=1: there is no stage 2; expected stages\.0 to /],
    [['stages.light.trpo.damping=1'], /there is no stage light/],
    [['stages.0.seed=1'], /^--set stages\.0\.seed=1: seed cannot be set for one stage$/],
    [['stages.0.name=b'], /: name cannot be set for one stage$/],
    [['stages=[]'], /^--set stages=\[\]: stages: \[\]: expected at least one/],
    [['sweep.seed=[1, 2]'], /^--set sweep\.seed=\[1, 2\]: sweep: a config has a sweep or stages/],
  ])('name the override that is wrong: %j', (overrides, expected) => {
    expect(message(text, ...overrides)).toMatch(expected);
  });
});
