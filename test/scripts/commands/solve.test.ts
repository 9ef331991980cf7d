import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { solutions } from '../../../outputs/solutions/registry';
import { drawChart } from '../../../outputs/chart';
import { captureOutput } from '../capture-output';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'makertaker-solve-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function write(name: string, text: string): string {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}

const capped = 'quantity: 7\nimpact: [1, 2, 4]\ncap: [3, 10, 10]\n';

it('solves a problem in YAML and one in JSON alike', async () => {
  const yaml = await captureOutput(['solve', 'schedule', write('p.yaml', capped), '--json']);
  const json = '{ "quantity": 7, "impact": [1, 2, 4], "cap": [3, 10, 10] }';
  const other = await captureOutput(['solve', 'schedule', write('p.json', json), '--json']);
  expect(yaml).toMatchObject({ code: 0, errors: '' });
  expect(other.output).toBe(yaml.output);
  const result = JSON.parse(yaml.output) as Record<string, unknown>;
  expect(Object.keys(result).sort()).toEqual(['capDuals', 'cost', 'marginalCost', 'trades']);
  expect(result['cost']).toBeCloseTo(91 / 6, 12);
});

it('prints a table, and draws', async () => {
  const picture = join(folder, 'deep', 'trades.svg');
  const words = ['solve', 'schedule', write('p.yaml', capped), '--plot', picture];
  const { code, output } = await captureOutput(words);
  expect(code).toBe(0);
  expect(output).toMatch(/period +trade +cap +marginal cost/);
  expect(output).toMatch(/cost +15\.16667 +quote currency/);
  expect(readFileSync(picture, 'utf8')).toMatch(/^<svg/);
});

it('takes changes of keys', async () => {
  const file = write('p.yaml', capped);
  const { output } = await captureOutput([
    'solve',
    'schedule',
    file,
    '--set',
    'cap=null',
    '--json',
  ]);
  expect(JSON.parse(output)).toMatchObject({ trades: [4, 2, 1], marginalCost: 4, cost: 14 });
});

it.each([
  [
    'nothing of the name',
    ['solve', 'shedule', 'p.yaml'],
    /no solver 'shedule'; did you mean 'schedule'/,
  ],
  ['no file', ['solve', 'schedule', 'none.yaml'], /none\.yaml: no such file/],
  [
    'an unknown key',
    ['solve', 'schedule', 'p.yaml', '--set', 'caps=1'],
    /--set caps=1: caps: unknown key; did you mean 'cap'/,
  ],
  ['a value of the wrong kind', ['solve', 'schedule', 'bad.yaml'], /bad\.yaml:2: impact\.1: "two"/],
  [
    'what cannot be done',
    ['solve', 'schedule', 'p.yaml', '--set', 'quantity=30'],
    /23 shares in all, 7 fewer/,
  ],
])('refuses %s in one line, with exit code 2', async (_, words, message) => {
  write('p.yaml', capped);
  write('bad.yaml', 'quantity: 7\nimpact: [1, two]\n');
  const placed = words.map((word) => (word.endsWith('.yaml') ? join(folder, word) : word));
  const { code, output, errors } = await captureOutput(placed);
  expect(code).toBe(2);
  expect(output).toBe('');
  expect(errors).toMatch(message);
  expect(errors.trimEnd()).not.toContain('\n');
});

it('refuses a picture where none can be written', async () => {
  const file = write('p.yaml', capped);
  const { code, errors } = await captureOutput([
    'solve',
    'schedule',
    file,
    '--plot',
    join(file, 'x.svg'),
  ]);
  expect(code).toBe(2);
  expect(errors).toMatch(/^makertaker: --plot .*x\.svg: cannot be written \((?:ENOTDIR|EEXIST)\)/);
});

it('lists the solvers', async () => {
  const { output } = await captureOutput(['solve', '--json']);
  const names = (JSON.parse(output) as { name: string }[]).map(({ name }) => name);
  expect(names).toEqual(solutions.map(({ solver }) => solver.name));
});

describe.each(solutions.map((solution) => [solution.solver.name, solution] as const))(
  '%s',
  (name, { solver, present }) => {
    it('solves its own example, whose printed form is a problem', async () => {
      const { output } = await captureOutput(['solve', name, '--example']);
      const file = write(`${name}.yaml`, output);
      const solved = await captureOutput(['solve', name, file, '--json']);
      expect(solved).toMatchObject({ code: 0, errors: '' });
      const direct = solver.solve(solver.schema.parse(solver.example));
      expect(JSON.parse(solved.output)).toEqual(JSON.parse(JSON.stringify(direct)));
    });

    it('shows finite numbers and a picture without holes', () => {
      const input = solver.schema.parse(solver.example);
      const { tables, summary, chart } = present(solver.solve(input), input);
      const cells = [
        ...tables.flatMap(({ rows }) => rows.flat()),
        ...summary.map(([, cell]) => cell),
      ];
      cells.forEach((cell) => expect(cell).not.toBeNaN());
      for (const { columns, rows } of tables) {
        rows.forEach((row) => expect(row).toHaveLength(columns.length));
      }
      const svg = drawChart(chart);
      expect(svg).not.toMatch(/NaN|undefined/);
      expect(svg.match(/<path/g)!.length).toBeGreaterThan(3);
    });
  },
);
