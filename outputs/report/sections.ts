import type { Section } from './figure';
import { distributionSection } from './figures/distributions';
import { executionSection } from './figures/execution';
import { learningSection } from './figures/learning';
import { orderBookSection } from './figures/order-book';
import { quotingSection } from './figures/quoting';
import { raidSection } from './figures/raid';
import { returnFigure } from './figures/returns';
import type { Report } from './report';

/** Every figure of a report, in the page's order; views and figures without anything to see are left out. */
export function sectionsOf(report: Report): Section[] {
  const environment = environmentSection(report);
  const all = [
    learningSection(report),
    distributionSection(report),
    environment && {
      ...environment,
      figures: [...environment.figures, returnFigure(report.paths)],
    },
    environment ? null : { title: 'Within episodes', figures: [returnFigure(report.paths)] },
  ];
  return all.flatMap((section) => {
    const figures = section?.figures.filter(({ views }) => views.length > 0) ?? [];
    return section && figures.length > 0 ? [{ ...section, figures }] : [];
  });
}

function environmentSection({ paths, evaluation, distributions }: Report): Section | null {
  const { environment, episodes } = paths;
  switch (environment?.kind) {
    case 'execution':
      return executionSection(environment, evaluation, episodes);
    case 'market-making':
      return quotingSection(environment, distributions, episodes);
    case 'limit-order-book':
      return orderBookSection(environment, episodes);
    case 'predation':
      return raidSection(environment, episodes);
    case undefined:
      return null;
  }
}
