import type { DType, Input, Node, Output } from '../graph';
import { homeOf, type TilePlan } from '../tile-plan';

/** C types of single numbers in memory. */
export const storedType = (dtype: DType): string =>
  dtype === 'float32' ? 'float' : dtype === 'int32' ? 'int32_t' : 'uint8_t';

/** C types of single numbers in arithmetic: masks are all ones or zeros. */
export const scalarType = (dtype: DType): string => (dtype === 'float32' ? 'float' : 'int32_t');

export const vectorType = (dtype: DType): string => (dtype === 'float32' ? 'vf' : 'vi');

/** A number as C reads it back to the same bits. */
export function literal(value: number, dtype: DType): string {
  if (dtype === 'bool') return value !== 0 ? '-1' : '0';
  if (dtype === 'int32') return value === -(2 ** 31) ? 'INT32_MIN' : String(value);
  if (Number.isNaN(value)) return 'NAN';
  if (!Number.isFinite(value)) return value > 0 ? 'INFINITY' : '(-INFINITY)';
  const text = String(Math.fround(value));
  const digits = Object.is(value, -0) ? '-0.0' : /[.e]/.test(text) ? text : `${text}.0`;
  return value < 0 || Object.is(value, -0) ? `(${digits}f)` : `${digits}f`;
}

/** Columns of a tensor [outer, B, inner]: where column c of row r lies. */
export function columnPlace(
  { shape, axis }: Pick<Input | Output, 'shape' | 'axis'>,
  column: number,
): { outer: number; inner: number; stride: number } {
  const stride = shape.slice(axis + 1).reduce((product, size) => product * size, 1);
  return { outer: Math.floor(column / stride), inner: column % stride, stride };
}

export const isLocalParameter = (node: Node, innerLoops: ReadonlySet<object>): boolean =>
  !node.space && node.region !== null && innerLoops.has(node.region);

/** The name of a node's memory within a tile, if it has any. */
export function memoryOf(plan: TilePlan, stored: ReadonlySet<Node>, node: Node): string | null {
  const home = homeOf(node);
  // What a loop of this pass ends with, in its slot still.
  if (home !== node && plan.buffers.has(home)) return `b${home.id}`;
  if (stored.has(node)) return `m${node.id}`;
  return plan.buffers.has(home) ? `b${home.id}` : null;
}

export const load = (dtype: DType, address: string): string =>
  dtype === 'float32' ? `v_load(${address})` : `v_iload((const int32_t *)(${address}))`;

export const store = (dtype: DType, address: string, value: string): string =>
  dtype === 'float32'
    ? `v_store(${address}, ${value});`
    : `v_istore((int32_t *)(${address}), ${value});`;
