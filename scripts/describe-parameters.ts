import { z } from 'zod';

/** The parts of a JSON Schema that the documentation shows. */
interface JsonSchema {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly unit?: string;
  readonly default?: unknown;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
  readonly items?: JsonSchema;
  readonly prefixItems?: readonly JsonSchema[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
}

/** One parameter, each entry in Markdown. */
export interface ParameterRow {
  readonly name: string;
  readonly type: string;
  readonly byDefault: string;
  readonly unit: string;
  readonly description: string;
}

/**
 * The parameters of a schema in reading order. Those inside an object follow it as `parent.child`;
 * those of one alternative of a union as `parent.child (kind)`; where the whole is one of several forms, as
 * `name (its kind)` or `name (form 1)`.
 */
export function describeParameters(schema: z.ZodType): ParameterRow[] {
  const json = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as JsonSchema;
  const forms = alternativesOf(json);
  if (forms.length === 0) return rowsOf(json, '', '');
  return forms.flatMap((form, index) => {
    const kind = kindOf(form) ?? `form ${index + 1}`;
    return rowsOf(form, '', ` (${String(kind)})`);
  });
}

function rowsOf(schema: JsonSchema, prefix: string, suffix: string): ParameterRow[] {
  return Object.entries(schema.properties ?? {})
    .filter(([, property]) => property.const === undefined)
    .flatMap(([name, property]) => {
      const path = prefix + name;
      const row: ParameterRow = {
        name: code(path) + suffix,
        type: typeOf(property),
        byDefault: defaultOf(property, schema.required?.includes(name) ?? false),
        unit: property.unit ?? '',
        description: property.description ?? '',
      };
      return [row, ...nestedRows(property, path, suffix)];
    });
}

function nestedRows(schema: JsonSchema, path: string, suffix: string): ParameterRow[] {
  const alternatives = alternativesOf(schema);
  if (alternatives.length === 0) return rowsOf(schema, `${path}.`, suffix);
  return alternatives.flatMap((alternative) => {
    const kind = kindOf(alternative);
    return rowsOf(alternative, `${path}.`, kind === undefined ? suffix : `${suffix} (${kind})`);
  });
}

const alternativesOf = (schema: JsonSchema): readonly JsonSchema[] =>
  schema.oneOf ?? schema.anyOf ?? [];

/** The constant that tells the alternatives of a union apart. */
function kindOf({ properties }: JsonSchema): unknown {
  return Object.values(properties ?? {}).find((property) => property.const !== undefined)?.const;
}

function typeOf(schema: JsonSchema): string {
  const alternatives = alternativesOf(schema);
  if (alternatives.length > 0) return [...new Set(alternatives.map(typeOf))].join(' or ');
  if (schema.const !== undefined) return code(String(schema.const));
  if (schema.enum) return schema.enum.map((value) => code(String(value))).join(' or ');
  if (schema.prefixItems) return `[${schema.prefixItems.map(typeOf).join(', ')}]`;
  if (schema.type === 'array') return `list of ${schema.items ? typeOf(schema.items) : 'values'}`;
  if (schema.type === 'object') {
    const kind = kindOf(schema);
    return kind === undefined ? 'object' : code(String(kind));
  }
  const types = [schema.type ?? 'any'].flat().join(' or ');
  return [types, boundsOf(schema)].filter((part) => part !== '').join(' ');
}

/** The bounds that say something: those of safe integers only say that the number is one. */
function boundsOf(schema: JsonSchema): string {
  const bounds: readonly [string, number | undefined][] = [
    ['≥', schema.minimum],
    ['>', schema.exclusiveMinimum],
    ['≤', schema.maximum],
    ['<', schema.exclusiveMaximum],
  ];
  return bounds
    .flatMap(([sign, bound]) =>
      bound === undefined || Math.abs(bound) === Number.MAX_SAFE_INTEGER
        ? []
        : [`${sign} ${bound}`],
    )
    .join(', ');
}

function defaultOf(schema: JsonSchema, required: boolean): string {
  const value = schema.default;
  if (value === undefined) return required ? 'required' : '';
  if (typeof value !== 'object' || value === null) return code(String(value));
  if (Object.keys(value).length === 0 && !Array.isArray(value)) return '';
  return code(
    JSON.stringify(value).replaceAll('"', '').replaceAll(':', ': ').replaceAll(',', ', '),
  );
}

const code = (text: string): string => `\`${text}\``;
