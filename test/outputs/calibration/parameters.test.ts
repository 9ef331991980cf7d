import { formatClock, roundEstimate } from '../../../outputs/calibration/parameters';

it.each([
  [1.49871, 0.01234, '1.499', '0.012'],
  [1.49871, 0.0996, '1.50', '0.10'],
  [123456.7, 234.5, '123457', '230'],
  [0.00012345, 0.0000067, '0.0001234', '0.0000067'],
  [3, null, '3', '–'],
  [0.02, 1.7e-17, '0.02', '0'],
  [100, 0, '100', '0'],
  [1e-15, 1e-16, '1e-15', '1e-16'],
])('rounds %p ± %p', (value, error, expectedValue, expectedError) => {
  expect(roundEstimate({ value, error })).toEqual({ value: expectedValue, error: expectedError });
});

it('shows the time of day', () => {
  expect([34_200, 34_205, 86_400].map(formatClock)).toEqual(['09:30', '09:30:05', '24:00']);
});
