import { functions } from './functions';
import type { Node } from '../graph';
import { placeBuffers } from '../tile-memory';
import { type Group, groupsWithin, homeOf, mostRegisters, type TilePlan } from '../tile-plan';

/** A plan in which some values have no memory: whoever needs them computes them again. */
export interface RecomputedPlan extends TilePlan {
  readonly again: ReadonlySet<Node>;
}

/**
 * Takes the memory from wide values that cost no more to compute than to read: cheap elementwise functions
 * of one value that is in memory anyway for as long as they are needed, such as the slope 1 − h² of an
 * activation h. Only what follows products can compute them again; with less memory a tile more blocks
 * run at the same time.
 */
export function recomputeCheap(plan: TilePlan, stored: ReadonlySet<Node>): RecomputedPlan {
  const uses = collectUses(plan.groups);
  const again = new Set<Node>(
    [...uses.made].filter(
      (node) =>
        node.op === 'map' &&
        !node.views &&
        node.columns > mostRegisters &&
        functions[node.name]!.isCheap &&
        !stored.has(node) &&
        !uses.kept.has(node),
    ),
  );
  /** When a value is last needed. */
  const endOf = (node: Node): number => plan.buffers.get(homeOf(node))?.to ?? Infinity;
  /** The values in memory that a value is computed from; null if one of them is not there long enough. */
  const leavesOf = (node: Node, until: number): Set<Node> | null => {
    const leaves = new Set<Node>();
    for (const input of node.inputs) {
      if (!input.space) continue;
      if (again.has(input)) {
        const inner = leavesOf(input, until);
        if (!inner) return null;
        inner.forEach((leaf) => leaves.add(leaf));
      } else {
        // What a loop carries is replaced while others still need what was computed from it.
        const isFixed = homeOf(input).op !== 'slot' && input.op !== 'guard';
        const isThere =
          stored.has(input) ||
          (isFixed && plan.buffers.has(homeOf(input)) && endOf(input) >= until);
        if (!isThere) return null;
        leaves.add(input);
      }
    }
    return leaves;
  };
  for (let before = -1; before !== again.size;) {
    before = again.size;
    for (const node of again) {
      const users = uses.users.get(node) ?? ['other'];
      const isUsedAfterProducts = users.every(
        (user) => user === 'epilogue' || (user !== 'other' && again.has(user)),
      );
      const until = plan.buffers.has(node) ? endOf(node) : -1;
      const leaves = leavesOf(node, until);
      if (!isUsedAfterProducts || !leaves || leaves.size > 1) again.delete(node);
    }
  }
  const groups = plan.groups.flatMap((group) => withoutItems(group, again));
  const kept = [...plan.buffers].filter(([node]) => !again.has(node));
  const buffers = placeBuffers(
    kept.sort(([, a], [, b]) => a.from - b.from || b.columns - a.columns),
    groups,
    true,
  );
  return {
    phase: plan.phase,
    groups,
    buffers,
    columns: Math.max(0, ...[...buffers.values()].map(({ start, columns }) => start + columns)),
    again,
  };
}

interface Uses {
  /** Values computed one by one: in strips and after products. */
  readonly made: Set<Node>;
  /** Values that are written somewhere. */
  readonly kept: Set<Node>;
  readonly users: Map<Node, (Node | 'epilogue' | 'other')[]>;
}

function collectUses(groups: readonly Group[]): Uses {
  const uses: Uses = { made: new Set(), kept: new Set(), users: new Map() };
  const use = (node: Node, user: Node | 'epilogue' | 'other'): void => {
    const users = uses.users.get(node);
    if (users) users.push(user);
    else uses.users.set(node, [user]);
    // A step of a loop reads its part of what the loop is given.
    if (node.op === 'slot' && node.what === 'input') {
      use(node.of.inputs[node.index]!.source, 'other');
    }
  };
  const visit = (group: Group): void => {
    switch (group.kind) {
      case 'strip':
        for (const { kind, node } of group.items) {
          if (kind === 'node') {
            uses.made.add(node);
            node.inputs.forEach((input) => use(input, node));
          } else {
            uses.kept.add(node);
            use(node, 'other');
          }
          if (node.op === 'slot') use(node, 'other');
        }
        return;
      case 'product':
        group.node.inputs.forEach((input) => use(input, 'other'));
        group.epilogue.forEach((node) => {
          uses.made.add(node);
          node.inputs.forEach((input) => use(input, 'epilogue'));
        });
        return;
      case 'outer':
        group.node.inputs.forEach((input) => use(input, 'other'));
        return;
      case 'guard':
        use(group.condition, 'other');
        groupsWithin(group).forEach(visit);
        return;
      case 'loop':
        groupsWithin(group).forEach(visit);
    }
  };
  groups.forEach(visit);
  return uses;
}

/** The group without the strip items that nobody reads from memory any more. */
function withoutItems(group: Group, again: ReadonlySet<Node>): Group[] {
  switch (group.kind) {
    case 'strip': {
      const items = group.items.filter(({ kind, node }) => kind !== 'node' || !again.has(node));
      return items.length > 0 ? [{ ...group, items }] : [];
    }
    case 'loop':
      return [{ ...group, body: group.body.flatMap((inner) => withoutItems(inner, again)) }];
    case 'guard':
      return [
        {
          ...group,
          then: group.then.flatMap((inner) => withoutItems(inner, again)),
          otherwise: group.otherwise.flatMap((inner) => withoutItems(inner, again)),
        },
      ];
    default:
      return [group];
  }
}
