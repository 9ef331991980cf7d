/** Input that a person has to correct: one line that says what is wrong, where, and what would be right. */
export class InputError extends Error {
  override readonly name = 'InputError';
}
