import type { z } from 'zod';

import type { Solver } from '../../algorithms/solvers/solver';
import type { Chart, ChartSize } from '../chart';

export type Cell = number | string | null;

export interface Column {
  readonly name: string;
  /** Shown behind the name. */
  readonly unit?: string;
}

export interface Table {
  readonly title?: string;
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly Cell[])[];
}

/** A result as people read it. */
export interface Presentation {
  /** What the answer is, one line each: `cost: 15.1667 quote currency`. */
  readonly summary: readonly (readonly [name: string, value: Cell, unit?: string])[];
  readonly tables: readonly Table[];
  readonly chart: Chart;
  readonly chartSize?: ChartSize;
}

/** A solver and how its results are shown. */
export interface Solution<Schema extends z.ZodType = z.ZodType, Result = unknown> {
  readonly solver: Solver<Schema, Result>;
  present(result: Result, input: z.output<Schema>): Presentation;
}

/** Forgets the types of schema and result, which the solver checks itself. */
export const presentSolution = <Schema extends z.ZodType, Result>(
  solver: Solver<Schema, Result>,
  present: (result: Result, input: z.output<Schema>) => Presentation,
): Solution => ({ solver, present }) as unknown as Solution;
