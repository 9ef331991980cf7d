import { InputError } from '../engine/input-error';

/**
 * @param text '09:30-16:00', or with seconds
 * @returns seconds of the day
 * @throws InputError unless it says two times of a day in order
 */
export function parseSession(text: string): readonly [from: number, to: number] {
  const [from, to, ...more] = text.split('-').map(parseClock);
  if (from !== undefined && to !== undefined && more.length === 0 && from < to) return [from, to];
  throw new InputError(`--session ${text}: expected two times in order, such as 09:30-16:00`);
}

/** NaN for what is no time of day. */
function parseClock(text: string): number {
  const [, hours, minutes, seconds = '0'] = /^(\d\d?):([0-5]\d)(?::([0-5]\d))?$/.exec(text) ?? [];
  const time = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
  return time <= 86_400 ? time : NaN;
}
