import { join } from 'node:path';

import type { ExportablePolicy } from '../../algorithms/policies/exportable';
import { writeFileAtomically } from '../atomic-file';
import { cFiles, cPolicy } from './c-policy';
import { checkExport, type ExportCheck, type PolicyForward, tolerance } from './check-export';
import { type DecisionRule, decisionRuleOf } from './decision-rule';
import { javascriptPolicy } from './javascript-policy';
import { onnxPolicy } from './onnx-policy';
import { describePolicy, type PolicyFormat } from './policy-description';
import type { Latency } from './latency';
import { probeObservations } from './probe-observations';
import { cRuntime } from './run-c';
import { javascriptRuntime, onnxRuntime, type Runtime, tfjsRuntime } from './runtimes';
import { tfjsPolicy } from './tfjs-policy';

export interface ExportResult {
  /** Paths of the files written, `policy.json` last. */
  readonly files: readonly string[];
  readonly check:
    | ({ readonly kind: 'agrees' } & ExportCheck)
    | { readonly kind: 'unchecked'; readonly reason: string };
  /** Of one decision at a time, if it was asked for and the format's runtime is present. */
  readonly latency?: Latency;
}

export interface ExportOptions {
  /** As in package.json. */
  readonly programVersion: string;
  /** Whether decisions are timed. Default false. */
  readonly time?: boolean;
}

/**
 * Writes a policy in a format that runs without makertaker, with `policy.json` beside it, after
 * comparing it with the live policy. Files of the same names in the folder are replaced.
 * @param live the trained policy in the environment's terms: observations as they are observed
 * @throws Error, with nothing written, if the two differ by more than the tolerance
 */
export async function exportPolicy(
  policy: ExportablePolicy,
  format: PolicyFormat,
  folder: string,
  live: PolicyForward,
  { programVersion, time = false }: ExportOptions,
): Promise<ExportResult> {
  const rule = decisionRuleOf(policy);
  const { files, runtime } = await buildFiles(rule, format, { name: policy.name, programVersion });
  const { check, latency } = await examine(policy, runtime, live, time).finally(() => {
    if (runtime.kind === 'present') runtime.dispose?.();
  });
  if (check.kind === 'agrees' && !(check.maxError <= tolerance)) {
    throw new Error(
      `The exported policy differs from the live one by ${check.maxError}, more than ${tolerance}; nothing was written.`,
    );
  }
  const description = describePolicy(policy, rule, format, programVersion);
  const all = { ...files, 'policy.json': `${JSON.stringify(description, null, 2)}\n` };
  for (const [name, content] of Object.entries(all))
    writeFileAtomically(join(folder, name), content);
  const paths = Object.keys(all).map((name) => join(folder, name));
  return { files: paths, check, ...(latency ? { latency } : {}) };
}

/** Decisions that are timed, one by one. */
const timedDecisions = 20_000;

async function examine(
  policy: ExportablePolicy,
  runtime: Runtime,
  live: PolicyForward,
  time: boolean,
): Promise<Pick<ExportResult, 'check' | 'latency'>> {
  if (runtime.kind === 'missing') return { check: { kind: 'unchecked', reason: runtime.reason } };
  const check = { kind: 'agrees', ...(await checkExport(policy, runtime.forward, live)) } as const;
  if (!time) return { check };
  const { observations, rows } = probeObservations(policy, decisionRuleOf(policy), 1000);
  return { check, latency: await runtime.time(observations, rows, timedDecisions) };
}

interface Build {
  /** Contents by file name. */
  readonly files: Readonly<Record<string, string | Uint8Array>>;
  /** What runs the files. */
  readonly runtime: Runtime;
}

async function buildFiles(
  rule: DecisionRule,
  format: PolicyFormat,
  labels: { name: string; programVersion: string },
): Promise<Build> {
  switch (format) {
    case 'onnx': {
      const model = onnxPolicy(rule, labels);
      return { files: { 'policy.onnx': model }, runtime: await onnxRuntime(model, rule) };
    }
    case 'tfjs': {
      const model = tfjsPolicy(rule, labels);
      return {
        files: { 'model.json': `${JSON.stringify(model.json)}\n`, 'weights.bin': model.weights },
        runtime: tfjsRuntime(model, rule),
      };
    }
    case 'javascript': {
      const { commonjs, module } = javascriptPolicy(rule, labels);
      return {
        files: { 'policy.cjs': commonjs, 'policy.mjs': module },
        runtime: javascriptRuntime(commonjs, rule),
      };
    }
    case 'c': {
      const policy = cPolicy(rule, labels);
      return {
        files: { [cFiles.source]: policy.source, [cFiles.header]: policy.header },
        runtime: cRuntime(policy, rule),
      };
    }
  }
}
