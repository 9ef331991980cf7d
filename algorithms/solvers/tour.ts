import { z } from 'zod';

import { InputError } from '../../engine/input-error';
import { defineSolver } from './solver';
import { buildMatrix, type Costs, costOfTour } from './tour/matrix';
import { searchTour, type TourLimits } from './tour/search-tour';
import { costOfOrder, costsOfTrades, type OrderCost } from './tour/trades';

export interface TourProblem {
  /** [n, n], from the row's node to the column's; null where there is no way; the diagonal is ignored. */
  readonly costs: Costs;
  /** A path that begins and ends anywhere, not a round trip. */
  readonly open: boolean;
}

export interface TourSolution {
  /** The nodes, from 0 on; a closed tour begins with node 0 and returns to it. */
  readonly order: readonly number[];
  readonly cost: number;
  /** No order costs less. */
  readonly lowerBound: number;
  /** (cost − lowerBound) / |cost|; null where only the cost is 0. */
  readonly gap: number | null;
  /** No order costs less than this one. */
  readonly proved: boolean;
}

const defaultLimits: TourLimits = { iterations: 100_000, branches: 200_000, seconds: 7, seed: 1 };

/**
 * The cheapest order in which to visit every node once, costs being asymmetric and of any sign. Beyond 20
 * nodes it reads the clock, for the limit in seconds.
 * @throws InputError if the matrix is not square, its numbers are too large, or no order is allowed
 *   or found that avoids the forbidden ways
 */
export function solveTour(
  { costs, open }: TourProblem,
  limits: Partial<TourLimits> = {},
): TourSolution {
  const matrix = buildMatrix(costs, open);
  const n = costs.length;
  if (n === 0) throw new InputError('costs: no rows; there must be at least one place');
  const found = searchTour(matrix, { ...defaultLimits, ...limits });
  const begin = found.tour.indexOf(open ? n : 0);
  const order = Array.from(found.tour, (_, k) => found.tour[(begin + k) % matrix.size]!).slice(
    open ? 1 : 0,
  );
  const cost = costOfTour(matrix, found.tour);
  const proved = found.bound >= cost - matrix.tolerance;
  if (order.some((i, k) => isForbidden(costs, i, order[k + 1] ?? (open ? undefined : order[0])))) {
    throw new InputError(
      proved
        ? 'costs: every order uses a way that is null; allow more ways'
        : 'costs: no order was found that uses no way that is null; allow more ways, or more seconds and iterations',
    );
  }
  const lowerBound = proved ? cost : Math.min(found.bound, cost);
  const gap = proved ? 0 : cost === 0 ? null : (cost - lowerBound) / Math.abs(cost);
  return { order, cost, lowerBound, gap, proved };
}

const isForbidden = (costs: Costs, from: number, to: number | undefined): boolean =>
  to !== undefined && from !== to && costs[from]![to] === null;

const limitKeys = {
  seed: z
    .int()
    .default(defaultLimits.seed)
    .describe('Of the random numbers of the search beyond 20 nodes.'),
  iterations: z
    .int()
    .nonnegative()
    .default(defaultLimits.iterations)
    .describe('Perturbations of the search beyond 20 nodes.'),
  branches: z
    .int()
    .nonnegative()
    .default(defaultLimits.branches)
    .describe('Branches of the proof beyond 20 nodes.'),
  seconds: z
    .number()
    .nonnegative()
    .default(defaultLimits.seconds)
    .describe(
      'Time for search and proof beyond 20 nodes, half of it for the search; where it ends them, another run may differ.',
    )
    .meta({ unit: 's' }),
};

const costsSchema = z.strictObject({
  kind: z.literal('costs').default('costs'),
  costs: z
    .array(z.array(z.number().nullable()))
    .min(1)
    .describe(
      'A row for each node: what it costs to go from there to each node; null: it cannot be done. The diagonal is ignored.',
    )
    .meta({ unit: 'any one' }),
  open: z
    .boolean()
    .default(false)
    .describe('true: a path that begins and ends anywhere; false: a round trip.'),
  ...limitKeys,
});

const tradesSchema = z.strictObject({
  kind: z.literal('trades').default('trades'),
  trades: z
    .array(
      z.strictObject({
        quantity: z.number().describe('q, negative for a sale.').meta({ unit: 'shares' }),
        volatility: z
          .number()
          .nonnegative()
          .describe('σ: standard deviation of a day’s price move.')
          .meta({ unit: 'quote currency' }),
        dailyVolume: z.number().positive().describe('ADV, of a day.').meta({ unit: 'shares' }),
        resilience: z
          .number()
          .nonnegative()
          .describe('θ: impact on its price decays as exp(−θt).')
          .meta({ unit: '1/time' }),
        duration: z.number().nonnegative().describe('τ, how long it takes.').meta({ unit: 'time' }),
        spread: z.number().nonnegative().describe('Ask less bid.').meta({ unit: 'quote currency' }),
      }),
    )
    .min(1)
    .describe('What is to be traded, one at a time.'),
  correlation: z
    .array(z.array(z.number().min(-1).max(1)))
    .describe('ρ of the returns of each two trades’ assets.')
    .meta({ unit: '1' }),
  crossImpact: z
    .number()
    .describe('β: share of its own impact that a trade has on a wholly correlated asset.')
    .meta({ unit: '1' }),
  impact: z
    .number()
    .nonnegative()
    .describe('Y: a trade of q moves its price by Yσq/ADV.')
    .meta({ unit: '1' }),
  open: z.literal(true).default(true).describe('Trades are done once, in a path.'),
  ...limitKeys,
});

/** Names the form that the keys tell, so that what is wrong is said of that form alone. */
function nameForm(problem: unknown): unknown {
  if (typeof problem !== 'object' || problem === null || Object.hasOwn(problem, 'kind')) {
    return problem;
  }
  return { ...problem, kind: Object.hasOwn(problem, 'trades') ? 'trades' : 'costs' };
}

export const tourSolver = defineSolver({
  name: 'tour',
  title: 'The cheapest order of trades, an asymmetric travelling salesperson',
  description:
    'Dynamic programming with proof to 20 nodes. Beyond: exchanges of segments without reversal, perturbed, from a patched assignment and from nearest neighbours, with the bounds of the assignment and of Held and Karp, and branch and bound on them; proved says whether it closed. Nodes are numbered from 0 in the order of the rows, also in the answer. From trades, the matrix is what each pays for the impact of the one just before, and the answer adds what the order costs when the impact of all before decays.',
  source:
    'Held and Karp (1962) and (1971), Mathematical Programming 1; Kanellakis and Papadimitriou (1980), Operations Research 28; Jonker and Volgenant (1987), Computing 38; Carpaneto and Toth (1980), Management Science 26.',
  schema: z.preprocess(nameForm, z.discriminatedUnion('kind', [costsSchema, tradesSchema])),
  example: {
    trades: [
      { quantity: -20000, volatility: 0.9, dailyVolume: 4e5 },
      { quantity: -15000, volatility: 1.1, dailyVolume: 3e5 },
      { quantity: 12000, volatility: 0.7, dailyVolume: 5e5 },
      { quantity: -8000, volatility: 1.6, dailyVolume: 2e5 },
      { quantity: 25000, volatility: 0.5, dailyVolume: 9e5 },
    ].map((trade) => ({ ...trade, resilience: 2, duration: 0.25, spread: 0.02 })),
    correlation: [
      [1, 0.6, 0.5, 0.3, 0.4],
      [0.6, 1, 0.4, 0.2, 0.5],
      [0.5, 0.4, 1, 0.1, 0.3],
      [0.3, 0.2, 0.1, 1, 0.2],
      [0.4, 0.5, 0.3, 0.2, 1],
    ],
    crossImpact: 0.5,
    impact: 0.8,
  },
  solve(input): TourSolution & Partial<OrderCost> {
    const { open, seed, iterations, branches, seconds } = input;
    const costs = input.kind === 'trades' ? costsOfTrades(input) : input.costs;
    const solution = solveTour({ costs, open }, { seed, iterations, branches, seconds });
    return input.kind === 'trades'
      ? { ...solution, ...costOfOrder(input, solution.order) }
      : solution;
  },
});
