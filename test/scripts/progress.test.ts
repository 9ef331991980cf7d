import { createProgress } from '../../scripts/progress';

/** What a stream is sent. */
function record(stream: { readonly isTTY: boolean; readonly columns?: number }) {
  const written: string[] = [];
  const write = (text: string) => written.push(text) > 0;
  const progress = createProgress({ ...stream, write } as unknown as NodeJS.WriteStream);
  return { written, progress };
}

describe('progress', () => {
  const before = process.env['NO_COLOR'];
  beforeEach(() => delete process.env['NO_COLOR']);
  afterAll(() => {
    if (before !== undefined) process.env['NO_COLOR'] = before;
  });

  it('is a line each where there is no terminal', () => {
    const { written, progress } = record({ isTTY: false });
    progress.live('1/2');
    progress.highlight('validation');
    expect(written).toEqual(['1/2\n', 'validation\n']);
  });

  it.each([
    [10, 9],
    [0, 79],
    [undefined, 79],
  ])('replaces its live line on a terminal of %p columns', (columns, width) => {
    const { written, progress } = record({
      isTTY: true,
      ...(columns === undefined ? {} : { columns }),
    });
    progress.live('x'.repeat(200));
    progress.live('2/2');
    progress.highlight('validation');
    progress.say('done');
    const erase = '\r\u001b[2K';
    expect(written).toEqual([
      'x'.repeat(width),
      `${erase}2/2`,
      `${erase}\u001b[1mvalidation\u001b[22m\n`,
      'done\n',
    ]);
  });

  it('replaces a table by a table on a terminal, and is its line elsewhere', () => {
    const { written, progress } = record({ isTTY: true, columns: 10 });
    progress.live('line', ['head', 'x'.repeat(20), 'more']);
    progress.live('line', ['head', 'row']);
    progress.live('line');
    progress.say('done');
    const erase = '\r\u001b[2K';
    const above = '\u001b[1A\u001b[2K';
    expect(written).toEqual([
      `head\n${'x'.repeat(9)}\nmore`,
      `${erase}${above}${above}head\nrow`,
      `${erase}${above}line`,
      `${erase}done\n`,
    ]);
    const plain = record({ isTTY: false });
    plain.progress.live('line', ['head', 'row']);
    expect(plain.written).toEqual(['line\n']);
  });

  it('has no colours where NO_COLOR is set', () => {
    process.env['NO_COLOR'] = '1';
    const { written, progress } = record({ isTTY: true });
    progress.highlight('validation');
    expect(written).toEqual(['validation\n']);
  });
});
