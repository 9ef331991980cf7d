import type { Node, NodeOf } from '../graph';
import { type Group, groupsWithin, type TilePlan } from '../tile-plan';
import type { ParameterNames } from './c-parameters';

/** Weights of products, laid out anew in blocks of columns before a pass begins. */
export interface Weights {
  /** Numbers in all. */
  readonly size: number;
  /** Where those of a product's pair of inputs lie, as a C expression. */
  place(product: Node, pair: number): string;
  /** Lays out those of a pass. */
  pack(pass: number): string[];
}

interface Packed {
  readonly product: NodeOf<'matmul'>;
  readonly pair: number;
  readonly size: number;
  readonly offset: number;
}

/** Output columns that are summed at once: with three vectors of rows, twelve accumulators. */
export const blockOf = (product: NodeOf<'matmul'>): number =>
  product.columns <= 2 ? product.columns : 4;

export function placeWeights(plans: readonly TilePlan[], { entry }: ParameterNames): Weights {
  let total = 0;
  const passes = plans.map(({ groups }) =>
    productsOf(groups).flatMap((product) =>
      product.inner.map((size, pair): Packed => {
        const offset = total;
        total += size * Math.ceil(product.columns / 4) * 4;
        return { product, pair, size, offset };
      }),
    ),
  );
  const offsets = new Map(
    passes.flat().map(({ product, pair, offset }) => [`${product.id} ${pair}`, offset]),
  );
  return {
    size: total,
    place: (product, pair) => `p->pack + ${offsets.get(`${product.id} ${pair}`)!}`,
    pack: (pass) =>
      passes[pass]!.map(({ product, pair, size, offset }) => {
        const n = product.columns;
        const block = blockOf(product);
        const weight = entry(product.inputs[2 * pair + 1]!, `k * ${n} + j + c`);
        return (
          `{ float *w = p->pack + ${offset}; for (int j = 0; j < ${n}; j += ${block}) for (int k = 0; k < ${size}; k++) ` +
          `for (int c = 0; c < ${block}; c++) *w++ = j + c < ${n} ? ${weight} : 0.0f; }`
        );
      }),
  };
}

const productsOf = (groups: readonly Group[]): NodeOf<'matmul'>[] =>
  groups.flatMap((group) =>
    group.kind === 'product' ? [group.node] : productsOf(groupsWithin(group)),
  );
