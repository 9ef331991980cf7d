import type { Node, NodeOf, Region } from './graph';
import { bodyRoots, readsOf } from './liveness';
import { onlyFor } from './simplify';
import type { Planner } from './tile-groups';
import type { StripItem } from './tile-plan';

/** The guards of a branch, which are planned together. */
export interface GuardItem {
  readonly kind: 'guard';
  readonly guards: readonly NodeOf<'guard'>[];
  /** Work that only the first branch needs. */
  readonly only: readonly Node[];
  readonly needs: readonly Node[];
}

/** The branches among these nodes, each with the work that nothing else needs. */
export function guardItems(
  { live, schedule }: Planner,
  nodes: readonly Node[],
  extra: readonly StripItem[],
  region: Region | null,
): GuardItem[] {
  const guards = nodes.filter((node): node is NodeOf<'guard'> => node.op === 'guard');
  const here = new Set(nodes);
  // Whatever is read elsewhere: by loops, as results, by later passes.
  const roots = [
    ...extra.map(({ node }) => node),
    ...nodes.flatMap((node) =>
      node.op === 'final' || node.op === 'stack' ? readsOf(live, node) : [],
    ),
    ...nodes.filter((node) => schedule.stored.has(node)),
    ...(region ? bodyRoots(live, region) : []),
  ];
  const branches = [...new Set(guards.map(({ branch }) => branch))];
  const together = branches.map((branch) => guards.filter((guard) => guard.branch === branch));
  /** Guards that are needed here because others of their branch are. */
  const torn = new Set<Node>();
  const itemsNow = (): GuardItem[] =>
    together.map((own) => {
      const outputs = [...roots, ...torn].map((node) => ({ node })) as never;
      const only = onlyFor(own, nodes, { outputs }).filter((node) => here.has(node));
      const inside = new Set<Node>(only);
      const needs = [...own, ...only]
        .flatMap((node) => readsOf(live, node))
        .filter((read) => read.space && !inside.has(read));
      return { kind: 'guard', guards: own, only, needs };
    });
  for (let before = -1; before !== torn.size;) {
    before = torn.size;
    for (const { only } of itemsNow()) {
      for (const own of together) {
        const within = own.filter((guard) => only.includes(guard));
        if (within.length < own.length) within.forEach((guard) => torn.add(guard));
      }
    }
  }
  const items = itemsNow();
  // A branch that only another one needs is planned within it.
  return items.filter(
    (item) => !items.some((other) => other !== item && other.only.includes(item.guards[0]!)),
  );
}
