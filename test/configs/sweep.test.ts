import { parseConfig } from '../../configs/parse-config';
import { parseSweep } from '../../configs/sweep';
import { namePoints } from '../../configs/sweep-names';
import { refusal } from './refusal';

const text = `env: { id: market-making }
trpo: { damping: 0.2 }
sweep:
  seed: [0, 1]
  trpo.trustRegion: [0.01, 0.05]
  policy:
    hidden: [[8], [8, 8]]
`;
const parse = (source: string, overrides: readonly string[] = [], seeds?: readonly number[]) =>
  parseSweep(source, 'configs/mine.yaml', overrides, seeds);

const message = (source: string, ...overrides: string[]): string =>
  refusal(() => parse(source, overrides));
const swept = (sweep: string) => `env: { id: market-making }\nsweep:\n  ${sweep}\n`;

describe('a sweep', () => {
  const sweep = parse(text)!;

  it('has a run of every combination, seeds innermost', () => {
    expect(sweep.runs.map(({ name }) => name)).toEqual([
      'mine-trustRegion0.01-hidden8-seed0',
      'mine-trustRegion0.01-hidden8-seed1',
      'mine-trustRegion0.01-hidden8x8-seed0',
      'mine-trustRegion0.01-hidden8x8-seed1',
      'mine-trustRegion0.05-hidden8-seed0',
      'mine-trustRegion0.05-hidden8-seed1',
      'mine-trustRegion0.05-hidden8x8-seed0',
      'mine-trustRegion0.05-hidden8x8-seed1',
    ]);
    const { config, values } = sweep.runs[3]!;
    expect(values).toEqual({ 'trpo.trustRegion': 0.01, 'policy.hidden': [8, 8], seed: 1 });
    expect(config).toEqual(
      parseConfig(
        'env: { id: market-making }\ntrpo: { damping: 0.2, trustRegion: 0.01 }\npolicy: { hidden: [8, 8] }\nseed: 1',
        'configs/mine.yaml',
      ),
    );
  });

  it('is no part of a config', () => {
    expect(parseConfig(text, 'mine.yaml')).not.toHaveProperty('sweep');
    expect(parse('env: { id: market-making }')).toBeNull();
  });

  it('takes axes and seeds from the command line', () => {
    const changed = parse(text, ['sweep.trpo.trustRegion=[0.5]', 'name=other'], [7, 8, 9])!;
    expect(changed.runs).toHaveLength(6);
    expect(changed.runs[5]!.name).toBe('other-trustRegion0.5-hidden8x8-seed9');
    expect(changed.runs[5]!.config).toMatchObject({ seed: 9, trpo: { trustRegion: 0.5 } });
    const made = parse('env: { id: market-making }', ['sweep.seed=[3, 4]'])!;
    expect(made.runs.map(({ config }) => config.seed)).toEqual([3, 4]);
  });

  it.each([
    [swept('trpo.trustRegion: [0.1, -1]'), 'configs/mine.yaml:3: sweep: trpo.trustRegion: -1: '],
    [swept('trpo.trustRegon: [1]'), 'mine.yaml:3: sweep: trpo.trustRegon: unknown key; did you'],
    [swept('trpo.trustRegion: 0.1'), 'mine.yaml:3: sweep: trpo.trustRegion: expected a list of'],
    [swept('seed: []'), 'mine.yaml:3: sweep: seed: the list is empty'],
    [swept('seed: [1, 2, 1]'), 'mine.yaml:3: sweep: seed: 1 stands twice'],
    [swept('name: [a, b]'), 'mine.yaml:3: sweep: name: cannot be swept'],
    [swept('seed: [1]\n  env: { id: [a] }'), 'mine.yaml:4: sweep: env.id: cannot be swept'],
    [swept('policy: [{}]\n  policy.hidden: [[8]]'), 'mine.yaml:4: sweep: policy.hidden lies in'],
    ['env: { id: market-making }\nsweep: 3', 'mine.yaml:2: sweep: expected keys with lists'],
    ['env: { id: market-making }\nsweep: {}', 'mine.yaml:2: sweep: expected keys with lists'],
    [swept(`seed: [${Array.from({ length: 1001 }, (_, index) => index)}]`), 'make 1001 runs'],
    [swept('seed: [1]\nevn: 3'), 'configs/mine.yaml:4: evn: unknown key'],
  ])('names what is wrong: %#', (source, expected) => {
    expect(message(source)).toContain(expected);
  });

  it('names the override that is wrong', () => {
    expect(message(text, 'seed=3')).toBe(
      '--set seed=3: the sweep varies seed; replace its values by --set sweep.seed=[…]',
    );
    expect(message(text, 'sweep.trpo.damping=[-1]')).toMatch(
      /^--set sweep\.trpo\.damping=\[-1\]: trpo\.damping: -1: /,
    );
  });
});

test('names of combinations are fit for folders, and each stands once', () => {
  expect(
    namePoints([
      { key: 'env.mid', values: [{ kind: 'brownian' }, { kind: 'constant' }] },
      { key: 'trpo.damping', values: [-0.5, 1e-7] },
    ]),
  ).toEqual([
    'mid-brownian-damping-0.5',
    'mid-brownian-damping1e-7',
    'mid-constant-damping-0.5',
    'mid-constant-damping1e-7',
  ]);
  const places = namePoints([
    {
      key: 'env.steps',
      values: [
        { kind: 'a', x: 1 },
        { kind: 'a', x: 2 },
      ],
    },
    { key: 'training.steps', values: ['a/b', 'a b'] },
  ]);
  expect(places).toEqual([
    'env.steps-1-training.steps-1',
    'env.steps-1-training.steps-2',
    'env.steps-2-training.steps-1',
    'env.steps-2-training.steps-2',
  ]);
});
