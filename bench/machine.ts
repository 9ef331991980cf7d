import { availableParallelism, cpus, loadavg, totalmem } from 'node:os';

/** What a figure depends on beside the program. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly platform: string;
  readonly node: string;
}

export const describeMachine = (): Machine => ({
  cpu: cpus()[0]?.model.trim() ?? 'unknown',
  cores: availableParallelism(),
  memoryGiB: roundTo(totalmem() / 2 ** 30, 3),
  platform: `${process.platform} ${process.arch}`,
  node: process.version,
});

/** Mean number of runnable processes over the last minute, this one included; 0 where the system does not tell. */
export const machineLoad = (): number => roundTo(loadavg()[0]!, 3);

/** Most memory the process has held so far, MiB. */
export const peakMemoryMiB = (): number => Math.round(process.resourceUsage().maxRSS / 1024);

/** @param digits significant ones */
export const roundTo = (value: number, digits: number): number => Number(value.toPrecision(digits));
