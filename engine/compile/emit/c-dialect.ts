import type { Node, NodeOf } from '../graph';
import { combine, neutral, type StripDialect, type StripLines } from './strip-dialect';
import { vectorType } from './c-values';

/** Vectors of W rows in strips of L. @param partial where a reduction's part of the sum lies */
export const cDialect = (partial: (node: Node) => string): StripDialect => ({
  prefix: 'v',
  type: vectorType,
  address: (base, columns, column) => `${base} + ((int64_t)s * ${columns} + ${column}) * L + at`,
  beforeColumns: [],
  shareColumns: null,
  look: (at, name, expression) =>
    `for (int l = 0; l < W; l++) { const int32_t place = ${at}[l]; ${name}[l] = ${expression}; }`,
  chosen: (data, column, numbers, most) => {
    const tiled = `v_chosen_tiled(p->m${data.id}, ${data.columns}, ${column}, ${numbers}, row, n, ${most})`;
    return data.dtype === 'float32' ? tiled : `(vi)${tiled}`;
  },
  reduceRows: (node, strip) => reduceRows(node, partial(node), strip),
  loop: ({ before, lines, after }) => [
    '{',
    ...before,
    'for (int s = 0; s < strips; s++) for (int at = 0; at < L; at += W) {',
    '  const int64_t row = row0 + s * L + at;',
    '  if (row >= n) break;',
    ...lines.map((line) => `  ${line}`),
    '}',
    ...after,
    '}',
  ],
});

/** Sums of vectors over the strips of a tile, then of their lanes. */
function reduceRows(node: NodeOf<'reduceRows'>, partials: string, strip: StripLines): void {
  const { before, lines, after } = strip;
  const x = node.inputs[0]!;
  const { name } = node;
  const type = vectorType(x.dtype);
  const isFloat = x.dtype === 'float32';
  const value = neutral(name, x.dtype);
  const start = isFloat ? `v_set(${value})` : `v_iset(${value})`;
  const select = isFloat ? 'v_select' : 'v_iselect';
  const gathered = (total: string, value: string): string =>
    `${total} = ${combine('v', name, x.dtype, total, `(row + W <= n ? ${value} : ${select}(v_present(row, n), ${value}, ${start}))`)};`;
  const finish = (total: string, column: string): string => {
    const lanes = isFloat
      ? 'float lanes[W]; v_store(lanes, '
      : 'int32_t lanes[W]; v_istore(lanes, ';
    const partial = `${partials}[${column}]`;
    if (name === 'sum' && isFloat) return `${partial} += v_total(${total});`;
    const fold = {
      sum: `${partial} += lanes[l]`,
      prod: `${partial} *= lanes[l]`,
      any: `if (lanes[l]) ${partial} = -1`,
      all: `if (!lanes[l]) ${partial} = 0`,
      max: `${partial} = lanes[l] != lanes[l] || lanes[l] > ${partial} ? lanes[l] : ${partial}`,
      min: `${partial} = lanes[l] != lanes[l] || lanes[l] < ${partial} ? lanes[l] : ${partial}`,
    }[name];
    return `{ ${lanes}${total}); for (int l = 0; l < W; l++) { ${fold}; } }`;
  };
  if (strip.isNarrow(x)) {
    for (let column = 0; column < x.columns; column += 1) {
      const total = `r${node.id}_${column}`;
      before.push(`${type} ${total} = ${start};`);
      lines.push(gathered(total, strip.read(x, column)));
      after.push(finish(total, String(column)));
    }
    return;
  }
  strip.flush(x);
  after.push(
    `for (int c = 0; c < ${x.columns}; c++) {`,
    `  ${type} total = ${start};`,
    '  for (int s = 0; s < strips; s++) for (int at = 0; at < L; at += W) {',
    '    const int64_t row = row0 + s * L + at;',
    '    if (row >= n) break;',
    `    const ${type} x = ${strip.readAt(x, 'c')};`,
    `    ${gathered('total', 'x')}`,
    '  }',
    `  ${finish('total', 'c')}`,
    '}',
  );
}
