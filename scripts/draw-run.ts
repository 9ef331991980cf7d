import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import type { Evaluation } from '../algorithms/evaluation/evaluate';
import type { EvaluatedPolicy } from '../algorithms/evaluation/simulate';
import { quotesAt } from '../algorithms/solvers/quote-table';
import { tabulatePolicy } from '../algorithms/solvers/tabulate-policy';
import { InputError } from '../engine/input-error';
import type { MarketMakingConfig } from '../envs/market-making/config';
import { drawLines, type Line, type LineChart } from '../outputs/draw-lines';
import { type MetricsLine, readMetrics } from '../outputs/metrics-log';
import { createClassicalPolicies } from './classical-policies';
import { loadTrained, type Trained } from './load-trained';
import { startDeviceWith } from './start-device';

/** Shares either side of none. */
const widestInventory = 6;

/** Draws docs/quickstart.svg: `npm run picture -- runs/quickstart`, a run of market making. */
async function main(run: string | undefined): Promise<void> {
  if (run === undefined) throw new InputError('give a run of market making: runs/quickstart');
  const trained = await loadTrained(run, {
    start: ({ device, threads }) => startDeviceWith(device, threads, console.error),
  });
  const file = join(process.cwd(), 'docs', 'quickstart.svg');
  writeFileSync(file, drawLines(learningCurve(run, trained), quotes(trained)));
  trained.dispose();
  console.log(file);
}

function learningCurve(run: string, { config }: Trained): LineChart {
  const lines = readMetrics(join(run, 'metrics.jsonl'));
  const evaluation = JSON.parse(readFileSync(join(run, 'evaluation.json'), 'utf8')) as Evaluation;
  const curve = (metric: string) =>
    lines.flatMap((line) => {
      const [x, y] = [steps(line), line[metric]];
      return typeof y === 'number' ? [{ x, y }] : [];
    });
  return {
    title: `Learning: ${config.name}, seed ${config.seed}`,
    xLabel: 'environment steps, thousands',
    yLabel: 'mean return, quote currency',
    levels: knownReturns(evaluation),
    lines: [
      { label: 'while training, with exploration', colour: '#8fbadb', points: curve('return') },
      {
        label: 'mean actions, on validation streams',
        colour: '#0b6bb3',
        points: curve('validation/return'),
      },
    ],
  };
}

const steps = (line: MetricsLine): number => Number(line['environmentSteps']) / 1000;

/** The exact returns of all policies but the trained one; those too close to tell apart in one line. */
function knownReturns({ exact = [] }: Evaluation): { y: number; label: string }[] {
  const known = exact
    .flatMap((figures) =>
      'expectedReturn' in figures && figures.policy !== 'trained'
        ? [{ y: figures.expectedReturn, label: figures.policy }]
        : [],
    )
    .sort((left, right) => right.y - left.y);
  const levels: { y: number; label: string }[] = [];
  for (const level of known) {
    const above = levels.at(-1);
    if (above && above.y - level.y < 0.05) above.label += ` and ${level.label}`;
    else levels.push(level);
  }
  return levels.map(({ y, label }) => ({
    y,
    label: `${label}: ${y.toFixed(2).replace('-', '−')}`,
  }));
}

function quotes({ opened, createPolicy }: Trained): LineChart {
  const [optimal] = createClassicalPolicies(['cartea-jaimungal'], opened);
  const config = opened.parameters as MarketMakingConfig;
  const step = Math.floor(config.steps / 2);
  const linesOf = (policy: EvaluatedPolicy, isDashed: boolean): Line[] => {
    const table = tabulatePolicy(config, opened.environment.definition, (input) =>
      policy.act(input),
    );
    const widest = Math.min(widestInventory, config.inventory.maximum - 1);
    const points = (side: 'bid' | 'ask') =>
      Array.from({ length: 2 * widest + 1 }, (_, index) => index - widest).map((x) => ({
        x,
        y: quotesAt(table, step, x)[side],
      }));
    return [
      { label: `bid, ${policy.name}`, colour: '#0b6bb3', isDashed, points: points('bid') },
      { label: `ask, ${policy.name}`, colour: '#c0392b', isDashed, points: points('ask') },
    ];
  };
  const lines = [...linesOf(createPolicy(false), false), ...linesOf(optimal!, true)];
  optimal!.dispose?.();
  return {
    title: 'Quotes at half the horizon',
    xLabel: 'inventory, shares',
    yLabel: 'depth from the mid price, quote currency',
    lines,
  };
}

void main(process.argv[2]).catch((error: Error) => {
  console.error(`draw-run: ${error.message}`);
  process.exitCode = 2;
});
