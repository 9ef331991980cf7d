import { captureOutput } from './capture-output';

jest.mock('@tensorflow/tfjs', () => {
  throw new Error('TensorFlow.js was loaded');
});

describe('the command line', () => {
  it.each([[['--help']], [['--version']]])('answers %j without TensorFlow.js', async (words) => {
    const { code, output } = await captureOutput(words);
    expect(code).toBe(0);
    expect(output).toMatch(words[0] === '--version' ? /^\d+\.\d+\.\d+/ : /makertaker evaluate/);
  });

  it.each([
    [['evalute'], "unknown command 'evalute'; did you mean 'evaluate'?"],
    [[], 'no command given; see makertaker --help'],
  ])('refuses %j in one line with exit code 2', async (words, expected) => {
    const { code, errors } = await captureOutput(words);
    expect(code).toBe(2);
    expect(errors).toMatch(/^makertaker: [^\n]+\n$/);
    expect(errors).toContain(expected);
  });

  it('has exit code 1, one line, for any other error, and the stack with --debug', async () => {
    const { code, errors } = await captureOutput(['envs']);
    expect(code).toBe(1);
    expect(errors).toBe('makertaker: TensorFlow.js was loaded\n');
    const debugged = await captureOutput(['envs', '--debug']);
    expect(debugged.errors).toMatch(/\n\s+at /);
  });
});
