import { type Action, printActions } from '../../../engine/compile/emit/cuda-block';
import { entrywise, type Work } from '../../../engine/compile/emit/cuda-parameters';

/** Entry i of `to` from entry i of `from`, or from another one. */
const map = (to: string, from: string, entries: number, isOwn = true): Action => ({
  kind: 'work',
  work: entrywise(entries, [`${to}[i] = ${from}[i];`], [{ place: from, isOwn }], [to]),
});

/** Something that a block does together. */
const total = (to: string, from: string): Action => {
  const work: Work = {
    entries: null,
    each: [],
    together: [`sum(${to}, ${from});`],
    breadth: 1024,
    reads: [{ place: from, isOwn: false }],
    writes: [to],
  };
  return { kind: 'work', work };
};

const print = (actions: readonly Action[]) =>
  printActions(actions, (place) => (typeof place === 'string' ? place : null)).map(
    ({ lines, threads, blocks }) => ({ text: lines.join('\n'), threads, blocks }),
  );

it('leaves a little work to one block', () => {
  const kernels = print([map('b', 'a', 64), map('c', 'b', 64), total('d', 'c')]);
  expect(kernels.map(({ blocks }) => blocks)).toEqual([1]);
  // Entry i of b and c by the same thread, the sum over others' entries.
  expect(kernels[0]!.text.match(/__syncthreads/g)).toHaveLength(1);
});

it('shares much work out over blocks, every chain of equally many entries over its own', () => {
  const works = [4417, 4096, 4417, 1, 4096].map((entries, n) => map(`b${n}`, `a${n}`, entries));
  const [kernel, ...others] = print(works);
  expect(others).toEqual([]);
  expect(kernel).toMatchObject({ threads: 128, blocks: 35 + 32 + 1 });
  expect(kernel!.text).toContain('if (blockIdx.x < 35) {');
  expect(kernel!.text).toContain('const int i = (blockIdx.x - 35) * 128 + threadIdx.x; i < 4096');
  expect(kernel!.text).not.toContain('__syncthreads');
});

it('ends a kernel where blocks would have to wait for each other', () => {
  const large = (to: string, from: string, isOwn: boolean): Action => map(to, from, 20_000, isOwn);
  // A chain goes on in one thread; an entry of another thread is there after the launch only.
  const kernels = print([large('b', 'a', true), large('c', 'b', true), large('d', 'c', false)]);
  expect(kernels.map(({ text }) => text.match(/[bcd](?=\[i\] =)/g))).toEqual([['b', 'c'], ['d']]);
});

it('does not launch more kernels than they save', () => {
  const small = (n: number): Action[] => [
    map(`b${n}`, `a${n}`, 1500),
    total(`c${n}`, `b${n}`),
    map(`a${n + 1}`, `c${n}`, 1500, false),
  ];
  expect(print([0, 1, 2].flatMap(small))).toHaveLength(1);
  const wide = (n: number): Action[] => [map(`b${n}`, `a${n}`, 50_000), total(`c${n}`, `b${n}`)];
  expect(print([0, 1].flatMap(wide)).map(({ blocks }) => blocks)).toEqual([391, 1, 391, 1]);
});

it('has the threads of a grid go on where there are more entries than it has threads', () => {
  const [kernel] = print([map('b', 'a', 200_000)]);
  expect(kernel!.blocks).toBe(1024);
  expect(kernel!.text).toContain(`i < 200000; i += ${1024 * 128}`);
});
