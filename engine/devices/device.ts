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
  /** Makes it the current TensorFlow.js backend; only after a probe that found it available. */
  start(): Promise<void>;
}
