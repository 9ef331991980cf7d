import type { EChartsOption, LineSeriesOption } from 'echarts';

import type { Distribution } from '../../../algorithms/evaluation/distributions';
import type { Comparison } from '../../../algorithms/evaluation/compare';
import {
  categoryAxis,
  customSeries,
  type Figure,
  firstSelected,
  policyColours,
  type Section,
  valueAxis,
  yAxis,
} from '../figure';
import type { Report } from '../report';

/** Every policy on the same seeds: what an episode brings. */
export function distributionSection(report: Report): Section | null {
  const { distributions, evaluation } = report;
  const episodes = evaluation.episodes.toLocaleString('en');
  const figures: Figure[] = [
    ...(distributions.length > 0
      ? [
          {
            id: 'distributions',
            title: 'Distribution over episodes',
            caption: `Share of ${episodes} episodes in each bin, the same noise for every policy; dashed: means. What lies beyond the outer bins is counted in them.`,
            choice: 'metric',
            views: distributions.map((one) => ({
              label: one.metric,
              option: histogram(one, policyColours(one.policies.map(({ label }) => label))),
            })),
          },
        ]
      : []),
    ...differenceFigures(report),
  ];
  return figures.length > 0 ? { title: 'Episodes on the same seeds', figures } : null;
}

function differenceFigures({ evaluation, differences, metrics }: Report): Figure[] {
  const { comparisons } = evaluation;
  const varying = comparisons.filter(
    ({ metric, ci95 }) => metric !== 'returnNoise' && ci95.every(Number.isFinite),
  );
  // What is the same for all policies in every episode tells nothing.
  const names = [
    ...new Set(
      varying
        .filter(({ ci95: [low, high] }) => low !== 0 || high !== 0)
        .map(({ metric }) => metric),
    ),
  ];
  if (names.length === 0) return [];
  const rows = new Set(varying.map(({ policy, baseline }) => `${policy} − ${baseline}`));
  return [
    {
      id: 'differences',
      title: 'Paired differences',
      caption:
        'Mean difference over the same episodes with its 95 % interval (Student’s t); an interval that does not reach 0 tells the policies apart.',
      choice: 'metric',
      height: Math.max(200, 110 + 36 * rows.size),
      views: names.map((metric) => ({
        label: metric,
        option: intervals(
          varying.filter((one) => one.metric === metric),
          unitLabel(metric, metrics[metric]?.unit),
        ),
      })),
    },
    ...(differences.length > 0
      ? [
          {
            id: 'difference-distributions',
            title: 'Differences, episode by episode',
            caption:
              'Share of the episodes by how much better or worse the policy did in each than the baseline; dashed: means.',
            choice: 'metric',
            views: differences.map((one) => ({
              label: one.metric,
              option: histogram(
                one,
                policyColours(['', ...one.policies.map(({ label }) => label)]),
              ),
            })),
          },
        ]
      : []),
  ];
}

const unitLabel = (metric: string, unit: string | undefined): string =>
  `${metric}, ${unit ?? (metric === 'length' ? 'steps' : 'units of the reward')}`;

function histogram(
  { metric, unit, edges, policies }: Distribution,
  colours: Map<string, string>,
): EChartsOption {
  return {
    ...firstSelected(policies.map(({ label }) => label)),
    xAxis: { ...valueAxis(`${metric}, ${unit}`, 28), splitLine: { show: false } },
    yAxis: { ...yAxis('share of the episodes'), min: 0 },
    series: policies.map(({ label, counts, mean }): LineSeriesOption => {
      const total = counts.reduce((sum, count) => sum + count, 0);
      const shares = counts.map((count) => count / total);
      return {
        type: 'line',
        name: label,
        color: colours.get(label)!,
        step: 'end',
        symbol: 'none',
        lineStyle: { width: 1.5 },
        areaStyle: { opacity: 0.12 },
        emphasis: { disabled: true },
        data: [
          [edges[0]!, 0],
          ...shares.map((share, bin) => [edges[bin]!, share]),
          [edges.at(-1)!, shares.at(-1)!],
          [edges.at(-1)!, 0],
        ],
        markLine: {
          silent: true,
          symbol: 'none',
          label: { show: false },
          lineStyle: { color: colours.get(label)!, type: 'dashed', width: 1.5 },
          data: [{ xAxis: Math.min(Math.max(mean, edges[0]!), edges.at(-1)!) }],
        },
      };
    }),
  };
}

function intervals(comparisons: readonly Comparison[], unit: string): EChartsOption {
  const rows = comparisons.map(({ policy, baseline }) => `${policy} − ${baseline}`);
  const colours = policyColours(['', ...rows]);
  return {
    tooltip: { trigger: 'item' },
    legend: { show: false },
    xAxis: { ...valueAxis(`difference of ${unit}`, 28), splitLine: { show: false } },
    yAxis: {
      ...categoryAxis('', rows),
      inverse: true,
      axisTick: { show: false },
      axisLabel: { interval: 0 },
    },
    series: [
      ...comparisons.map(({ ci95 }, row) =>
        customSeries('interval-x', {
          name: rows[row]!,
          color: colours.get(rows[row]!)!,
          data: [[...ci95, row]],
          encode: { x: [0, 1], y: 2 },
        }),
      ),
      {
        type: 'scatter',
        name: 'mean difference',
        symbol: 'diamond',
        symbolSize: 12,
        data: comparisons.map(({ meanDifference }, row) => ({
          value: [meanDifference, row],
          name: rows[row]!,
          itemStyle: { color: colours.get(rows[row]!)! },
        })),
        markLine: {
          silent: true,
          symbol: 'none',
          label: { show: false },
          lineStyle: { color: '#333333', type: 'dotted' },
          data: [{ xAxis: 0 }],
        },
      },
      // Unseen: the axis reaches to 0.
      {
        type: 'scatter',
        name: '~zero',
        silent: true,
        symbolSize: 0,
        data: [[0, 0]],
      },
    ],
  };
}
