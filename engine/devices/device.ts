/** What a look at a device finds. */
export type Probe =
  | {
      readonly available: true;
      readonly version: string;
      readonly description: string;
      readonly hasGpu: boolean;
    }
  | { readonly available: false; readonly reason: string };

/** A place where tensors can live. */
export interface Device<Name extends string = string> {
  readonly name: Name;
  /** Whether it would start, without making it the current backend. */
  probe(): Promise<Probe>;
  /** Whether it computes in several threads. */
  readonly hasThreads: boolean;
  /**
   * Makes it the current TensorFlow.js backend; only after a probe that found it available.
   * @param threads at most so many, where it has any; null: as many as there are cores
   */
  start(threads: number | null): Promise<void>;
}
