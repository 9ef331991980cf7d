/** Lines about what a run does: permanent ones, and live ones that the next replace. */
export interface Progress {
  /**
   * Replaced by the next on a terminal; a line of its own elsewhere.
   * @param table what a terminal shows in place of the line
   */
  live(line: string, table?: readonly string[]): void;
  say(line: string): void;
  /** A line that stands out on a terminal. */
  highlight(line: string): void;
}

export function createProgress(stream: NodeJS.WriteStream = process.stdout): Progress {
  /** Live lines that stand on the terminal, the cursor in the last. */
  let pending = 0;
  // One write in all, or terminals flicker.
  const erase = (): string =>
    pending > 0 ? `\r\u001b[2K${'\u001b[1A\u001b[2K'.repeat(pending - 1)}` : '';
  const say = (line: string): void => {
    stream.write(`${erase()}${line}\n`);
    pending = 0;
  };
  const isPlain = !stream.isTTY || Boolean(process.env['NO_COLOR']);
  return {
    live(line, table = [line]) {
      if (!stream.isTTY) return say(line);
      // Within its width: a line that wraps could not be erased.
      const lines = table.map((one) => one.slice(0, (stream.columns || 80) - 1));
      stream.write(`${erase()}${lines.join('\n')}`);
      pending = lines.length;
    },
    say,
    highlight: (line) => say(isPlain ? line : `\u001b[1m${line}\u001b[22m`),
  };
}
