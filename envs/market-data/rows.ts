import { InputError } from '../../engine/input-error';

/** A text file as its lines, in order. */
export interface LineSource {
  /** Its path, for messages. */
  readonly file: string;
  readonly lines: AsyncIterable<string>;
}

/** A row that a person has to correct. */
export const badRow = (file: string, line: number, reason: string): InputError =>
  new InputError(`${file}:${line}: ${reason}`);

/** The number that a field says, or NaN: unlike Number, which takes nothing for zero. */
export function parseNumber(field: string | undefined): number {
  const value = Number(field);
  return value !== 0 || /\d/.test(field!) ? value : NaN;
}

/** Times must not run backwards. @throws InputError */
export function checkOrder(file: string, line: number, time: number, previous: number): void {
  if (time < previous) {
    throw badRow(file, line, `time ${time} after ${previous}; times must not decrease`);
  }
}
