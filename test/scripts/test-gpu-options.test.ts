import { readOptions } from '../../scripts/test-gpu-options';

it('reads sizes, and has its own for a quick look', () => {
  expect(readOptions([]).rows).toEqual([1, 7, 300, 9000]);
  expect(readOptions(['--rows', '2,40', '--only', 'Adam'])).toMatchObject({
    rows: [2, 40],
    only: 'Adam',
    peers: null,
  });
  expect(readOptions(['--quick']).rows).toEqual([7]);
});

it.each([
  [['--rows', '7,x'], "--rows: '7,x' is no list of whole numbers above 0, 7,300 for instance"],
  [['--rows', '0'], "--rows: '0' is no list of whole numbers above 0, 7,300 for instance"],
  [['--library', 'jx'], "--library: 'jx' is neither jax nor torch"],
  [['--forms', '('], "--forms: '(' is no regular expression"],
  [['--quik'], "Unknown option '--quik'; --help lists the options"],
])('refuses %j in one line', (args, line) => {
  expect(() => readOptions(args)).toThrow(
    expect.objectContaining({ name: 'InputError', message: line }) as Error,
  );
});
