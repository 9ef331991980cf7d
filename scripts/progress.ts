/** Lines about what a run does: permanent ones, and one live line that the next replaces. */
export interface Progress {
  /** Replaced by the next line on a terminal; a line of its own elsewhere. */
  live(line: string): void;
  say(line: string): void;
}

export function createProgress(stream: NodeJS.WriteStream = process.stdout): Progress {
  let pending = false;
  const erase = stream.isTTY ? '\r\u001b[2K' : '';
  return {
    live(line) {
      if (!stream.isTTY) {
        stream.write(`${line}\n`);
        return;
      }
      stream.write(`${erase}${line.slice(0, stream.columns - 1)}`);
      pending = true;
    },
    say(line) {
      stream.write(`${pending ? erase : ''}${line}\n`);
      pending = false;
    },
  };
}
