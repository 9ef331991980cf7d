/** Lines about what a run does: permanent ones, and one live line that the next replaces. */
export interface Progress {
  /** Replaced by the next line on a terminal; a line of its own elsewhere. */
  live(line: string): void;
  say(line: string): void;
  /** A line that stands out on a terminal. */
  highlight(line: string): void;
}

export function createProgress(stream: NodeJS.WriteStream = process.stdout): Progress {
  let pending = false;
  // One write a line, or terminals flicker.
  const erase = (): string => (pending ? '\r\u001b[2K' : '');
  const say = (line: string): void => {
    stream.write(`${erase()}${line}\n`);
    pending = false;
  };
  const isPlain = !stream.isTTY || Boolean(process.env['NO_COLOR']);
  return {
    live(line) {
      if (!stream.isTTY) return say(line);
      // Within its width: a line that wraps could not be erased.
      stream.write(`${erase()}${line.slice(0, (stream.columns || 80) - 1)}`);
      pending = true;
    },
    say,
    highlight: (line) => say(isPlain ? line : `\u001b[1m${line}\u001b[22m`),
  };
}
