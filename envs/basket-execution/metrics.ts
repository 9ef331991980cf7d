import type { MetricField } from '../environment';

export const basketMetrics: Readonly<Record<string, MetricField>> = {
  shortfall: {
    unit: 'quote currency',
    worst: 'high',
    description:
      'Implementation shortfall of the basket: what its sales brought less than the first mid prices, and its purchases cost more.',
  },
  expectedCost: {
    unit: 'quote currency',
    worst: 'high',
    description:
      'The part of the shortfall that is impact and spread, not chance: E of the schedule.',
  },
  riskCost: {
    unit: 'quote currency',
    worst: 'high',
    description: 'λV: risk aversion times the variance of the schedule’s shortfall.',
  },
  turnover: {
    unit: '1',
    description:
      'Volume traded over the basket’s size, both in units of equal impact; above 1 where an asset was both bought and sold, as a hedge.',
  },
};
