import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

export interface CodeBlock {
  readonly language: string;
  readonly text: string;
  /** Named in the first line: `// reversion.mjs` or `# reversion.yaml`. */
  readonly file?: string;
}

/** The fenced code blocks of a Markdown file of the repository, in their order. */
export function codeBlocks(file: string): CodeBlock[] {
  const text = readFileSync(join(resolve(__dirname, '../..'), file), 'utf8');
  return [...text.matchAll(/^```(\w+)\n(.*?)^```$/gms)].map(([, language, body]) => {
    const named = /^(?:\/\/|#) (\S+\.\w+)\n/.exec(body!)?.[1];
    return { language: language!, text: body!, ...(named === undefined ? {} : { file: named }) };
  });
}

/** The commands of the `sh` blocks; a line that ends in `\` goes on in the next. */
export const commandsOf = (blocks: readonly CodeBlock[]): string[] =>
  blocks
    .filter(({ language }) => language === 'sh')
    .flatMap(({ text }) => text.replaceAll('\\\n', ' ').split('\n'))
    .map((line) => line.replace(/\s+#.*$/, '').trim())
    .filter((line) => line !== '');
