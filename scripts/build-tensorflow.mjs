#!/usr/bin/env node
/**
 * Builds the native binding of @tensorflow/tfjs-node-gpu against the TensorFlow of a Python
 * environment, for machines whose CUDA is newer than the CUDA 11.2 that the package downloads:
 *
 *     pip install 'tensorflow[and-cuda]'
 *     npm run build:tensorflow -- --python PATH_OF_PYTHON
 *
 * Linux only. The binding finds TensorFlow where it was at the time of the build.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const packageName = '@tensorflow/tfjs-node-gpu';
const packageVersion = '4.22.0';
/** The newest Node-API the package knows: it looks for its binding in a folder of that name. */
const nodeApi = 8;
const root = join(dirname(fileURLToPath(import.meta.url)), '..');

/** Runs a program. @returns its trimmed output, or undefined if it failed or is not there */
function ask(program, ...args) {
  const { status, stdout } = spawnSync(program, args, { encoding: 'utf8' });
  return status === 0 ? stdout.trim() : undefined;
}

/** Runs a program whose output is shown; ends this one with its status if it fails. */
function run(program, args, options = {}) {
  console.log(`$ ${[program, ...args].join(' ').split('\n')[0]}`);
  const { status, error } = spawnSync(program, args, { stdio: 'inherit', ...options });
  if (error) console.error(error.message);
  if (status !== 0) process.exit(1);
}

/** Where a Python environment keeps TensorFlow, and its version, found without loading it. */
function findTensorFlow(python) {
  const found = ask(
    python,
    '-c',
    [
      'import importlib.metadata as m, importlib.util as u, json, os',
      's = u.find_spec("tensorflow")',
      'names = [d.metadata["Name"] for d in m.distributions() if (d.metadata["Name"] or "").lower().replace("_", "-") in ("tensorflow", "tensorflow-cpu", "tf-nightly", "tf-nightly-cpu")]',
      'print(json.dumps({"folder": os.path.dirname(s.origin), "version": m.version(names[0]) if names else "unknown"} if s and s.origin else None))',
    ].join('\n'),
  );
  return found ? JSON.parse(found) : null;
}

/** npm brings node-gyp along, and names it to the scripts that it runs. */
function findNodeGyp() {
  const npm = ask('npm', 'root', '--global');
  return [
    process.env['npm_config_node_gyp'],
    npm && join(npm, 'npm/node_modules/node-gyp/bin/node-gyp.js'),
  ].find((path) => path && existsSync(path));
}

function findPackage() {
  try {
    const file = createRequire(join(root, 'package.json')).resolve(`${packageName}/package.json`);
    return realpathSync(dirname(file));
  } catch {
    return undefined;
  }
}

/** Looks for all that the build needs. @returns what was found, and a line for each thing missing */
function check(python) {
  const missing = [];
  if (process.platform !== 'linux') missing.push(`Linux: this is ${process.platform}`);
  const hasPython = ask(python, '--version') !== undefined;
  if (!hasPython) missing.push(`Python: '${python}' does not run; name one by --python PATH`);
  const tensorflow = hasPython ? findTensorFlow(python) : null;
  if (!tensorflow) {
    missing.push(
      `TensorFlow: ${python} -m pip install 'tensorflow[and-cuda]' (without a GPU: tensorflow-cpu)`,
    );
  } else {
    const needed = [
      'include/tensorflow/c/c_api.h',
      'include/tensorflow/c/eager/c_api.h',
      'libtensorflow_cc.so.2',
      'libtensorflow_framework.so.2',
    ];
    for (const file of needed) {
      if (!existsSync(join(tensorflow.folder, file))) {
        missing.push(
          `${file}: not in ${tensorflow.folder} (TensorFlow ${tensorflow.version}); 2.13 or newer has it`,
        );
      }
    }
  }
  const compiler = process.env['CXX'] ?? 'c++';
  if (ask(compiler, '--version') === undefined)
    missing.push(`a C++ compiler: '${compiler}' does not run; install g++`);
  if (ask('make', '--version') === undefined) missing.push('make: install it');
  const nodeGyp = findNodeGyp();
  if (!nodeGyp) missing.push('node-gyp: npm brings it; run this by npm run build:tensorflow');
  return { missing, tensorflow, nodeGyp };
}

/** The package's folder; installed without its script, which downloads, where npm left it out. */
function obtainPackage() {
  const present = findPackage();
  if (present) return present;
  const wanted = `${packageName}@${packageVersion}`;
  run('npm', ['install', '--no-save', '--ignore-scripts', '--include=optional', wanted], {
    cwd: root,
  });
  const installed = findPackage();
  if (installed) return installed;
  console.error(`npm did not install ${wanted}`);
  return process.exit(1);
}

/** Puts TensorFlow where the package's build file looks for it. */
function linkTensorFlow(folder, packageFolder) {
  const deps = join(packageFolder, 'deps');
  rmSync(deps, { recursive: true, force: true });
  mkdirSync(join(deps, 'lib'), { recursive: true });
  symlinkSync(join(folder, 'include'), join(deps, 'include'));
  symlinkSync(join(folder, 'libtensorflow_cc.so.2'), join(deps, 'lib/libtensorflow.so'));
  symlinkSync(
    join(folder, 'libtensorflow_framework.so.2'),
    join(deps, 'lib/libtensorflow_framework.so'),
  );
}

function build({ tensorflow, nodeGyp }, packageFolder) {
  const modulePath = join(packageFolder, `lib/napi-v${nodeApi}`);
  const prefix = join(dirname(realpathSync(process.execPath)), '..');
  const hasHeaders = existsSync(join(prefix, 'include/node/node_api.h'));
  run(
    process.execPath,
    [
      nodeGyp,
      'rebuild',
      '--module_name=tfjs_binding',
      `--module_path=${modulePath}`,
      `--module=${join(modulePath, 'tfjs_binding.node')}`,
      `--napi_version=${process.versions.napi}`,
      `--napi_build_version=${nodeApi}`,
      // Without the headers beside node, node-gyp downloads them.
      ...(hasHeaders ? [`--nodedir=${prefix}`] : []),
    ],
    {
      cwd: packageFolder,
      env: {
        ...process.env,
        LDFLAGS: `${process.env['LDFLAGS'] ?? ''} -Wl,-rpath,${tensorflow.folder}`.trim(),
      },
    },
  );
}

/** Loads the binding in a process of its own, which has to multiply two matrices. */
function tryOut() {
  const program = `
    const util = require('node:util');
    util.isNullOrUndefined ??= (value) => value === null || value === undefined;
    util.isArray ??= Array.isArray;
    const tf = require('${packageName}');
    const { binding, isUsingGpuDevice } = tf.backend();
    const product = tf.matMul([[1, 2], [3, 4]], [[5, 6], [7, 8]]).arraySync();
    if (JSON.stringify(product) !== '[[19,22],[43,50]]') throw new Error('wrong product ' + product);
    console.log('TensorFlow ' + binding.TF_Version + ' computes on the ' + (isUsingGpuDevice ? 'GPU' : 'CPU: it sees no GPU'));
  `;
  run(process.execPath, ['--eval', program], {
    cwd: root,
    env: { TF_CPP_MIN_LOG_LEVEL: '2', ...process.env },
  });
}

const { values } = parseArgs({
  options: {
    python: { type: 'string', default: 'python3' },
    help: { type: 'boolean', short: 'h', default: false },
  },
});
if (values.help) {
  console.log(
    'npm run build:tensorflow -- [--python PATH]   Python whose TensorFlow is used; default python3',
  );
  process.exit(0);
}
const checked = check(values.python);
if (checked.missing.length > 0) {
  console.error(
    `build:tensorflow needs\n${checked.missing.map((line) => `  - ${line}`).join('\n')}`,
  );
  process.exit(2);
}
console.log(`TensorFlow ${checked.tensorflow.version} in ${checked.tensorflow.folder}`);
const packageFolder = obtainPackage();
linkTensorFlow(checked.tensorflow.folder, packageFolder);
build(checked, packageFolder);
tryOut();
