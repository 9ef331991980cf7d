import type { Graph } from './graph';
import { schedule, type Schedule } from './schedule';
import { separateParameters } from './separate';
import { joinProducts, settleGuards, spreadProducts } from './simplify';

/** Everything between a recorded graph and the text of a program. */
export const arrange = (graph: Graph): Schedule =>
  schedule(spreadProducts(separateParameters(joinProducts(settleGuards(graph, true)))));
