import type { Announcement } from '../../../../shared/domain/messages/announcement-schema';
import { describeAction } from '../../../../shared/domain/messages/describe-action';
import {
  describeDecision,
  describeMessage,
  describeSeverity,
  findRunbook,
  listNextCommands,
  titleOfMessage,
} from '../../../../shared/domain/messages/describe-state';

/** The fields that a body of one's own may name. */
const fields = {
  title: titleOfMessage,
  text: ({ text }) => text,
  thing: ({ thingName }) => thingName,
  case: ({ caseId }) => caseId,
  id: ({ id }) => id,
  seq: ({ seq }) => String(seq),
  at: ({ at }) => new Date(at).toISOString(),
  state: describeMessage,
  status: ({ status }) => status,
  severity: (told) => describeSeverity(told) ?? 'over',
  playbook: ({ playbook = '' }) => playbook,
  decision: (told) => describeDecision(told) ?? '',
  violations: ({ violations }) => violations.map(({ words, behavior }) => words ?? behavior).join('; '),
  processes: ({ evidence }) => evidence.join('; '),
  actions: ({ actions }) =>
    actions.map(({ action, status }) => describeAction({ action, status, detail: '' })).join('; '),
  next: (told) => listNextCommands(told).join('; '),
  runbook: (told) => findRunbook(told) ?? '',
  link: ({ link = '' }) => link,
} as const satisfies Readonly<Record<string, (announcement: Announcement) => string>>;

type Field = keyof typeof fields;

const placeholder = /\$\{([^}]*)\}/g;

function isField(name: string): name is Field {
  return Object.hasOwn(fields, name);
}

/** Puts the fields into a template. They are put into its texts, never into its JSON, so that they stay text. */
export function fill(template: unknown, announcement: Announcement): unknown {
  return mapTexts(template, (text) =>
    text.replace(placeholder, (whole, name: string) => (isField(name) ? fields[name](announcement) : whole)),
  );
}

export function mapTexts(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === 'string') return change(value);
  if (Array.isArray(value)) return value.map((item) => mapTexts(item, change));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mapTexts(item, change)]));
}

/** Says in words, for the author of the template, which fields do not exist. */
export function findUnknownFields(template: unknown): string[] {
  const named = new Set<string>();
  mapTexts(template, (text) => {
    for (const [, name = ''] of text.matchAll(placeholder)) named.add(name);
    return text;
  });
  return [...named]
    .filter((name) => !isField(name))
    .map((name) => `there is no field \${${name}}; expected one of ${Object.keys(fields).join(', ')}`);
}
