import { InputError } from '../engine/input-error';

/**
 * The seeds of `--seeds`: a range with both ends, `0..9`, or a list, `1,5,7`.
 * @throws InputError for anything else
 */
export function parseSeeds(text: string): number[] {
  const range = /^(\d+)\.\.(\d+)$/.exec(text);
  if (range) {
    const [first, last] = [Number(range[1]), Number(range[2])];
    if (last >= first && last - first < 10_000 && Number.isSafeInteger(last)) {
      return Array.from({ length: last - first + 1 }, (_, index) => first + index);
    }
  }
  if (/^\d+(,\d+)*$/.test(text)) {
    const seeds = [...new Set(text.split(',').map(Number))];
    if (seeds.every(Number.isSafeInteger)) return seeds;
  }
  throw new InputError(`--seeds ${text}: expected a range such as 0..9 or a list such as 1,5,7`);
}
