import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import * as tf from '@tensorflow/tfjs';

import type { ExportablePolicy } from '../../../algorithms/policies/exportable';
import { cPolicy } from '../../../outputs/export/c-policy';
import {
  checkExport,
  type PolicyForward,
  safeActionOf,
} from '../../../outputs/export/check-export';
import { decisionRuleOf } from '../../../outputs/export/decision-rule';
import { exportPolicy } from '../../../outputs/export/export-policy';
import { javascriptPolicy } from '../../../outputs/export/javascript-policy';
import { onnxPolicy } from '../../../outputs/export/onnx-policy';
import { policyFormats } from '../../../outputs/export/policy-description';
import { cRuntime } from '../../../outputs/export/run-c';
import { javascriptRuntime, type Runtime, tfjsRuntime } from '../../../outputs/export/runtimes';
import { tfjsPolicy } from '../../../outputs/export/tfjs-policy';
import { interpretOnnx, readOnnxInterface } from './onnx-interpreter';
import { makePolicy, nameOf, referenceOf, variants } from './policies';

beforeAll(() => tf.setBackend('cpu'));

const labels = { name: 'test', programVersion: '1.2.3' };

const forwardOf = (runtime: Runtime): PolicyForward => {
  if (runtime.kind === 'missing') throw new Error(runtime.reason);
  if (runtime.dispose) disposals.push(runtime.dispose);
  return runtime.forward;
};
const disposals: (() => void)[] = [];
afterAll(() => disposals.forEach((dispose) => dispose()));

const forwards: Record<string, (policy: ExportablePolicy) => PolicyForward> = {
  onnx: (policy) => interpretOnnx(Buffer.from(onnxPolicy(decisionRuleOf(policy), labels))),
  tfjs: (policy) =>
    forwardOf(tfjsRuntime(tfjsPolicy(decisionRuleOf(policy), labels), decisionRuleOf(policy))),
  javascript: (policy) =>
    forwardOf(
      javascriptRuntime(
        javascriptPolicy(decisionRuleOf(policy), labels).commonjs,
        decisionRuleOf(policy),
      ),
    ),
  c: (policy) =>
    forwardOf(cRuntime(cPolicy(decisionRuleOf(policy), labels), decisionRuleOf(policy))),
};

/** C needs a compiler; elsewhere its tests are skipped. */
const hasCompiler = spawnSync(process.env['CC'] || 'cc', ['--version']).status === 0;
const formats = policyFormats.filter((format) => format !== 'c' || hasCompiler);

const named = variants.map((variant) => [nameOf(variant), makePolicy(variant)] as const);

describe.each(formats)('%s', (format) => {
  it.each(named)('decides like the reference: %s', async (_, policy) => {
    const { maxError, ties } = await checkExport(
      policy,
      forwards[format]!(policy),
      referenceOf(policy),
      2000,
    );
    expect(maxError).toBeLessThan(1e-5);
    expect(ties).toBeLessThan(3);
  });

  it.each(named)('acts safely on unusable observations: %s', async (_, policy) => {
    const rule = decisionRuleOf(policy);
    const observations = Float32Array.of(NaN, 0, 0, 0, Infinity, 0, 0, 0, -Infinity);
    const mask = policy.masked ? new Uint8Array(3 * rule.outputs).fill(1) : null;
    if (mask) mask.fill(0, rule.outputs, 2 * rule.outputs).set([0, 0, 1, 1, 0, 0, 1], rule.outputs);
    const expected = [0, 1, 2].flatMap((row) =>
      safeActionOf(rule, mask && mask.subarray(row * rule.outputs, (row + 1) * rule.outputs)),
    );
    const { action } = await forwards[format]!(policy)(observations, 3, mask);
    expect(Array.from(action)).toEqual(expected);
  });

  it('takes the first of equal logits', async () => {
    const [policy] = named.filter(([name]) => name.startsWith('multiDiscrete')).map(([, p]) => p);
    const flat = {
      ...policy!,
      layers: policy!.layers.map((layer) => ({
        ...layer,
        weights: layer.weights.map(() => 0),
        bias: layer.bias.map(() => 0),
      })),
    };
    const mask = Uint8Array.of(
      1,
      1,
      1,
      1,
      1,
      1,
      1,
      1,
      0,
      1,
      1,
      0,
      0,
      0,
      1,
      1,
      0,
      0,
      0,
      0,
      0,
      0,
      0,
      0,
    );
    const { action } = await forwards[format]!(flat)(new Float32Array(9), 3, mask);
    expect(Array.from(action)).toEqual([0, 0, 1, 3, 0, 0]);
  });
});

describe.each(['tfjs', 'javascript', ...(hasCompiler ? ['c'] : [])])('%s', (format) => {
  it('acts safely where the network overflows float32', async () => {
    const policy = makePolicy(variants[1]!);
    const layers = policy.layers.map((layer) => ({
      ...layer,
      weights: layer.weights.map((weight) => weight * 3e37),
    }));
    const observation = Float32Array.of(3e38, 0, 3e38);
    const { action } = await forwards[format]!({ ...policy, layers })(observation, 1, null);
    expect(Array.from(action)).toEqual([-0.5, 1000, 3, 0]);
  });
});

describe('the safe action', () => {
  it('is the documented one', () => {
    const safe = Object.fromEntries(
      variants.map((v) => [v.space, safeActionOf(decisionRuleOf(makePolicy(v)), null)]),
    );
    expect(safe).toEqual({ box: [-0.5, 1000, 3, 0], discrete: [1], multiDiscrete: [0, 4] });
  });

  it('is the first allowed choice if the safe one is masked', () => {
    const rule = decisionRuleOf(makePolicy(variants[4]!));
    expect(safeActionOf(rule, Uint8Array.of(0, 1, 1, 0, 1, 1, 1, 0))).toEqual([1, 1]);
  });
});

describe('onnxPolicy', () => {
  it('declares its inputs and outputs', () => {
    const interfaces = [0, 2, 4].map((index) =>
      readOnnxInterface(
        Buffer.from(onnxPolicy(decisionRuleOf(makePolicy(variants[index]!)), labels)),
      ),
    );
    expect(interfaces[0]).toEqual({
      irVersion: 8,
      opset: 17,
      inputs: ['observation 1 [batch, 3]'],
      outputs: ['action 1 [batch, 4]', 'mean 1 [batch, 4]'],
    });
    expect(interfaces[1]).toMatchObject({
      inputs: ['observation 1 [batch, 3]', 'actionMask 9 [batch, 4]'],
      outputs: ['action 6 [batch]', 'logits 1 [batch, 4]'],
    });
    expect(interfaces[2]!.outputs[0]).toBe('action 6 [batch, 2]');
  });
});

describe('exportPolicy', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'export-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });
  const policy = makePolicy({ ...variants[0]!, hidden: [16, 16] });
  const reference = referenceOf(policy);

  it('checks 10,000 observations and leaks no tensors', async () => {
    const before = tf.memory().numTensors;
    const { files, check } = await exportPolicy(policy, 'tfjs', folder, reference, {
      programVersion: '1.2.3',
    });
    expect(files.map((file) => file.slice(folder.length + 1))).toEqual([
      'model.json',
      'weights.bin',
      'policy.json',
    ]);
    expect(check).toMatchObject({ kind: 'agrees', rows: 10_000 });
    expect(tf.memory().numTensors).toBe(before);
  });

  it('writes nothing if the policies differ', async () => {
    const other = referenceOf({
      ...policy,
      layers: policy.layers.map((layer) => ({ ...layer, bias: layer.bias.map((b) => b + 1e-3) })),
    });
    await expect(
      exportPolicy(policy, 'javascript', folder, other, { programVersion: '1' }),
    ).rejects.toThrow(/differs from the live one/);
    expect(existsSync(join(folder, 'policy.cjs'))).toBe(false);
  });

  it('refuses a policy that is not finite or does not fit', async () => {
    const layers = policy.layers.map((layer) => ({ ...layer, bias: layer.bias.map(() => NaN) }));
    await expect(
      exportPolicy({ ...policy, layers }, 'onnx', folder, reference, { programVersion: '1' }),
    ).rejects.toThrow('bias of layer 0 are not all finite');
    await expect(
      exportPolicy({ ...policy, layers: policy.layers.slice(1) }, 'onnx', folder, reference, {
        programVersion: '1',
      }),
    ).rejects.toThrow('takes 16 inputs but is given 3');
  });

  it('loads in TensorFlow.js from the files as they are', async () => {
    await exportPolicy(policy, 'tfjs', folder, reference, { programVersion: '1.2.3' });
    const json = JSON.parse(readFileSync(join(folder, 'model.json'), 'utf8'));
    const model = await tf.loadGraphModel(
      tf.io.fromMemory({
        modelTopology: json.modelTopology,
        signature: json.signature,
        weightSpecs: json.weightsManifest[0].weights,
        weightData: new Uint8Array(readFileSync(join(folder, 'weights.bin'))).buffer,
      }),
    );
    const observation = Float32Array.of(1, 0.5, 20);
    const [action] = [
      model.predict({ observation: tf.tensor2d(observation, [1, 3]) }),
    ].flat() as tf.Tensor[];
    const expected = await reference(observation, 1, null);
    (await action!.data()).forEach((value, i) =>
      expect(value / expected.action[i]!).toBeCloseTo(1, 5),
    );
    expect(model.inputs.map(({ name, shape }) => [name, shape])).toEqual([
      ['observation', [-1, 3]],
    ]);
    model.dispose();
  });

  it('runs as JavaScript in Node from both module systems without dependencies', async () => {
    await exportPolicy(policy, 'javascript', folder, reference, { programVersion: '1.2.3' });
    const observation = [1, 0.5, 20];
    const expected = await reference(Float32Array.from(observation), 1, null);
    const run = (script: string, type: string): number[] =>
      JSON.parse(
        execFileSync(process.execPath, [`--input-type=${type}`, '-e', script], {
          cwd: tmpdir(),
          encoding: 'utf8',
        }),
      );
    const call = `console.log(JSON.stringify([...act(${JSON.stringify(observation)})]))`;
    const url = (file: string): string => JSON.stringify(pathToFileURL(join(folder, file)).href);
    const results = [
      run(
        `const { act } = require(${JSON.stringify(join(folder, 'policy.cjs'))}); ${call}`,
        'commonjs',
      ),
      run(`import { act } from ${url('policy.mjs')}; ${call}`, 'module'),
      run(`import { act } from ${url('policy.cjs')}; ${call}`, 'module'),
    ];
    for (const result of results) {
      result.forEach((value, i) => expect(value / expected.action[i]!).toBeCloseTo(1, 6));
    }
    const { act } = jest.requireActual<{ act: (x: unknown) => Float32Array }>(
      join(folder, 'policy.cjs'),
    );
    expect(act(observation)).toBe(act(observation));
    expect(() => act([1])).toThrow('An observation has 3 components, not 1.');
  });

  it('describes the policy in policy.json', async () => {
    await exportPolicy(policy, 'onnx', folder, reference, { programVersion: '1.2.3' });
    const description = JSON.parse(readFileSync(join(folder, 'policy.json'), 'utf8'));
    expect(description).toMatchObject({
      name: policy.name,
      program: '1.2.3',
      files: ['policy.onnx'],
      config: { limit: null },
      interface: { inputs: { observation: { dtype: 'float32', shape: ['batch', 3] } } },
    });
    expect(description.observation[2]).toEqual({
      name: 'signal',
      unit: 'shares',
      description: 'The signal.',
      low: null,
      high: null,
      seen: [-50, 280],
      normalisation: { mean: 100, deviation: 50, clip: 5 },
    });
    expect(description.action.fields[1]).toMatchObject({
      centre: 500,
      scale: 500,
      low: 0,
      high: 1000,
      safe: 1000,
    });
  });
});

(hasCompiler ? describe : describe.skip)('the exported C', () => {
  const policy = makePolicy({ ...variants[0]!, hidden: [64, 64] });
  const { source, header } = cPolicy(decisionRuleOf(policy), {
    name: '2. market */ making',
    programVersion: '1.2.3',
  });
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'export-c-'));
    writeFileSync(join(folder, 'policy.c'), source);
    writeFileSync(join(folder, 'policy.h'), header);
  });
  afterAll(() => rmSync(folder, { recursive: true }));
  const compile = (...words: string[]): string =>
    execFileSync(process.env['CC'] || 'cc', words, { cwd: folder, encoding: 'utf8' });

  it('is strict C99 that allocates nothing and needs no library', () => {
    compile('-std=c99', '-pedantic', '-Wall', '-Wextra', '-Werror', '-O2', '-c', 'policy.c');
    const undefinedNames = execFileSync('nm', ['-u', 'policy.o'], { cwd: folder, encoding: 'utf8' })
      .split('\n')
      .map((line) => line.trim().replace(/^U /, ''))
      .filter(
        (name) => name !== '' && !['memcpy', 'memset', '_GLOBAL_OFFSET_TABLE_'].includes(name),
      );
    expect(undefinedNames.filter((name) => name !== '__stack_chk_fail')).toEqual([]);
    expect(header).toContain('void policy_2_market_making_act(const float observation[3]');
  });

  it('keeps no state: its data are all constant', () => {
    compile('-std=c99', '-O2', '-c', 'policy.c');
    const symbols = execFileSync('nm', ['policy.o'], { cwd: folder, encoding: 'utf8' });
    expect(symbols).not.toMatch(/ [bBdDcC] /);
  });

  it('is timed by its own clock', async () => {
    const result = await exportPolicy(policy, 'c', folder, referenceOf(policy), {
      programVersion: '1.2.3',
      time: true,
    });
    expect(result.check.kind).toBe('agrees');
    expect(result.latency!.decisions).toBe(16_000);
    expect(result.latency!.median).toBeGreaterThan(0);
    expect(result.latency!.high).toBeGreaterThanOrEqual(result.latency!.median);
  });
});
