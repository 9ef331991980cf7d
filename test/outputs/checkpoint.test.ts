import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import fc from 'fast-check';

import { InputError } from '../../engine/input-error';
import {
  type Checkpoint,
  loadCheckpoint,
  type Pointer,
  pointTo,
  saveCheckpoint,
} from '../../outputs/checkpoint';
import { sha256 } from '../../outputs/checkpoint-manifest';

let run: string;
beforeEach(() => {
  run = mkdtempSync(join(tmpdir(), 'checkpoint-'));
});
afterEach(() => {
  rmSync(run, { recursive: true });
});

const checkpointAt = (iteration: number): Checkpoint => ({
  iteration,
  arrays: {
    'policy/weights': { dtype: 'float32', shape: [2], data: Float32Array.of(iteration, NaN) },
    steps: { dtype: 'int32', shape: [], data: Int32Array.of(iteration) },
    mask: { dtype: 'bool', shape: [2], data: Uint8Array.of(1, 0) },
  },
  document: {
    config: { name: 'test — Ü', rates: [0.1, 1e-300], '2': null, '1': true },
    counters: { best: null, steps: 2 ** 53 - 1 },
    random: { seed: 0, step: iteration },
    observationSpace: { kind: 'box', fields: [] },
    actionSpace: { kind: 'box', fields: [] },
  },
});

const save = (iteration: number, pointers?: Pointer[], keep?: number): string =>
  saveCheckpoint(run, checkpointAt(iteration), {
    program: '1.2.3',
    ...(pointers ? { pointers } : {}),
    ...(keep === undefined ? {} : { keep }),
  });

const refusal = (path: string, which?: Pointer): string => {
  try {
    loadCheckpoint(path, which ? { which } : {});
  } catch (error) {
    if (error instanceof InputError) return error.message;
    throw error;
  }
  return 'accepted';
};

const folders = (): string[] =>
  readdirSync(join(run, 'checkpoints'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();

describe('saveCheckpoint and loadCheckpoint', () => {
  it('round-trip bit for bit', () => {
    const folder = save(7);
    const loaded = loadCheckpoint(folder);
    const saved = checkpointAt(7);
    expect(loaded).toMatchObject({ folder, iteration: 7, program: '1.2.3' });
    expect(JSON.stringify(loaded.document)).toBe(JSON.stringify(saved.document));
    for (const [name, array] of Object.entries(saved.arrays)) {
      expect(loaded.arrays[name]).toEqual(array);
    }
  });

  it('write the same bytes for the same content', () => {
    const first = save(7);
    const second = save(7, ['best']);
    expect(second).toMatch(/00000007-2$/);
    for (const file of ['arrays.safetensors', 'checkpoint.json']) {
      expect(readFileSync(join(first, file))).toEqual(readFileSync(join(second, file)));
    }
  });

  it('keep what a pointer names and remove the rest', () => {
    save(1, ['last', 'best']);
    save(2);
    const third = save(3);
    expect(folders()).toEqual(['00000001', '00000003']);
    expect(loadCheckpoint(run).iteration).toBe(1);
    expect(loadCheckpoint(run, { which: 'last' }).iteration).toBe(3);
    pointTo(run, 'best', third);
    save(4, ['last'], 1);
    expect(folders()).toEqual(['00000001', '00000003', '00000004']);
    expect(loadCheckpoint(run).iteration).toBe(3);
  });

  it('take the last where no best was chosen', () => {
    save(5);
    expect(loadCheckpoint(run).iteration).toBe(5);
    expect(refusal(run, 'best')).toContain('no pointer best');
  });

  it('refuse to save what JSON would change', () => {
    const { document, ...rest } = checkpointAt(1);
    const broken = { ...rest, document: { ...document, counters: { best: { score: NaN } } } };
    expect(() => saveCheckpoint(run, broken, { program: '1' })).toThrow('counters.best.score');
  });
});

describe('a program that dies while it saves', () => {
  it('in the middle of a folder: the old checkpoint holds, the rest goes with the next save', () => {
    save(1);
    const unfinished = join(run, 'checkpoints', '.unfinished-1-00000002');
    mkdirSync(unfinished);
    writeFileSync(join(unfinished, 'arrays.safetensors'), 'half');
    expect(loadCheckpoint(run).iteration).toBe(1);
    save(2);
    expect(existsSync(unfinished)).toBe(false);
  });

  it('between the folder and the pointer: the old checkpoint holds, the next save takes another name', () => {
    save(1);
    save(2, [], 1);
    expect(folders()).toEqual(['00000001', '00000002']);
    expect(loadCheckpoint(run).iteration).toBe(1);
    save(2);
    expect(loadCheckpoint(run).iteration).toBe(2);
    expect(folders()).toEqual(['00000002-2']);
  });

  it('between two pointers: both name whole checkpoints', () => {
    save(1, ['last', 'best']);
    save(2, ['last']);
    expect([
      loadCheckpoint(run).iteration,
      loadCheckpoint(run, { which: 'last' }).iteration,
    ]).toEqual([1, 2]);
  });
});

describe('loadCheckpoint refuses', () => {
  it('every truncation', () => {
    const folder = save(3);
    for (const file of ['arrays.safetensors', 'checkpoint.json']) {
      const path = join(folder, file);
      const whole = readFileSync(path);
      for (let length = 0; length < whole.length; length += 7) {
        writeFileSync(path, whole);
        truncateSync(path, length);
        expect(refusal(folder)).toMatch(new RegExp(`${file}: truncated`));
      }
      writeFileSync(path, whole);
    }
    expect(refusal(folder)).toBe('accepted');
  });

  it('every altered byte', () => {
    const folder = save(3);
    for (const file of ['arrays.safetensors', 'checkpoint.json']) {
      const path = join(folder, file);
      const whole = readFileSync(path);
      const place = fc.integer({ min: 0, max: whole.length - 1 });
      fc.assert(
        fc.property(place, fc.integer({ min: 1, max: 255 }), (index, change) => {
          const altered = Buffer.from(whole);
          altered[index]! ^= change;
          writeFileSync(path, altered);
          expect(refusal(folder)).toMatch(/altered|foreign|newer/);
        }),
        { numRuns: 300 },
      );
      writeFileSync(path, whole);
    }
  });

  /** Rewrites checkpoint.json with a valid checksum. */
  const forge = (folder: string, change: (manifest: Record<string, unknown>) => void): void => {
    const path = join(folder, 'checkpoint.json');
    const manifest = JSON.parse(readFileSync(path, 'utf8'));
    change(manifest);
    const text = (): string => `${JSON.stringify(manifest, null, 2)}\n`;
    manifest.sha256 = '';
    manifest.sha256 = sha256(text());
    writeFileSync(path, text());
  };

  it('a newer schema', () => {
    const folder = save(1);
    forge(folder, (manifest) => Object.assign(manifest, { schema: 99, program: '9.0.0' }));
    expect(refusal(folder)).toMatch(/newer program \(9\.0\.0\): its schema version is 99/);
  });

  it('a manifest with keys of its own or a path out of the folder', () => {
    const folder = save(1);
    forge(folder, (manifest) => Object.assign(manifest, { extra: 1 }));
    expect(refusal(folder)).toContain('not a checkpoint of this program');
    const other = save(2);
    forge(other, (manifest) => Object.assign(manifest.arrays as object, { file: '../x' }));
    expect(refusal(other)).toContain('arrays.file');
  });

  it('white space that was not written', () => {
    const path = join(save(1), 'checkpoint.json');
    writeFileSync(path, JSON.stringify(JSON.parse(readFileSync(path, 'utf8'))));
    expect(refusal(run)).toContain('not the text that was written');
  });

  it('foreign JSON', () => {
    const folder = save(1);
    writeFileSync(join(folder, 'checkpoint.json'), '{"model": 1}');
    expect(refusal(folder)).toContain('checkpoint.json: foreign');
  });

  it.each(['arrays.safetensors', 'checkpoint.json'])('a folder without %s', (file) => {
    const folder = save(1);
    rmSync(join(folder, file));
    expect(refusal(folder)).toMatch(
      file === 'checkpoint.json' ? /neither a checkpoint/ : /arrays.safetensors: missing/,
    );
    expect(refusal(run)).toMatch(new RegExp(`${file}: missing`));
  });

  it('a pointer to a missing folder, or to none', () => {
    rmSync(save(1), { recursive: true });
    expect(refusal(run)).toContain('points to 00000001, which is missing');
    writeFileSync(join(run, 'checkpoints', 'last'), '../../elsewhere');
    expect(refusal(run)).toContain('not a pointer');
  });

  it('paths that are neither checkpoint nor run', () => {
    expect(refusal(join(run, 'nowhere'))).toContain('no such folder');
    expect(refusal(run)).toContain('neither a checkpoint');
    mkdirSync(join(run, 'checkpoints'));
    expect(refusal(run)).toContain('no checkpoint was saved yet');
  });
});
