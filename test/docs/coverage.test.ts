import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod/mini';
import { collects } from '../../agent/config/metric-definition';
import { buildProgram } from '../../cli/program';
import { listChannels, listServed } from '../../functions/notify/channels/registry';
import { fileSchema } from '../../shared/config/schema';
import { sources as readers } from '../../shared/domain/findings/read-message';
import { announcementSchema } from '../../shared/domain/messages/announcement-schema';
import { listPages, root } from './pages';

const read = (path: string) => readFileSync(join(root, path), 'utf8');

/** The section from a heading of the page to the next heading. */
function readSection(path: string, heading: string): string {
  const [, section] = read(path).split(`\n## ${heading}\n`);
  if (section === undefined) throw new Error(`${path} has no section "${heading}"`);
  return section.split('\n## ')[0] ?? '';
}

/** The names of the fields of a JSON schema, at any depth. */
function listFields(schema: unknown): readonly string[] {
  if (typeof schema !== 'object' || schema === null) return [];
  const fields = 'properties' in schema ? Object.keys(schema.properties ?? {}) : [];
  return [...fields, ...Object.values(schema).flatMap(listFields)];
}

const { notify, sources, ...rest } =
  z.toJSONSchema(fileSchema, { unrepresentable: 'any', io: 'input' }).properties ?? {};

const commands = buildProgram().program.commands.map((command) => command.name());
/** The shell's part of completion, and the help. */
const ofNobody = ['help', 'complete'];

describe('the pages', () => {
  it('describe each metric of the agent', () => {
    const rows = [...readSection('docs/agent.md', 'Metrics').matchAll(/^\| `([a-z-]+)` +\| [a-z]/gm)];

    expect(rows.map(([, name]) => name).slice(1)).toEqual(Object.keys(collects));
  });

  it('describe each field of cordon.yml, those of sources and channels on pages of their own', () => {
    const hasField = (text: string) => (name: string) => new RegExp(`\\b${name}\\b`).test(text);
    const everywhere = listPages()
      .map(({ text }) => text)
      .join('\n');

    expect(listFields(rest)).toContain('untilPoliciesSpread');
    expect(listFields(rest).filter((name) => !hasField(read('docs/configuration.md'))(name))).toEqual([]);
    expect(listFields([notify, sources]).filter((name) => !hasField(everywhere)(name))).toEqual([]);
  });

  it('describe each field of an announcement', () => {
    const section = readSection('docs/api.md', 'Announcements');
    const fields = listFields(z.toJSONSchema(announcementSchema));

    expect(fields).toContain('alertToVerifiedMs');
    expect(fields.filter((name) => !section.includes(`\`${name}\``))).toEqual([]);
  });

  it('name the rights of each command of cordon', () => {
    const section = readSection('docs/operating.md', 'Rights');
    const named = new Set([...section.matchAll(/`([a-z-]+)[^`]*`/g)].map(([, name]) => name));

    expect(commands.filter((name) => !ofNobody.includes(name) && !named.has(name))).toEqual([]);
  });

  it('show each command of cordon', () => {
    const pages = readdirSync(join(root, 'docs')).filter((name) => name.endsWith('.md'));
    const text = pages.map((name) => read(`docs/${name}`)).join('\n');
    const isNamed = (name: string) => new RegExp(`\\bcordon (--\\S+ )*${name}\\b`).test(text);

    expect(commands.filter((name) => !ofNobody.includes(name) && !isNamed(name))).toEqual([]);
  });

  it('name what each source of the alerts topic reads', () => {
    const page = read('docs/architecture.md').replaceAll(/\s+/g, ' ');

    expect(readers.length).toBeGreaterThan(1);
    expect(readers.map(({ reads }) => reads.what).filter((what) => !page.includes(what))).toEqual([]);
  });

  it('have one for each channel that has a function', () => {
    const names = listServed(listChannels()).map(({ name }) => name);

    expect(names.filter((name) => !read('docs/channels.md').includes(`](${name}.md)`))).toEqual([]);
  });

  it('have a line for each file of checks of the doctor', () => {
    const lines: Readonly<Record<string, string>> = {
      alarms: 'alarms in ALARM',
      'as-deployed': 'somebody changed a part of the stack',
      audits: 'Device Defender Audit',
      channel: 'the secret of each channel',
      'detect-quotas': '[quotas of Device Defender]',
      endpoint: 'the device endpoint',
      functions: 'the functions:',
      heartbeat: '[heartbeat]',
      'kill-switch': 'the kill switch',
      limits: 'concurrent executions',
      quarantine: 'the quarantine group',
      queues: 'the queues:',
      quotas: '[IoT quotas]',
      rules: 'the IoT rules:',
      stack: "the stack's status",
      subscriptions: 'the subscriptions of the topics',
      thing: 'each thing:',
    };
    const section = readSection('docs/doctor.md', 'What it checks');
    const files = readdirSync(join(root, 'cli/doctor/checks')).map((name) => name.replace('.ts', ''));

    expect(files.filter((name) => !section.includes(lines[name] ?? `no line of ${name}`))).toEqual([]);
  });
});
