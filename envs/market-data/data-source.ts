import type { LineSource } from './rows';

/** The two files of a recorded day. */
export interface LobsterDay {
  readonly messages: LineSource;
  readonly books: LineSource;
}

/** Recorded days, as the caller opens them: what is in `envs` does not touch the disk. */
export interface DataSource {
  /**
   * @param paths of files, or of folders of them
   * @throws InputError for a path that cannot be read and a file without its partner
   */
  lobsterDays(paths: readonly string[]): Promise<readonly LobsterDay[]>;
}
