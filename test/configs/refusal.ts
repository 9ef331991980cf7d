import { InputError } from '../../engine/input-error';

/** What is said of input that must be refused. */
export function refusal(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    expect(error).toBeInstanceOf(InputError);
    return (error as Error).message;
  }
  throw new Error('it was accepted');
}
