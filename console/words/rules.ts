interface RuleBlock {
  readonly title: string;
  readonly lines: readonly { readonly text: string; readonly isInner: boolean }[];
}

/** The explanation of cordon.yml in blocks: each behavior and the guards have one, statements by themselves are together. */
export function splitRules(words: string): readonly RuleBlock[] {
  const blocks: { title: string; lines: { text: string; isInner: boolean }[] }[] = [];
  const general: RuleBlock['lines'][number][] = [];
  const all = words.split('\n').filter((line) => line.trim() !== '');
  for (const [index, line] of all.entries()) {
    const indent = line.length - line.trimStart().length;
    if (indent > 0) blocks.at(-1)?.lines.push({ text: line.trim(), isInner: indent > 2 });
    else if (/^ /.test(all[index + 1] ?? '')) blocks.push({ title: line.replace(/:$/, ''), lines: [] });
    else general.push({ text: line, isInner: false });
  }
  return general.length > 0 ? [...blocks, { title: 'In general', lines: general }] : blocks;
}
