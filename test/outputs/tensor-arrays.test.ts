import * as tf from '@tensorflow/tfjs';

import { decodeSafetensors, encodeSafetensors } from '../../outputs/safetensors';
import { readArrays, restoreTensors } from '../../outputs/tensor-arrays';

beforeAll(() => tf.setBackend('cpu'));

const tree = () => ({
  policy: { 'layer0/weights': tf.tensor2d([[1, NaN, Infinity]]), bias: tf.tensor1d([-0]) },
  moments: [tf.scalar(3, 'int32'), tf.tensor1d([true, false], 'bool')],
});

describe('readArrays and restoreTensors', () => {
  it('give back the same tensors through a file, and leak none', async () => {
    const original = tree();
    const before = tf.memory().numTensors;
    const file = encodeSafetensors(await readArrays(original, 'run'));
    const { arrays } = decodeSafetensors(file, 'file');
    expect(Object.keys(arrays).sort()).toEqual([
      'run/moments/0',
      'run/moments/1',
      'run/policy/bias',
      'run/policy/layer0/weights',
    ]);
    expect(tf.memory().numTensors).toBe(before);
    const restored = restoreTensors(arrays, original, 'run');
    expect(tf.memory().numTensors).toBe(before + 4);
    expect(Array.isArray(restored.moments)).toBe(true);
    expect(await readArrays(restored, 'run')).toEqual(await readArrays(original, 'run'));
    expect(restored.moments[1]!.dtype).toBe('bool');
  });

  it('refuse arrays that do not fit, before any tensor is made', async () => {
    const original = tree();
    const arrays = await readArrays(original);
    const before = tf.memory().numTensors;
    const missing = { ...arrays };
    delete missing['policy/bias'];
    expect(() => restoreTensors(missing, original)).toThrow('no array policy/bias');
    const other = { ...arrays, 'moments/0': arrays['policy/bias']! };
    expect(() => restoreTensors(other, original)).toThrow(
      'moments/0 is float32 [1] where this config needs int32 []',
    );
    expect(tf.memory().numTensors).toBe(before);
  });

  it('refuse two leaves of one path', async () => {
    const twice = { a: { b: tf.scalar(1) }, 'a/b': tf.scalar(2) };
    await expect(readArrays(twice)).rejects.toThrow('same path');
  });
});
