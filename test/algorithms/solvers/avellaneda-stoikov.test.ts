import { avellanedaStoikovSolver } from '../../../algorithms/solvers/avellaneda-stoikov';

const { schema, example, solve } = avellanedaStoikovSolver;
const run = (change: object = {}) => solve(schema.parse({ ...example, ...change }));

test('the quotes of the published simulation', () => {
  const { inventory, bidDepth, askDepth, value, reservation } = run();
  // γσ²(T − t) = 0.4; (2/γ)ln(1 + γ/k) = 2 · 0.6453852.
  inventory.forEach((q, i) => {
    const half = 0.2 + 0.6453852;
    if (q < 10) expect(bidDepth[i]).toBeCloseTo(half + 0.4 * q, 7);
    if (q > -10) expect(askDepth[i]).toBeCloseTo(half - 0.4 * q, 7);
    expect(reservation[i]).toBeCloseTo(-0.4 * q, 12);
    expect(value[i]).toBeCloseTo(-0.2 * q * q, 12);
  });
  expect(bidDepth.at(-1)).toBeNull();
  expect(askDepth[0]).toBeNull();
  // The ask depth is negative at the start from q = 3.
  expect(inventory.filter((_, i) => (askDepth[i] ?? 1) < 0)[0]).toBe(3);
});

test('the reservation price lies between the prices of indifference to buying and selling', () => {
  const { value, reservation } = run({ time: 0.3 });
  for (let i = 1; i < 20; i += 1) {
    const buying = value[i + 1]! - value[i]!;
    const selling = value[i]! - value[i - 1]!;
    expect(reservation[i]).toBeCloseTo((buying + selling) / 2, 12);
  }
});

test('towards the horizon, and without risk aversion, quotes ignore the inventory', () => {
  const last = run({ time: 1 });
  const neutral = run({ riskAversion: 0 });
  for (let i = 0; i < 20; i += 1) {
    expect(last.bidDepth[i]).toBeCloseTo(0.6453852, 7);
    expect(neutral.bidDepth[i]).toBeCloseTo(1 / 1.5, 12);
  }
  expect(() => run({ time: 1.5 })).toThrow('time: 1.5 lies after the horizon; expected 0 to 1');
});

test('an arrival rate may stand in the file and changes nothing', () => {
  expect(run({ arrivalRate: 140 })).toEqual(run());
});
