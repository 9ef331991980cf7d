import { createHash } from 'node:crypto';

import { z } from 'zod';

import { InputError } from '../engine/input-error';
import { findUnrepresentable, isJsonObject, type JsonObject } from './json';

/** Raised whenever checkpoints change so that older programs would misread them. */
export const schemaVersion = 1;

const format = 'makertaker checkpoint';

/** What a checkpoint holds beside its arrays. */
export interface CheckpointDocument {
  /** The resolved config. */
  readonly config: JsonObject;
  /** How far the run is: environment steps, episodes, refused updates, best score, … */
  readonly counters: JsonObject;
  /** The seed and the steps taken: every random number is a function of them. */
  readonly random: JsonObject;
  /** As `describeSpace` gives them. */
  readonly observationSpace: JsonObject;
  readonly actionSpace: JsonObject;
}

const object = z.custom<JsonObject>(isJsonObject, 'expected an object');
const checksum = z.string().regex(/^[0-9a-f]{64}$/);

const manifestSchema = z.strictObject({
  format: z.literal(format),
  schema: z.literal(schemaVersion),
  program: z.string(),
  iteration: z.int().min(0),
  document: z.strictObject({
    config: object,
    counters: object,
    random: object,
    observationSpace: object,
    actionSpace: object,
  }),
  arrays: z.strictObject({
    file: z.string().regex(/^[\w.-]+$/),
    bytes: z.int().min(0),
    sha256: checksum,
  }),
  /** Of this text with an empty checksum in this place. */
  sha256: checksum,
});

export type Manifest = z.output<typeof manifestSchema>;

export const sha256 = (content: string | Uint8Array): string =>
  createHash('sha256').update(content).digest('hex');

const textOf = (manifest: object): string => `${JSON.stringify(manifest, null, 2)}\n`;

/** The text of `checkpoint.json`, with its checksum in it. */
export function sealManifest(
  program: string,
  iteration: number,
  document: CheckpointDocument,
  arrays: Manifest['arrays'],
): string {
  const lost = findUnrepresentable(document);
  if (lost !== null) throw new Error(`The checkpoint's ${lost} cannot be kept in JSON.`);
  const manifest = { format, schema: schemaVersion, program, iteration, document, arrays };
  return textOf({ ...manifest, sha256: sha256(textOf({ ...manifest, sha256: '' })) });
}

/**
 * Reads the text of `checkpoint.json`, byte for byte as it was written.
 * @param source how messages call it
 * @throws InputError with the reason
 */
export function openManifest(bytes: Uint8Array, source: string): Manifest {
  const refuse = (reason: string): never => {
    throw new InputError(`${source}: ${reason}`);
  };
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return refuse('truncated or altered: it is not JSON');
  }
  if (!isJsonObject(value) || value['format'] !== format) {
    return refuse(`foreign: its "format" is not "${format}"`);
  }
  const { schema } = value;
  if (typeof schema === 'number' && schema > schemaVersion) {
    return refuse(
      `made by a newer program (${String(value['program'])}): its schema version is ${schema}, this program reads up to ${schemaVersion}`,
    );
  }
  if (sha256(textOf({ ...value, sha256: '' })) !== value['sha256']) {
    return refuse('altered: its content does not match its checksum');
  }
  if (!Buffer.from(textOf(value)).equals(bytes)) {
    return refuse('altered: it is not the text that was written');
  }
  const parsed = manifestSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  return refuse(`not a checkpoint of this program: ${issue.path.join('.')}: ${issue.message}`);
}
