import type { Graph } from './graph';
import { schedule, type Schedule } from './schedule';
import { separateParameters } from './separate';
import { joinProducts, settleGuards, spreadProducts } from './simplify';
import { viewPicks } from './views';

/** Everything between a recorded graph and the text of a program. */
export const arrange = (graph: Graph): Schedule =>
  schedule(viewPicks(spreadProducts(separateParameters(joinProducts(settleGuards(graph, true))))));
