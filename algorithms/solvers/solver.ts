import type { z } from 'zod';

/** A classical method as `solve NAME` runs it: from one checked record of plain data to another. */
export interface Solver<Schema extends z.ZodType = z.ZodType, Result = unknown> {
  /** As the command line calls it. */
  readonly name: string;
  /** One line: what problem it solves. */
  readonly title: string;
  /** The method, its exactness and its cost, in a sentence or two. */
  readonly description: string;
  /** Paper or book, with equations. */
  readonly source: string;
  /** Every key with a description and a unit. */
  readonly schema: Schema;
  /** An input that shows the method, also the one of the documentation. */
  readonly example: z.input<Schema>;
  /**
   * @returns plain JSON: numbers, strings, booleans, null, arrays and records of them, the keys stable
   * @throws InputError where the problem has no solution, with the reason
   */
  solve(input: z.output<Schema>): Result;
}

/** Keeps the types of schema and result. */
export const defineSolver = <Schema extends z.ZodType, Result>(
  solver: Solver<Schema, Result>,
): Solver<Schema, Result> => solver;
