#!/usr/bin/env node
/**
 * Puts everything that a run needs besides Node itself into the folder local/bundle: the program in one
 * file, the native part of the foreign-function library, the WebAssembly of TensorFlow.js, the configs
 * and the reference programs. For machines that nothing can be installed on:
 *
 *     npm run bundle
 *     node local/bundle/makertaker.js test-gpu
 *
 * For the platform that it is made on.
 */
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { build } from 'esbuild';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const folder = join(root, 'local', 'bundle');
const require = createRequire(import.meta.url);
const platform = `${process.platform}-${process.arch}`;

/** The native part of koffi for this platform: its packages for others are not looked at. */
const koffi = {
  name: 'koffi',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^@koromix\/koffi-/ }, ({ path }) =>
      path === `@koromix/koffi-${platform}`
        ? { path, namespace: 'koffi' }
        : { path, external: true },
    );
    onLoad({ filter: /.*/, namespace: 'koffi' }, () => ({
      contents: 'module.exports = require("./koffi.node");',
      resolveDir: folder,
    }));
    // Its form for `import` looks for its own URL, which a bundle has not.
    onResolve({ filter: /^koffi$/ }, () => ({ path: require.resolve('koffi') }));
    onResolve({ filter: /koffi\.node$/ }, ({ path }) => ({ path, external: true }));
  },
};

/** What is looked for beside a module at run time lies beside the bundle. */
const places = {
  name: 'places',
  setup({ onLoad }) {
    onLoad({ filter: /scripts[/\\]command-line\.ts$/ }, ({ path }) => {
      const names = readdirSync(join(root, 'scripts', 'commands')).map((file) => file.slice(0, -3));
      const table = names.map(
        (name) => `${JSON.stringify(name)}: () => require('./commands/${name}')`,
      );
      return {
        loader: 'ts',
        contents: replaceOnce(
          readFileSync(path, 'utf8'),
          'require(`./commands/${name}`)',
          `({${table.join(', ')}} as Record<string, () => unknown>)[name]!()`,
        ),
      };
    });
    onLoad({ filter: /devices[/\\]wasm\.ts$/ }, ({ path }) => ({
      loader: 'ts',
      contents: replaceOnce(
        readFileSync(path, 'utf8'),
        "require.resolve('@tensorflow/tfjs-backend-wasm')",
        '__filename',
      ),
    }));
  },
};

function replaceOnce(text, from, to) {
  if (text.split(from).length !== 2) throw new Error(`'${from}' does not stand once in its file`);
  return text.replace(from, () => to);
}

const main = `
if (process.argv[2] === 'test-gpu') {
  process.argv.splice(2, 1);
  require('./scripts/test-gpu');
} else {
  require('./scripts/makertaker');
}`;

const readme = `makertaker in one folder; it needs Node 20 or newer and nothing else (${platform}).

    node makertaker.js test-gpu            checks and measures device cuda; --help, --quick, --tune
    node makertaker.js train configs/quickstart.yaml
    node makertaker.js devices             what there is, and why what is missing is

Device cuda needs NVIDIA's driver and NVRTC: pip install nvidia-cuda-nvrtc-cu12, or the CUDA toolkit, or
the folder of libnvrtc in MAKERTAKER_NVRTC.
`;

rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
await build({
  stdin: { contents: main, resolveDir: root, sourcefile: 'makertaker.ts', loader: 'ts' },
  outfile: join(folder, 'makertaker.js'),
  bundle: true,
  platform: 'node',
  target: 'node20',
  external: ['@tensorflow/tfjs-node', '@tensorflow/tfjs-node-gpu'],
  plugins: [koffi, places],
  logLevel: 'warning',
});
const libc = process.platform === 'linux' && !process.report.getReport().header.glibcVersionRuntime;
cpSync(
  require.resolve(
    `@koromix/koffi-${platform}/${libc ? 'musl' : process.platform}_${process.arch}/koffi.node`,
  ),
  join(folder, 'koffi.node'),
);
const wasm = join(dirname(require.resolve('@tensorflow/tfjs-backend-wasm')));
for (const file of readdirSync(wasm).filter((name) => name.endsWith('.wasm'))) {
  cpSync(join(wasm, file), join(folder, file));
}
const parts = ['configs', 'checkpoints', join('bench', 'peers')];
for (const part of parts.filter((name) => existsSync(join(root, name)))) {
  cpSync(join(root, part), join(folder, part), {
    recursive: true,
    filter: (source) => !/\.ts$|__pycache__/.test(source),
  });
}
cpSync(join(root, 'package.json'), join(folder, 'package.json'));
writeFileSync(join(folder, 'README.md'), readme);
console.log(folder);
