// Plays the story (npm start -- --once) and draws what it says as docs/story.svg, for the README.
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(fileURLToPath(import.meta.url), '..', '..');
const longest = 118;
const lineHeight = 17;
const characterWidth = 7.25;
const margin = 16;

const { status, stdout, stderr } = spawnSync('npm', ['start', '--silent', '--', '--once'], {
  cwd: root,
  encoding: 'utf8',
});
if (status !== 0) {
  process.stderr.write(`${stdout}${stderr}draw-story: the story did not end well\n`);
  process.exit(1);
}

// The e-mail says what the case says, and names processes of the machine.
const sections = stdout.slice(stdout.indexOf('ok   ')).split(/^(?=--- )/m);
const shown = sections.map((section) =>
  section.startsWith('--- E-mail') || section.startsWith('--- Sources') ? '' : section,
);
const lines = [
  '$ npm start',
  ...shown
    .join('')
    .split('\n')
    .filter((line, index, all) => line !== '' || all[index - 1] !== ''),
].map((line) => (line.length > longest ? `${line.slice(0, longest - 1)}…` : line));
while (lines.at(-1) === '') lines.pop();

const escapeXml = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

function paint(line) {
  if (line.startsWith('$ ')) return `<tspan class="prompt">$</tspan>${escapeXml(line.slice(1))}`;
  if (line.startsWith('ok   ')) return `<tspan class="ok">ok</tspan>${escapeXml(line.slice(2))}`;
  if (line.startsWith('--- ')) return `<tspan class="title">${escapeXml(line.slice(4))}</tspan>`;
  return escapeXml(line);
}

const width = Math.ceil(Math.max(...lines.map((line) => line.length)) * characterWidth + 2 * margin);
const height = lines.length * lineHeight + 2 * margin;
const rows = lines.map(
  (line, index) => `<text x="${margin}" y="${margin + (index + 1) * lineHeight - 4}">${paint(line)}</text>`,
);
writeFileSync(
  join(root, 'docs', 'story.svg'),
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="The story in a terminal">
<style>
text { font: 12px ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; fill: #d6deeb; white-space: pre; }
.ok { fill: #7ee787; } .prompt { fill: #79c0ff; } .title { fill: #ffa657; font-weight: bold; }
</style>
<rect width="${width}" height="${height}" rx="8" fill="#0d1117"/>
${rows.join('\n')}
</svg>
`,
);
process.stdout.write(`docs/story.svg: ${lines.length} lines\n`);
