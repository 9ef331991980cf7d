import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

import { z } from 'zod';

import { InputError } from '../engine/input-error';
import { roundTo } from './machine';
import type { Scale } from './measure-device';

/** What bench/peers/trpo_update.py prints; times in seconds. */
const peerReport = z.object({
  torch: z.string(),
  results: z.array(
    z.object({
      form: z.string(),
      threads: z.int(),
      fisherProduct: z.number(),
      trpoUpdate: z.number(),
    }),
  ),
});

/** The update in PyTorch, ms. */
export interface PeerFigure {
  readonly peer: string;
  /** How the Fisher-vector product is computed. */
  readonly form: string;
  readonly threads: number;
  readonly batch: number;
  readonly fisherProduct: number;
  readonly trpoUpdate: number;
}

/**
 * Measures the update of the same size in PyTorch.
 * @param python one that can import torch
 * @throws InputError if it cannot
 */
export async function measurePeers(python: string, { rows, effort }: Scale): Promise<PeerFigure[]> {
  const args = [peerProgram(), String(rows), String(effort.runs), String(effort.seconds)];
  let printed: string;
  try {
    printed = (await promisify(execFile)(python, args)).stdout;
  } catch (error) {
    const { stderr = '', message } = error as Error & { stderr?: string };
    const reason = stderr.trim().split('\n').at(-1) || message.split('\n')[0];
    throw new InputError(`--peers: ${python} does not run the comparison: ${reason}`);
  }
  const { torch, results } = peerReport.parse(JSON.parse(printed));
  return results.map(({ fisherProduct, trpoUpdate, ...how }) => ({
    peer: `torch ${torch}`,
    ...how,
    batch: rows,
    fisherProduct: roundTo(1000 * fisherProduct, 4),
    trpoUpdate: roundTo(1000 * trpoUpdate, 4),
  }));
}

/** In the package beside the compiled files, in a clone beside the sources. */
function peerProgram(): string {
  let folder = __dirname;
  const place = 'bench/peers/trpo_update.py';
  while (!existsSync(join(folder, place))) folder = dirname(folder);
  return join(folder, place);
}
