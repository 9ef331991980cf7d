import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const script = join(__dirname, '../../scripts/build-tensorflow.mjs');

const build = (args: string[], env: Record<string, string>) =>
  spawnSync(process.execPath, [script, ...args], { encoding: 'utf8', env });

describe('build:tensorflow', () => {
  it('names all that is missing in one go and changes nothing', () => {
    const { status, stderr, stdout } = build(['--python', '/no/such/python'], { PATH: '' });
    expect(status).toBe(2);
    expect(stdout).toBe('');
    for (const missing of [
      "Python: '/no/such/python' does not run",
      'TensorFlow: ',
      'a C++ compiler',
      'make: ',
      'node-gyp: ',
    ]) {
      expect(stderr).toContain(missing);
    }
  });

  it('says how it is called', () => {
    const { status, stdout } = build(['--help'], {});
    expect(status).toBe(0);
    expect(stdout).toContain('--python PATH');
  });
});
