import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { cFiles, type CPolicy } from './c-policy';
import type { DecisionRule } from './decision-rule';
import { latencyOf } from './latency';
import type { Runtime } from './runtimes';

/** The program that the check compiles beside the policy: reads rows, writes decisions or nanoseconds. */
function mainOf({ inputs, outputs, action }: DecisionRule, name: string): string {
  const width = action.kind === 'box' ? outputs : action.sizes.length;
  const type = action.kind === 'box' ? 'float' : 'int32_t';
  const call =
    action.kind === 'box'
      ? `${name}_act(x, action)`
      : action.flat
        ? `action[0] = ${name}_act(x, allowed)`
        : `${name}_act(x, allowed, action)`;
  return `#define _POSIX_C_SOURCE 199309L
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include "${cFiles.header}"
int main(int count, char **words) {
  if (count < 4) return 2;
  const long rows = atol(words[1]), masked = atol(words[2]), calls = atol(words[3]);
  float *observations = malloc(rows * ${inputs} * sizeof(float));
  uint8_t *masks = malloc(rows * ${outputs});
  if (!observations || !masks) return 3;
  if (fread(observations, sizeof(float), rows * ${inputs}, stdin) != (size_t)rows * ${inputs}) return 4;
  if (masked && fread(masks, 1, rows * ${outputs}, stdin) != (size_t)rows * ${outputs}) return 4;
  ${type} action[${width}];
  for (long call = 0; call < (calls ? calls : rows); call++) {
    const float *x = observations + call % rows * ${inputs};
    const uint8_t *allowed = masked ? masks + call % rows * ${outputs} : NULL;
    (void)allowed;
    struct timespec before, after;
    if (calls) clock_gettime(CLOCK_MONOTONIC, &before);
    ${call};
    if (!calls) { fwrite(action, sizeof action[0], ${width}, stdout); continue; }
    clock_gettime(CLOCK_MONOTONIC, &after);
    const double time = (after.tv_sec - before.tv_sec) * 1e9 + (double)(after.tv_nsec - before.tv_nsec);
    fwrite(&time, sizeof time, 1, stdout);
  }
  return 0;
}
`;
}

/**
 * Compiles a policy by the system's compiler (`CC`, or cc), and runs it.
 * @throws Error with the compiler's words if it refuses
 */
export function cRuntime(policy: CPolicy, rule: DecisionRule): Runtime {
  const compiler = process.env['CC'] || 'cc';
  if (spawnSync(compiler, ['--version']).status !== 0) {
    return { kind: 'missing', reason: `there is no C compiler: '${compiler}' does not run` };
  }
  const folder = mkdtempSync(join(tmpdir(), 'makertaker-policy-'));
  const dispose = (): void => rmSync(folder, { recursive: true, force: true });
  const program = join(folder, 'decide');
  const main = join(folder, 'main.c');
  writeFileSync(join(folder, cFiles.source), policy.source);
  writeFileSync(join(folder, cFiles.header), policy.header);
  writeFileSync(main, mainOf(rule, policy.name));
  const { status, stderr } = spawnSync(
    compiler,
    ['-std=c99', '-O3', '-march=native', '-o', program, join(folder, cFiles.source), main],
    { encoding: 'utf8' },
  );
  if (status !== 0) {
    dispose();
    throw new Error(`The exported C does not compile by ${compiler}: ${stderr}`);
  }
  const run = (
    observations: Float32Array,
    rows: number,
    mask: Uint8Array | null,
    calls: number,
  ) => {
    const input = Buffer.concat([bytesOf(observations), ...(mask ? [mask] : [])]);
    const done = spawnSync(program, [rows, mask ? 1 : 0, calls].map(String), {
      input,
      maxBuffer: 2 ** 30,
    });
    if (done.status !== 0) throw new Error(`The exported C ended with status ${done.status}.`);
    const { stdout } = done;
    return stdout.buffer.slice(stdout.byteOffset, stdout.byteOffset + stdout.length);
  };
  return {
    kind: 'present',
    forward(observations, rows, mask) {
      const numbers = run(observations, rows, mask, 0);
      const action =
        rule.action.kind === 'box' ? new Float32Array(numbers) : new Int32Array(numbers);
      return { action, logits: null };
    },
    time: (observations, rows, decisions) =>
      Promise.resolve(latencyOf(new Float64Array(run(observations, rows, null, decisions)))),
    dispose,
  };
}

const bytesOf = (values: Float32Array): Uint8Array =>
  new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
