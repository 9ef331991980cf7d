import { join } from 'node:path';

import type { Evaluation } from '../../../algorithms/evaluation/evaluate';
import { solvers } from '../../../algorithms/solvers/registry';
import { captureOutput } from '../capture-output';

const config = join(__dirname, '../../../configs/avellaneda-stoikov.yaml');
const quick = ['evaluate', '--env', config, '--episodes', '200', '--policy'];
const classical = [...quick.slice(0, -1), '--device', 'cpu', '--policy'];

describe('evaluate', () => {
  it('prints one JSON object', async () => {
    const { code, output } = await captureOutput([
      ...classical,
      'avellaneda-stoikov',
      'symmetric',
      '--seed',
      '0',
      '--json',
    ]);
    expect(code).toBe(0);
    const evaluation = JSON.parse(output) as Evaluation;
    expect(evaluation).toMatchObject({ env: 'market-making', stream: 'test', episodes: 200 });
    const [first, second] = evaluation.policies;
    expect([first!.name, second!.name]).toEqual(['avellaneda-stoikov', 'symmetric']);
    expect(Object.keys(first!.aggregates)).toEqual(['certaintyEquivalent', 'sharpe']);
    // Four standard errors around the exact values of 4a.
    const { mean, stderr } = first!.metrics['profit']!;
    expect(Math.abs(mean - 64.8925)).toBeLessThan(4 * stderr);
    expect(Math.abs(second!.metrics['profit']!.mean - 68.2228)).toBeLessThan(
      4 * second!.metrics['profit']!.stderr,
    );
    const parts = ['spreadProfit', 'inventoryProfit'].map((name) => first!.metrics[name]!.mean);
    expect(parts[0]! + parts[1]!).toBeCloseTo(mean, 3);
    const profit = evaluation.comparisons.find(({ metric }) => metric === 'profit')!;
    expect(profit).toMatchObject({ policy: 'avellaneda-stoikov', baseline: 'symmetric' });
    expect(profit.meanDifference).toBeCloseTo(mean - second!.metrics['profit']!.mean, 9);
  });

  it('takes all policies that fit', async () => {
    const words = [
      ...['evaluate', '--env', config, '--episodes', '20', '--device', 'cpu', '--json'],
      ...['--policy', 'all', 'no-quotes'],
    ];
    const { output } = await captureOutput(words);
    const { policies } = JSON.parse(output) as Evaluation;
    const fitting = solvers.filter(
      ({ environments }) => environments === 'any' || environments.includes('market-making'),
    );
    expect(policies.map(({ name }) => name)).toEqual(fitting.map(({ name }) => name));
  });

  it('prints a table', async () => {
    const { output } = await captureOutput([...classical, 'no-quotes', '--baselines', 'random']);
    expect(output).toMatch(/^market-making: 200 test episodes, seed 0/);
    expect(output).toMatch(/^no-quotes /m);
    expect(output).toMatch(/^no-quotes − random +profit +-?\d/m);
  });

  it.each([
    [['evaluate'], 'give either a run or checkpoint'],
    [['evaluate', '--env', config], '--env needs --policy NAME'],
    [['evaluate', '--env', 'nowhere.yaml', '--policy', 'random'], 'nowhere.yaml: no such file'],
    [['evaluate', 'nowhere'], 'nowhere: no such folder'],
    [['evaluate', 'nowhere', '--policy', 'random'], '--policy goes with --env'],
    [[...classical, 'symetric'], "no policy 'symetric'; the nearest is 'symmetric'"],
    [[...classical, 'twap'], "policy 'twap' does not play market-making"],
    [[...classical, 'random', '--episodes', '3'], '--episodes: given 2 times'],
    [
      ['evaluate', '--env', config, '--policy', 'random', '--episodes', '1'],
      '--episodes 1: expected an integer of at least 2',
    ],
    [
      ['evaluate', '--env', config, '--policy', 'random', '--episodes', 'x'],
      '--episodes: expected a number',
    ],
    [[...classical, 'random', '--episodes=1', '--episodes=1'], '--episodes: given 3 times'],
    [[...classical, 'random', '--threads', '-1'], '--threads -1: expected an integer of at least'],
    [[...classical, 'random', '--seed'], '--seed: expected a value'],
    [['evaluate', config], 'evaluate it by --env'],
    [['evaluate', '--env', __dirname, '--policy', 'random'], 'a folder; give a config'],
    [['train', __dirname], 'a folder; give a config'],
    [['train', config, '--seed', '-1'], '--seed -1: expected an integer of at least 0'],
    [['train', config, '--device', 'wasn'], "--device wasn: did you mean 'wasm'?"],
    [['train', config, '--set', 'name=..'], '--set name=..: name'],
    [['train', config, '--set', 'evn.steps=1'], "evn: unknown key; did you mean 'env'?"],
    [
      ['train', config, '--device', 'cpu', '--out', config],
      'avellaneda-stoikov.yaml cannot be made',
    ],
    [
      ['export', 'nowhere', '--format', 'onnx', '--out', config],
      'avellaneda-stoikov.yaml cannot be made',
    ],
    [[...classical, 'random', '--seed', '-1'], '--seed -1: expected an integer of at least 0'],
    [
      [...classical, 'random', '--episods', '3'],
      "unknown option '--episods'; did you mean '--episodes'?",
    ],
    [[...classical, 'random', '--set', 'env.riskAverson=1'], "did you mean 'riskAversion'?"],
    [[...quick, 'random', '--device', 'gpu'], '--device gpu: did you mean'],
    [
      [...classical, 'random', '--exact', '--set', 'env.latency=1'],
      'exact evaluation of quotes needs latency: 0',
    ],
    [['evaluate', 'nowhere', '--exact', '--stochastic'], 'give one of them'],
    [['envs', 'pendlum'], "did you mean 'pendulum'?"],
    [['train'], 'give a config'],
    [['train', config, '--seeds', '9..0'], 'expected a range such as 0..9'],
    [['train', '--resume', 'nowhere'], 'nowhere: no such folder'],
    [['export', 'nowhere'], 'give --format and --out; see makertaker export --help'],
    [
      ['export', '--format', 'onnx', '--out', 'x'],
      'an argument is missing; see makertaker export --help',
    ],
    [
      ['export', 'nowhere', '--format', 'pdf', '--out', 'x'],
      'expected one of onnx, tfjs, javascript',
    ],
  ])('refuses %j with exit code 2', async (words, expected) => {
    const { code, errors } = await captureOutput(words);
    expect(errors).toMatch(/^makertaker: [^\n]+\n$/);
    expect(errors).toContain(expected);
    expect(code).toBe(2);
  });
});

describe.each(['train', 'evaluate', 'export', 'envs', 'devices'])('%s --help', (name) => {
  it('has examples', async () => {
    const { code, output } = await captureOutput([name, '--help']);
    expect(code).toBe(0);
    expect(output).toContain('Examples:');
    expect(output).toContain(`makertaker ${name}`);
  });
});

describe('envs and devices', () => {
  it('list and describe the environments', async () => {
    expect((await captureOutput(['envs'])).output).toMatch(/^market-making +Market making$/m);
    const { output } = await captureOutput(['envs', 'market-making']);
    expect(output).toMatch(/^ {2}riskAversion +0\.1 +1\/quote currency/m);
    const { parameters, metrics } = JSON.parse(
      (await captureOutput(['envs', 'market-making', '--json'])).output,
    ) as { parameters: { properties: object }; metrics: object };
    expect(parameters.properties).toHaveProperty('riskAversion');
    expect(metrics).toHaveProperty('drawdown.worst', 'high');
  });

  it('list the devices, cpu among them', async () => {
    const { output } = await captureOutput(['devices', '--json']);
    const devices = JSON.parse(output) as { name: string; available: boolean }[];
    expect(devices.find(({ name }) => name === 'cpu')).toMatchObject({ available: true });
    expect((await captureOutput(['devices'])).output).toMatch(/^cpu +\d/m);
  });
});
