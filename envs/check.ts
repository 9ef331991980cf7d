import * as tf from '@tensorflow/tfjs';

import { InputError } from '../engine/input-error';
import { checkContract } from './checks/contract';
import { checkEpisode } from './checks/episode';
import { checkHostReads, checkLeaks, checkPurity } from './checks/purity';
import { checkRows } from './checks/rows';
import type { Finding, Trial } from './checks/trial';
import { defineEnvironment, type Environment, type EnvironmentDefinition } from './environment';
import type { EnvironmentKind } from './kind';
import { makeFromKind } from './registry';

/** What can be checked: a kind (with a config of its parameters), a definition or an environment. */
export type Checkable = EnvironmentKind | EnvironmentDefinition | Environment;

export interface CheckOptions {
  /** Parameters of a kind; default its defaults. */
  readonly config?: object;
  /** B of the trial batches, at least 3; default 6. */
  readonly rows?: number;
  /** The longest horizon that is walked to its end, in steps; default 1000. */
  readonly steps?: number;
  /** Default 0. */
  readonly seed?: number;
}

/** The checks in their order; one that can only fail after another comes after it. */
const checks: readonly {
  readonly name: string;
  readonly tidy: boolean;
  run(trial: Trial): void;
}[] = [
  { name: 'contract', tidy: true, run: checkContract },
  { name: 'purity', tidy: true, run: checkPurity },
  { name: 'host-read', tidy: true, run: checkHostReads },
  { name: 'rows', tidy: true, run: checkRows },
  { name: 'leak', tidy: false, run: checkLeaks },
  { name: 'episode', tidy: false, run: checkEpisode },
];

/**
 * Puts an environment through its paces and says what is wrong with it: shapes and types, bounds,
 * determinism, purity, values read on the host, rows that depend on their neighbours, parameters per
 * row, leaked tensors, masks, metrics and the horizon.
 * @returns what was found; nothing if the environment keeps the contract of `EnvironmentDefinition`
 */
export function checkEnvironment(
  subject: Checkable,
  options: CheckOptions = {},
): readonly Finding[] {
  const findings: Finding[] = [];
  const report = (check: string, message: string): void => {
    findings.push({ check, message });
  };
  const environment = environmentOf(subject, options.config);
  const { rows = 6, steps = 1000, seed = 0 } = options;
  if (rows < 3) throw new InputError(`checkEnvironment: rows must be at least 3, not ${rows}`);
  const trial: Trial = {
    environment,
    definition: environment.definition,
    rows,
    steps,
    seed,
    report,
  };
  for (const { name, tidy, run } of checks) {
    try {
      if (tidy) tf.tidy(() => run(trial));
      else run(trial);
    } catch (error) {
      report(name, `this check could not finish: ${(error as Error).message}`);
    }
    // Later checks build on the contract, and would only repeat what broke it.
    if (name === 'contract' && findings.length > 0) break;
  }
  return findings;
}

/** @throws InputError that lists every finding of `checkEnvironment` */
export function assertEnvironment(subject: Checkable, options: CheckOptions = {}): void {
  const findings = checkEnvironment(subject, options);
  if (findings.length === 0) return;
  const lines = findings.map(({ check, message }) => `${check}: ${message}`);
  throw new InputError(`${subject.id}: ${lines.join('; ')}`);
}

function environmentOf(subject: Checkable, config: object | undefined): Environment {
  if ('create' in subject) return makeFromKind(subject, config);
  return 'definition' in subject ? subject : defineEnvironment(subject);
}
