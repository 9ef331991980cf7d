import { z } from 'zod';

import { normalQuantile } from '../normal-quantile';
import { solveAlmgrenChriss } from '../almgren-chriss';
import { defineSolver } from '../solver';
import { minimiseValueAtRisk, traceFrontier } from './frontier';

export const almgrenChrissSolver = defineSolver({
  name: 'almgren-chriss',
  title: 'Execution that weighs expected cost against risk',
  description:
    'The schedule of least E + λV in closed form; on demand the efficient frontier and the schedule of least value-at-risk.',
  source:
    'Almgren and Chriss (2000), Optimal execution of portfolio transactions, Journal of Risk 3, equations (17)–(20) and sections 2.3 and 3.4.',
  schema: z.strictObject({
    quantity: z
      .number()
      .describe('Size X of the order; negative for a purchase.')
      .meta({ unit: 'shares' }),
    periods: z.int().positive().describe('Number N of trades.').meta({ unit: 'periods' }),
    horizon: z.number().positive().describe('Time T.').meta({ unit: 'time' }),
    volatility: z
      .number()
      .nonnegative()
      .describe('σ of the price.')
      .meta({ unit: 'quote currency / share / √time' }),
    temporaryImpact: z
      .number()
      .nonnegative()
      .describe('η: what the price gives way for a speed of one share per time.')
      .meta({ unit: 'quote currency·time / shares²' }),
    permanentImpact: z
      .number()
      .nonnegative()
      .default(0)
      .describe('γ: by how much each share moves the price for good.')
      .meta({ unit: 'quote currency / shares²' }),
    spreadCost: z
      .number()
      .nonnegative()
      .default(0)
      .describe('ε: half the spread and fees.')
      .meta({ unit: 'quote currency / share' }),
    riskAversion: z
      .number()
      .describe('λ: weight of the variance; negative seeks risk.')
      .meta({ unit: '1 / quote currency' }),
    frontier: z
      .int()
      .min(2)
      .max(10_000)
      .nullable()
      .default(null)
      .describe('So many points of the efficient frontier.')
      .meta({ unit: 'points' }),
    valueAtRisk: z
      .number()
      .gt(0.5)
      .lt(1)
      .nullable()
      .default(null)
      .describe('Confidence p: also the schedule of least value-at-risk.')
      .meta({ unit: 'probability' }),
  }),
  example: {
    quantity: 1e6,
    periods: 5,
    horizon: 5,
    volatility: 0.95,
    temporaryImpact: 2.5e-6,
    permanentImpact: 2.5e-7,
    spreadCost: 0.0625,
    riskAversion: 1e-6,
    frontier: 25,
    valueAtRisk: 0.95,
  },
  solve({ frontier, valueAtRisk, ...problem }) {
    const { holdings, trades, ...figures } = solveAlmgrenChriss(problem);
    return {
      holdings: [...holdings],
      trades: [...trades],
      ...figures,
      ...(frontier === null ? {} : { frontier: traceFrontier(problem, frontier) }),
      ...(valueAtRisk === null
        ? {}
        : { valueAtRisk: minimiseValueAtRisk(problem, valueAtRisk, normalQuantile(valueAtRisk)) }),
    };
  },
});
