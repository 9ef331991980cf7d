import { InputError } from '../engine/input-error';
import { writeFileAtomically } from '../outputs/atomic-file';

/**
 * Writes a file that the user named.
 * @param option which says where to, for the message: '--plot'
 * @throws InputError if nothing can be written there
 */
export function writeOutput(option: string, file: string, text: string): void {
  try {
    writeFileAtomically(file, text);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    throw new InputError(`${option} ${file}: cannot be written (${code}); give another place`);
  }
}
