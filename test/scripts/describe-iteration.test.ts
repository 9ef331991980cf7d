import { describeIteration, describeValidation } from '../../scripts/describe-iteration';

const figures = { return: -1275355.56, kl: 0.00953, explainedVariance: 0.1234, finite: 1 };

describe('the line of an iteration', () => {
  it('has the key figures and the time left', () => {
    expect(describeIteration(30, 3, figures, { samplesPerSecond: 2_761, timeLeft: 65.4 })).toBe(
      ' 3/30  return -1275000  kl 0.0095  explained 0.12  2.8k samples/s  1:05 left',
    );
    expect(describeIteration(30, 30, figures, { samplesPerSecond: 123_456, timeLeft: 0 })).toMatch(
      /120k samples\/s {2}0:00 left$/,
    );
    expect(describeIteration(30, 1, figures, { samplesPerSecond: 17.4, timeLeft: 7_265 })).toMatch(
      /17 samples\/s {2}2:01:05 left$/,
    );
  });

  it('says that an update was refused', () => {
    const refused = { ...figures, return: NaN, finite: 0 };
    expect(describeIteration(9, 1, refused, { samplesPerSecond: 1, timeLeft: 0 })).toMatch(
      /^1\/9 {2}return – .*update refused: not finite/,
    );
  });
});

test('the line of a validation', () => {
  expect(describeValidation(20, { figures: { 'validation/return': 4.80771 } }, true)).toBe(
    'validation after iteration 20: mean return 4.8077, the best so far',
  );
  const scored = { 'validation/return': 4.80771, 'validation/score': 0.87654 };
  expect(describeValidation(20, { figures: scored }, false)).toBe(
    'validation after iteration 20: mean return 4.8077, score 0.8765',
  );
  expect(describeValidation(20, { figures: {} }, false)).toMatch(/mean return –$/);
});
