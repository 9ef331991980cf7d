/** @type {import('jest').Config} */
module.exports = {
  testEnvironment: 'node',
  roots: ['<rootDir>/test'],
  setupFiles: ['<rootDir>/test/quiet.ts'],
  testMatch: ['**/*.test.ts'],
  // The slowest take three seconds by themselves; machines that do other work besides are slower.
  testTimeout: 60_000,
  maxWorkers: '100%',
  // What a file does not find in its own scope is looked up in the sandbox, which makes a loop over numbers
  // ten times as slow.
  sandboxInjectedGlobals: [
    ...[
      'Math',
      'Number',
      'Infinity',
      'isNaN',
      'Object',
      'Array',
      'Map',
      'Set',
      'WeakMap',
      'String',
    ],
    ...['Float32Array', 'Float64Array', 'Int32Array', 'Uint32Array', 'Uint8Array'],
  ],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      { jsc: { parser: { syntax: 'typescript' }, target: 'es2022' }, module: { type: 'commonjs' } },
    ],
  },
};
