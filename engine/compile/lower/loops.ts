import type * as tf from '@tensorflow/tfjs';

import type { LoopRecorder } from '../../recorder';
import { leavesOf, mapTrees, type TensorTree } from '../../tensors';
import { isWithin, type Node, type Region, type Space } from '../graph';
import { columnsOf, CompileError, expanded, type Recording, type Traced } from '../traced';

/** Replaces the tensors of a tree, in the order of its leaves. */
function withLeaves<Tree extends TensorTree>(tree: Tree, leaves: readonly tf.Tensor[]): Tree {
  let place = 0;
  return mapTrees(() => leaves[place++]!, tree);
}

/** The leaves of a tree in the order of another's, whose names may stand in another order. */
function leavesAs(order: TensorTree, tree: TensorTree): tf.Tensor[] {
  const leaves: tf.Tensor[] = [];
  mapTrees(
    (_, leaf) => {
      if (!leaf)
        throw new CompileError('the body of a loop returns another carry than it is given');
      leaves.push(leaf);
      return leaf;
    },
    order,
    tree,
  );
  return leaves;
}

/** Loops recorded as regions. */
export function createLoopRecorder(
  present: () => Recording,
  tracedOf: (tensor: tf.Tensor) => Traced,
  tensorOf: (traced: Traced) => tf.Tensor,
): LoopRecorder {
  let innermost: Region | null = null;
  /** Counted anew in each recording: two of the same function must not differ. */
  const branches = new WeakMap<Recording, number>();

  const open = (kind: Region['kind'], length: number, reverse: boolean): Region => ({
    kind,
    parent: innermost,
    depth: (innermost?.depth ?? 0) + 1,
    length,
    reverse,
    carries: [],
    inputs: [],
    outputs: [],
    condition: null,
  });

  const inside = <Result>(region: Region, work: () => Result): Result => {
    const outer = innermost;
    innermost = region;
    try {
      return work();
    } finally {
      innermost = outer;
    }
  };

  /** The batch a value belongs to, also where all its rows are equal so far. */
  const spaceOf = ({ node, axis }: Traced): Space | null =>
    node.space ?? (axis >= 0 ? present().batch : null);

  const slotOf = (
    region: Region,
    what: 'carry' | 'index' | 'input',
    index: number,
    like: Pick<Traced, 'shape' | 'axis'> & { dtype: Node['dtype']; space: Space | null },
  ): Traced => ({
    shape: like.shape,
    axis: like.axis,
    node: present().builder.make(
      { op: 'slot', of: region, what, index },
      { dtype: like.dtype, columns: columnsOf(like), space: like.space },
    ),
  });

  const carrySlots = (region: Region, carry: readonly Traced[]): Traced[] =>
    carry.map((traced, index) =>
      slotOf(region, 'carry', index, {
        ...traced,
        dtype: traced.node.dtype,
        space: spaceOf(traced),
      }),
    );

  const close = (
    region: Region,
    initial: readonly Traced[],
    slots: readonly Traced[],
    next: readonly Traced[],
  ): void => {
    if (next.length !== initial.length) {
      throw new CompileError('the body of a loop returns another carry than it is given');
    }
    initial.forEach((start, index) => {
      const slot = slots[index]!;
      const after = next[index]!;
      if (after.shape.join() !== start.shape.join() || after.node.dtype !== start.node.dtype) {
        throw new CompileError(
          `a carry of shape [${start.shape}] ${start.node.dtype} becomes [${after.shape}] ${after.node.dtype}`,
        );
      }
      if (after.node.space && after.node.space !== slot.node.space) {
        throw new CompileError('a carry that begins as a parameter becomes rows: begin with rows');
      }
      region.carries.push({
        initial: expanded(present(), start),
        slot: slot.node,
        next: expanded(present(), after),
      });
    });
  };

  const finals = (region: Region, slots: readonly Traced[]): tf.Tensor[] =>
    slots.map((slot, index) =>
      tensorOf({
        ...slot,
        node: present().builder.make(
          { op: 'final', of: region, index },
          {
            dtype: slot.node.dtype,
            columns: slot.node.columns,
            space: slot.node.space,
          },
        ),
      }),
    );

  /** What every step puts out, one step after the other. */
  const stack = (region: Region, traced: Traced): Node => {
    const { builder } = present();
    const output = expanded(present(), traced);
    const columns = region.length * output.columns;
    if (!isWithin(output, region)) {
      // The same in every step.
      if (output.op === 'constant' && output.values.length === 1) return traced.node;
      return builder.pick(
        [output],
        new Int32Array(columns).map((_, at) => at % output.columns),
      );
    }
    const space = spaceOf(traced);
    region.outputs.push(space && !output.space ? spread(output, space) : output);
    return builder.make(
      { op: 'stack', of: region, index: region.outputs.length - 1 },
      { dtype: output.dtype, columns, space },
    );
  };

  /** A parameter as rows that are all equal. */
  const spread = (node: Node, space: Space): Node =>
    present().builder.make(
      { op: 'pick', source: new Int32Array(node.columns).map((_, at) => at), fill: 0 },
      { inputs: [node], dtype: node.dtype, columns: node.columns, space },
    );

  const indexOf = (region: Region): tf.Scalar =>
    tensorOf(
      slotOf(region, 'index', 0, { shape: [], axis: -1, dtype: 'int32', space: null }),
    ) as tf.Scalar;

  return {
    scan(body, carry, length, { inputs, reverse }) {
      const region = open('scan', length, reverse);
      const initial = leavesOf(carry).map(tracedOf);
      const slots = carrySlots(region, initial);
      const given = inputs ? leavesOf(inputs).map(tracedOf) : [];
      const rows = given.map((traced, index) => {
        if (traced.axis === 0 || traced.shape[0] !== length) {
          throw new CompileError(`an input of shape [${traced.shape}] for ${length} steps`);
        }
        const slot = slotOf(region, 'input', index, {
          shape: traced.shape.slice(1),
          axis: traced.axis - 1,
          dtype: traced.node.dtype,
          space: traced.node.space,
        });
        region.inputs.push({ source: expanded(present(), traced), slot: slot.node });
        return slot;
      });
      const result = inside(region, () =>
        body(
          withLeaves(carry, slots.map(tensorOf)),
          indexOf(region),
          inputs ? withLeaves(inputs, rows.map(tensorOf)) : ({} as TensorTree),
        ),
      );
      close(region, initial, slots, leavesAs(carry, result.carry).map(tracedOf));
      const outputs = leavesOf(result.output).map(tracedOf);
      const stacked = outputs.map((traced) =>
        tensorOf({
          node: stack(region, traced),
          shape: [length, ...traced.shape],
          axis: traced.axis < 0 ? -1 : traced.axis + 1,
        }),
      );
      return {
        carry: withLeaves(carry, finals(region, slots)),
        outputs: withLeaves(result.output, stacked),
      };
    },

    iterate(body, carry, maximum, continueWhile) {
      const region = open('iterate', maximum, false);
      const initial = leavesOf(carry).map(tracedOf);
      const slots = carrySlots(region, initial);
      const { next, condition } = inside(region, () => ({
        condition: tracedOf(continueWhile(withLeaves(carry, slots.map(tensorOf)))),
        next: body(withLeaves(carry, slots.map(tensorOf)), indexOf(region)),
      }));
      if (condition.node.space || condition.node.columns !== 1) {
        throw new CompileError('iterate goes on while one number holds, not one a row');
      }
      close(region, initial, slots, leavesAs(carry, next).map(tracedOf));
      region.condition = condition.node;
      return withLeaves(carry, finals(region, slots));
    },

    branch(condition, then, otherwise) {
      const chosen = tracedOf(condition).node;
      const branch = branches.get(present()) ?? 0;
      branches.set(present(), branch + 1);
      const yes = then();
      const no = leavesAs(yes, otherwise()).map(tracedOf);
      const guarded = leavesOf(yes).map((tensor, index) =>
        guard(present(), branch, chosen, tracedOf(tensor), no[index]!),
      );
      return withLeaves(yes, guarded.map(tensorOf));
    },
  };
}

/**
 * Rows are looked at on their own, so that "any row" becomes "any row of the tile": where it does not
 * hold, both branches are the same by the contract of `branch`.
 */
function guard(
  recording: Recording,
  branch: number,
  condition: Node,
  yes: Traced,
  no: Traced,
): Traced {
  const isAny = condition.op === 'reduceRows' && condition.name === 'any';
  const rows = isAny ? condition.inputs[0]! : condition;
  const [left, right] = [expanded(recording, yes), expanded(recording, no)];
  if (left === right || !rows.space || rows.columns !== 1 || !left.space) return yes;
  const node = recording.builder.make(
    { op: 'guard', branch },
    { inputs: [rows, left, right], dtype: left.dtype, columns: left.columns },
  );
  return { ...yes, node };
}
