import { captureOutput } from '../capture-output';
import { deviceNames } from '../../../engine/device';

it('prints a table, or one object; progress goes to standard error', async () => {
  const { code, output, errors } = await captureOutput([
    ...['bench', '--device', 'wasm', '--quick', '--json'],
  ]);
  expect(code).toBe(0);
  expect(errors).toMatch(/^wasm: environment steps, fixed action, 64 rows: [\d,]+ /m);
  const report = JSON.parse(output) as Record<string, unknown>;
  expect(report).toMatchObject({
    machine: { node: process.version },
    devices: [{ name: 'wasm', peakMemoryMiB: expect.any(Number) }],
    missing: [],
    peers: [],
    skippedPeers: [],
    comparisons: [],
  });
  const [{ figures }] = report['devices'] as [{ figures: object[] }];
  expect(figures).toHaveLength(9);
  expect(figures[0]).toEqual({
    name: 'fixedActionSteps',
    unit: 'environment steps/s',
    batch: 64,
    median: expect.any(Number),
    min: expect.any(Number),
    max: expect.any(Number),
    runs: expect.any(Number),
    load: expect.any(Number),
  });
});

it('refuses a Python that does not run the comparison before it measures anything', async () => {
  const { code, output, errors } = await captureOutput([
    ...['bench', '--device', 'cpu', '--quick', '--peers', '/no/such/python'],
  ]);
  expect(code).toBe(2);
  expect(output).toBe('');
  expect(errors).toMatch(/^makertaker: --peers: \/no\/such\/python does not run .*\n$/);
});

it('takes --peers-gpu only beside --peers', async () => {
  const { code, errors } = await captureOutput(['bench', '--quick', '--peers-gpu']);
  expect(code).toBe(2);
  expect(errors).toMatch(/^makertaker: .*peers-gpu -> peers/m);
});

// The help is there without loading the devices, so that it repeats their names.
it.each(['bench', 'train'])('the help of %s names every device', async (command) => {
  const { output } = await captureOutput([command, '--help']);
  expect(output.replace(/\s+/g, ' ')).toContain(`${deviceNames.join(', ')}; default`);
});
