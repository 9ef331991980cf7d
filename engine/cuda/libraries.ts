import { existsSync, readdirSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, dirname, join } from 'node:path';

import koffi, { type LibraryHandle } from 'koffi';

import { messageOf } from './cuda-error';

/** A loaded library. koffi unloads one that is no longer referred to, so this has to be kept. */
export interface Library {
  /** The file, or the bare name under which the system's loader found it. */
  readonly path: string;
  readonly handle: LibraryHandle;
  /** What had to be loaded before it. */
  readonly companions: readonly LibraryHandle[];
}

export type LibrarySearch =
  { readonly library: Library } | { readonly library?: undefined; readonly reason: string };

/** Where to look: the process's environment, and folders of the system, which tests replace. */
export interface SearchPlaces {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Parents of folders named cuda and cuda-VERSION. */
  readonly toolkitParents: readonly string[];
  /** Python's folders without an environment: their lib/python3.X/{site,dist}-packages are searched. */
  readonly pythonPrefixes: readonly string[];
  /** Names of libnvrtc for the loader's own search. */
  readonly sonames?: readonly string[];
}

const isWindows = process.platform === 'win32';

const systemPlaces = (): SearchPlaces => ({
  environment: process.env,
  toolkitParents: isWindows
    ? ['C:\\Program Files\\NVIDIA GPU Computing Toolkit\\CUDA']
    : ['/usr/local', '/opt'],
  pythonPrefixes: isWindows ? [] : [join(homedir(), '.local'), '/usr/local', '/usr'],
});

/**
 * NVIDIA's driver: the file `MAKERTAKER_LIBCUDA`, else what the system's loader finds, else where
 * containers and WSL keep it. The stub that comes with a toolkit is not looked at.
 */
export function loadDriverLibrary(places = systemPlaces()): LibrarySearch {
  const chosen = places.environment['MAKERTAKER_LIBCUDA'];
  if (chosen) return firstThatLoads([chosen], `MAKERTAKER_LIBCUDA: ${chosen} does not load`);
  if (process.platform === 'darwin') return { reason: 'there is no CUDA on macOS' };
  const name = isWindows ? 'nvcuda.dll' : 'libcuda.so.1';
  const elsewhere = ['/usr/lib/wsl/lib', '/usr/local/nvidia/lib64', '/usr/lib64/nvidia']
    .map((folder) => join(folder, name))
    .filter((path) => existsSync(path));
  return firstThatLoads(
    [name, ...elsewhere],
    `no NVIDIA driver: ${name} does not load; install the driver, or give the file in MAKERTAKER_LIBCUDA`,
  );
}

/**
 * NVIDIA's run-time compiler: `MAKERTAKER_NVRTC` (a file, or a folder that holds it), else the first
 * that loads of the toolkit's, Python wheels' and the loader's own, those first that are no newer than
 * the driver, whose images it is sure to take.
 * @param driverMajor CUDA version that the driver supports, 12 for instance
 */
export function loadNvrtcLibrary(driverMajor = Infinity, places = systemPlaces()): LibrarySearch {
  const chosen = places.environment['MAKERTAKER_NVRTC'];
  if (chosen) {
    const files = isFolder(chosen) ? nvrtcFilesIn(chosen) : [chosen];
    if (files.length === 0) return { reason: `MAKERTAKER_NVRTC: no libnvrtc lies in ${chosen}` };
    return firstThatLoads(files, `MAKERTAKER_NVRTC: ${files[0]} does not load`);
  }
  const wheel = driverMajor < 13 ? 'nvidia-cuda-nvrtc-cu12' : 'nvidia-cuda-nvrtc';
  const files = preferUpTo(driverMajor, [
    ...nvrtcFolders(places).flatMap(nvrtcFilesIn),
    ...(places.sonames ?? sonames),
  ]);
  return firstThatLoads(
    files,
    `libnvrtc is not found; install it (pip install ${wheel}, or the CUDA toolkit), or give its folder in MAKERTAKER_NVRTC`,
  );
}

/** Names for the loader's own search. */
const sonames = isWindows
  ? ['nvrtc64_130_0.dll', 'nvrtc64_120_0.dll', 'nvrtc64_112_0.dll']
  : ['libnvrtc.so.13', 'libnvrtc.so.12', 'libnvrtc.so.11.2', 'libnvrtc.so'];

/** Folders that may hold libnvrtc, existing or not, best first. */
export function nvrtcFolders({
  environment,
  toolkitParents,
  pythonPrefixes,
}: SearchPlaces): string[] {
  const named = ['CUDA_HOME', 'CUDA_PATH'].map((name) => environment[name]).filter(isText);
  const installed = toolkitParents.flatMap((parent) =>
    foldersIn(parent, /^(cuda(-\d+(\.\d+)?)?|v\d+\.\d+)$/).sort(byNewestVersion),
  );
  const toolkits = [...named, ...installed].flatMap((toolkit) =>
    [
      'lib64',
      ...targets.map((target) => join('targets', target, 'lib')),
      'lib',
      'bin',
      'bin/x64',
    ].map((folder) => join(toolkit, folder)),
  );
  const environments = ['VIRTUAL_ENV', 'CONDA_PREFIX']
    .map((name) => environment[name])
    .filter(isText)
    .flatMap((prefix) => [
      ...pythonPackages(prefix).flatMap(wheelFolders),
      // Conda's own packages.
      join(prefix, 'lib'),
      join(prefix, 'Library', 'bin'),
    ]);
  const wheels = pythonPrefixes.flatMap(pythonPackages).flatMap(wheelFolders);
  return [...toolkits, ...environments, ...wheels];
}

const targets = process.arch === 'arm64' ? ['sbsa-linux', 'aarch64-linux'] : ['x86_64-linux'];

/** The cuda without a version, which is the one that the system prefers, and then the newest. */
function byNewestVersion(left: string, right: string): number {
  const version = (path: string): number => {
    const [major, minor] = (/(\d+)(?:\.(\d+))?$/.exec(basename(path)) ?? []).slice(1).map(Number);
    return major === undefined ? Infinity : major * 1000 + (minor || 0);
  };
  return version(left) === version(right) ? 0 : version(right) - version(left);
}

function pythonPackages(prefix: string): string[] {
  const interpreters = ['lib', 'lib64'].flatMap((lib) =>
    foldersIn(join(prefix, lib), /^python3(\.\d+)?$/),
  );
  return [
    ...interpreters.flatMap((folder) => [
      join(folder, 'site-packages'),
      join(folder, 'dist-packages'),
    ]),
    join(prefix, 'Lib', 'site-packages'),
  ];
}

/** NVIDIA's wheels: one folder a library up to CUDA 12, one for all of them since 13. */
function wheelFolders(packages: string): string[] {
  const nvidia = join(packages, 'nvidia');
  return [...foldersIn(nvidia, /^cu\d+$/).reverse(), join(nvidia, 'cuda_nvrtc')].flatMap(
    (folder) => [join(folder, 'lib'), join(folder, 'bin'), join(folder, 'bin', 'x86_64')],
  );
}

const libraryPattern = isWindows ? /^nvrtc64_\d+_\d+\.dll$/ : /^libnvrtc\.so(\.\d+)*$/;
const builtinsPattern = isWindows
  ? /^nvrtc-builtins64_\d+\.dll$/
  : /^libnvrtc-builtins\.so(\.\d+)*$/;

/** Only one of the names that link to the same library, the one that says the version most fully. */
function nvrtcFilesIn(folder: string): string[] {
  return filesIn(folder, libraryPattern)
    .sort((left, right) => right.length - left.length)
    .slice(0, 1);
}

/** NVRTC looks for its builtins by name when it first compiles, which finds them only if they are loaded. */
function builtinsBeside(library: string): string[] {
  if (library === basename(library)) return [];
  return filesIn(dirname(library), builtinsPattern)
    .sort((left, right) => right.length - left.length)
    .slice(0, 1);
}

/** Keeps the order within those that are no newer than the driver and within the others. */
function preferUpTo(driverMajor: number, files: readonly string[]): string[] {
  const fits = (file: string): boolean => majorOf(file) <= driverMajor;
  return [...files.filter(fits), ...files.filter((file) => !fits(file))];
}

function majorOf(file: string): number {
  const name = basename(file);
  const version = /\.so\.(\d+)/.exec(name) ?? /^nvrtc64_(\d\d)/.exec(name);
  return version ? Number(version[1]) : 0;
}

function firstThatLoads(files: readonly string[], reason: string): LibrarySearch {
  let failure: string | undefined;
  for (const path of files) {
    try {
      const companions = builtinsBeside(path).map((builtins) => koffi.load(builtins));
      return { library: { path, companions, handle: koffi.load(path) } };
    } catch (error) {
      // A file that is there and does not load says more than a name that is not found.
      if (path !== basename(path) && existsSync(path)) failure ??= `${path}: ${messageOf(error)}`;
    }
  }
  return { reason: failure ? `${reason} (${failure})` : reason };
}

const isText = (value: string | undefined): value is string => Boolean(value);

const isFolder = (path: string): boolean =>
  statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;

const foldersIn = (parent: string, pattern: RegExp): string[] =>
  entriesIn(parent, pattern).filter(isFolder);

const filesIn = (folder: string, pattern: RegExp): string[] =>
  entriesIn(folder, pattern).filter((path) => existsSync(path) && !isFolder(path));

function entriesIn(folder: string, pattern: RegExp): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => pattern.test(name))
      .sort()
      .map((name) => join(folder, name));
  } catch {
    return [];
  }
}
