import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import {
  loadDriverLibrary,
  loadNvrtcLibrary,
  nvrtcFolders,
  type SearchPlaces,
} from '../../../engine/cuda/libraries';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'makertaker-libraries-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const places = (environment: SearchPlaces['environment'] = {}): SearchPlaces => ({
  environment,
  toolkitParents: [join(folder, 'local')],
  pythonPrefixes: [join(folder, 'python')],
  sonames: [],
});

/** A file with no library in it, which does not load. */
function put(path: string): string {
  const whole = join(folder, path);
  mkdirSync(dirname(whole), { recursive: true });
  writeFileSync(whole, 'no library');
  return whole;
}

/** Which file was tried first, as the reason tells. */
function firstTried(search: SearchPlaces, driverMajor?: number): string {
  const found = loadNvrtcLibrary(driverMajor, search);
  const reason = found.library ? '' : found.reason;
  return /\(([^()]*): Failed to load/.exec(reason)?.[1] ?? reason;
}

const onLinux = process.platform === 'linux' ? describe : describe.skip;

onLinux('the search for libnvrtc', () => {
  it('takes the file or the folder of MAKERTAKER_NVRTC, and nothing else', () => {
    const chosen = put('chosen/libnvrtc.so.12');
    put('local/cuda/lib64/libnvrtc.so.13');
    expect(firstTried(places({ MAKERTAKER_NVRTC: chosen }))).toBe(chosen);
    expect(firstTried(places({ MAKERTAKER_NVRTC: dirname(chosen) }))).toBe(chosen);
    expect(firstTried(places({ MAKERTAKER_NVRTC: folder }))).toBe(
      `MAKERTAKER_NVRTC: no libnvrtc lies in ${folder}`,
    );
  });

  it('goes through toolkits, the named and the unversioned and the newest first', () => {
    for (const toolkit of [
      'local/cuda-9.2',
      'local/cuda-12.4',
      'local/cuda-13',
      'local/cuda',
      'mine',
    ]) {
      mkdirSync(join(folder, toolkit), { recursive: true });
    }
    const folders = nvrtcFolders(places({ CUDA_HOME: join(folder, 'mine') }));
    expect(folders.filter((path) => path.endsWith('lib64'))).toEqual(
      ['mine', 'local/cuda', 'local/cuda-13', 'local/cuda-12.4', 'local/cuda-9.2'].map((toolkit) =>
        join(folder, toolkit, 'lib64'),
      ),
    );
  });

  it("finds Python's wheels, those of the environment before the system's", () => {
    const packages = 'lib/python3.12/site-packages/nvidia';
    const system = put(`python/${packages}/cuda_nvrtc/lib/libnvrtc.so.12`);
    expect(firstTried(places())).toBe(system);
    const older = put(`environment/${packages}/cuda_nvrtc/lib/libnvrtc.so.12`);
    const inEnvironment = places({ VIRTUAL_ENV: join(folder, 'environment') });
    expect(firstTried(inEnvironment)).toBe(older);
    const newer = put(`environment/${packages}/cu13/lib/libnvrtc.so.13`);
    expect(firstTried(inEnvironment)).toBe(newer);
    expect(firstTried(inEnvironment, 12)).toBe(older);
    const conda = put('conda/lib/libnvrtc.so.12.4.127');
    expect(firstTried(places({ CONDA_PREFIX: join(folder, 'conda') }), 12)).toBe(conda);
  });

  it('leaves other libraries of the same folder alone', () => {
    put('local/cuda/lib64/libnvrtc.alt.so.13');
    put('local/cuda/lib64/libnvrtc-builtins.so.13.0');
    put('local/cuda/lib64/libnvrtc_static.a');
    expect(firstTried(places())).toMatch(/^libnvrtc is not found/);
  });

  it('says what to install for the driver at hand', () => {
    const reason = (driverMajor: number): string => {
      const found = loadNvrtcLibrary(driverMajor, places());
      return found.library ? '' : found.reason;
    };
    expect(reason(12)).toMatch(
      /libnvrtc is not found; install it \(pip install nvidia-cuda-nvrtc-cu12/,
    );
    expect(reason(13)).toMatch(/pip install nvidia-cuda-nvrtc,.*MAKERTAKER_NVRTC$/);
  });
});

onLinux('the search for the driver', () => {
  it('gives the reason if MAKERTAKER_LIBCUDA is no library', () => {
    const chosen = put('libcuda.so.1');
    expect(loadDriverLibrary(places({ MAKERTAKER_LIBCUDA: chosen }))).toEqual({
      reason: expect.stringMatching(
        /^MAKERTAKER_LIBCUDA: .*libcuda.so.1 does not load \(.*Failed to load/,
      ),
    });
  });
});
