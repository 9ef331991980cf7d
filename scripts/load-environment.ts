import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';

import type { PolicySolver } from '../algorithms/solvers/policy';
import { InputError } from '../engine/input-error';
import type { EnvironmentKind } from '../envs/kind';

/** What a user's module brings. */
export interface EnvironmentModule {
  readonly kind: EnvironmentKind;
  /** Its own classical policies, which configs and commands may name. */
  readonly policies: readonly PolicySolver[];
}

/**
 * A user's environment, `env: { module: ./my-env.js }`: an ES or CommonJS module whose default
 * export, or whose export `kind`, is an EnvironmentKind. Without a schema it takes no parameters.
 * An export `policies` lists classical policies for it, as PolicySolvers.
 * @param path relative to `base`, the folder of the config file
 * @throws InputError for a file that is missing or fails to load, or an export that is no kind
 */
export async function loadEnvironmentModule(
  path: string,
  base: string,
): Promise<EnvironmentModule> {
  const file = resolve(base, path);
  const where = `env.module: ${path}`;
  if (!existsSync(file)) throw new InputError(`${where}: no such file (looked for ${file})`);
  let exported: Record<string, unknown>;
  try {
    exported = (await import(pathToFileURL(file).href)) as Record<string, unknown>;
  } catch (error) {
    throw new InputError(`${where}: the module does not load: ${(error as Error).message}`);
  }
  const kind = asKind(candidateOf(exported), where);
  return { kind, policies: asPolicies(policiesOf(exported), kind.id, where) };
}

/** CommonJS modules arrive as the default export of a namespace, in which `default` may nest. */
function candidateOf(exported: Record<string, unknown>): unknown {
  const inner = exported.default;
  if (typeof inner !== 'object' || inner === null) return exported.kind ?? inner;
  const { kind, default: nested } = inner as Record<string, unknown>;
  return exported.kind ?? kind ?? nested ?? inner;
}

function policiesOf({ policies, default: inner }: Record<string, unknown>): unknown {
  return policies ?? (inner as { readonly policies?: unknown } | null | undefined)?.policies ?? [];
}

function asPolicies(candidates: unknown, id: string, where: string): PolicySolver[] {
  if (!Array.isArray(candidates)) {
    throw new InputError(`${where}: the export 'policies' must be a list of PolicySolvers`);
  }
  return candidates.map((candidate: Partial<PolicySolver> | null | undefined, index) => {
    const { name, description = '', environments = [id], create } = candidate ?? {};
    if (typeof name !== 'string' || typeof create !== 'function') {
      throw new InputError(
        `${where}: policies[${index}] must have a name and a function create(kindId, config, definition)`,
      );
    }
    return { name, description, environments, create };
  });
}

function asKind(candidate: unknown, where: string): EnvironmentKind {
  if (typeof candidate !== 'object' || candidate === null) {
    throw new InputError(`${where}: export an EnvironmentKind, as default or as 'kind'`);
  }
  const { id, title, description, schema, create } = candidate as Record<string, unknown>;
  const expected = (key: string, what: string): never => {
    throw new InputError(`${where}: '${key}' of the exported kind must be ${what}`);
  };
  if (typeof id !== 'string' || id === '') expected('id', 'a name, such as "my-env"');
  if (typeof create !== 'function') expected('create', 'a function config → EnvironmentDefinition');
  if (schema !== undefined && !isSchema(schema)) expected('schema', 'a zod schema, or left out');
  return {
    ...(candidate as EnvironmentKind),
    title: typeof title === 'string' ? title : (id as string),
    description: typeof description === 'string' ? description : '',
    schema: (schema as z.ZodType | undefined) ?? z.strictObject({}),
  };
}

/** A schema from another copy of zod is one as well. */
const isSchema = (schema: unknown): boolean =>
  typeof (schema as { safeParse?: unknown } | null)?.safeParse === 'function';
