import { join } from 'node:path';

import type { ExportablePolicy } from '../../algorithms/policies/exportable';
import { writeFileAtomically } from '../atomic-file';
import { checkExport, type ExportCheck, type PolicyForward, tolerance } from './check-export';
import { type DecisionRule, decisionRuleOf } from './decision-rule';
import { javascriptPolicy } from './javascript-policy';
import { onnxPolicy } from './onnx-policy';
import { describePolicy, type PolicyFormat } from './policy-description';
import { findOnnxRuntime, runJavascript, runOnnx, runTfjs } from './runtimes';
import { tfjsPolicy } from './tfjs-policy';

export interface ExportResult {
  /** Paths of the files written, `policy.json` last. */
  readonly files: readonly string[];
  readonly check:
    | ({ readonly kind: 'agrees' } & ExportCheck)
    | { readonly kind: 'unchecked'; readonly reason: string };
}

/**
 * Writes a policy in a format that runs without makertaker, with `policy.json` beside it, after
 * comparing it with the live policy. Files of the same names in the folder are replaced.
 * @param live the trained policy in the environment's terms: observations as they are observed
 * @param programVersion as in package.json
 * @throws Error, with nothing written, if the two differ by more than the tolerance
 */
export async function exportPolicy(
  policy: ExportablePolicy,
  format: PolicyFormat,
  folder: string,
  live: PolicyForward,
  programVersion: string,
): Promise<ExportResult> {
  const rule = decisionRuleOf(policy);
  const { files, forward } = await buildFiles(rule, format, { name: policy.name, programVersion });
  const check = forward
    ? ({ kind: 'agrees', ...(await checkExport(policy, forward, live)) } as const)
    : ({ kind: 'unchecked', reason: 'onnxruntime-node is not installed' } as const);
  if (check.kind === 'agrees' && !(check.maxError <= tolerance)) {
    throw new Error(
      `The exported policy differs from the live one by ${check.maxError}, more than ${tolerance}; nothing was written.`,
    );
  }
  const description = describePolicy(policy, rule, format, programVersion);
  const all = { ...files, 'policy.json': `${JSON.stringify(description, null, 2)}\n` };
  for (const [name, content] of Object.entries(all))
    writeFileAtomically(join(folder, name), content);
  return { files: Object.keys(all).map((name) => join(folder, name)), check };
}

interface Build {
  /** Contents by file name. */
  readonly files: Readonly<Record<string, string | Uint8Array>>;
  /** Runs what the files hold; null where no runtime is present. */
  readonly forward: PolicyForward | null;
}

async function buildFiles(
  rule: DecisionRule,
  format: PolicyFormat,
  labels: { name: string; programVersion: string },
): Promise<Build> {
  switch (format) {
    case 'onnx': {
      const model = onnxPolicy(rule, labels);
      const runtime = await findOnnxRuntime();
      return {
        files: { 'policy.onnx': model },
        forward: runtime && runOnnx(runtime, model, rule),
      };
    }
    case 'tfjs': {
      const model = tfjsPolicy(rule, labels);
      return {
        files: { 'model.json': `${JSON.stringify(model.json)}\n`, 'weights.bin': model.weights },
        forward: runTfjs(model, rule),
      };
    }
    case 'javascript': {
      const { commonjs, module } = javascriptPolicy(rule, labels);
      return {
        files: { 'policy.cjs': commonjs, 'policy.mjs': module },
        forward: runJavascript(commonjs, rule),
      };
    }
  }
}
