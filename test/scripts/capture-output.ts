import { runCommandLine } from '../../scripts/command-line';

export interface Outcome {
  readonly code: number;
  readonly output: string;
  readonly errors: string;
}

/**
 * Runs a command line in this process.
 * @param onOutput called with each piece of standard output
 */
export async function captureOutput(
  words: readonly string[],
  onOutput: (text: string) => void = () => {},
): Promise<Outcome> {
  const written = { output: '', errors: '' };
  const record = (to: keyof typeof written, notify: (text: string) => void) => (text: unknown) => {
    written[to] += String(text);
    notify(String(text));
    return true;
  };
  const spies = [
    jest.spyOn(process.stdout, 'write').mockImplementation(record('output', onOutput)),
    jest.spyOn(process.stderr, 'write').mockImplementation(record('errors', () => {})),
    jest.spyOn(console, 'log').mockImplementation((text) => record('output', onOutput)(text)),
  ];
  try {
    return { code: await runCommandLine(words), ...written };
  } finally {
    spies.forEach((spy) => spy.mockRestore());
  }
}
