import * as z from 'zod/mini';
import type { ScheduledAudit } from '../defender-state';
import { alreadyExists, IotServiceError, invalid, notFound } from '../errors';
import { requireName } from '../names';
import type { IotRegistry } from '../registry';
import { saveTags } from '../tags';
import { type IotCall, type IotRoute, paginate, readBody, readParam, routesAt, Tags } from './route';

/** Quota of the General Reference (Device Defender). */
const MAX_SCHEDULES = 5;

const Fields = {
  frequency: z.enum(['DAILY', 'WEEKLY', 'BIWEEKLY', 'MONTHLY']),
  dayOfMonth: z.exactOptional(z.string().check(z.regex(/^([1-9]|[12][0-9]|3[01]|LAST)$/))),
  dayOfWeek: z.exactOptional(z.enum(['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'])),
  targetCheckNames: z.array(z.string()),
};
const Create = z.object({ ...Fields, tags: z.exactOptional(Tags) });
const Update = z.object({
  ...Fields,
  frequency: z.exactOptional(Fields.frequency),
  targetCheckNames: z.exactOptional(Fields.targetCheckNames),
});

/** A monthly audit names its day of the month, a weekly one that of the week; every check must be enabled (API reference). */
function save({ state }: IotRegistry, audit: ScheduledAudit): { readonly scheduledAuditArn: string } {
  const { frequency, dayOfMonth, dayOfWeek, targetCheckNames } = audit;
  if (frequency === 'MONTHLY' && dayOfMonth === undefined) throw invalid('dayOfMonth is required.');
  if (/WEEKLY/.test(frequency) && dayOfWeek === undefined) throw invalid('dayOfWeek is required.');
  const checks = state.auditConfiguration.get('account')?.auditCheckConfigurations ?? {};
  const off = targetCheckNames.filter((name) => (checks[name] as { enabled?: boolean })?.enabled !== true);
  if (off.length > 0) throw invalid(`These checks are not enabled: ${off.join(', ')}.`);
  state.scheduledAudits.set(audit.scheduledAuditName, audit);
  state.changed();
  return { scheduledAuditArn: audit.scheduledAuditArn };
}

function create(registry: IotRegistry, name: string, call: IotCall) {
  const { state } = registry;
  const { tags, ...fields } = readBody(Create, call);
  const scheduledAuditArn = state.arns.build('scheduledaudit', requireName('scheduledAuditName', name));
  if (state.scheduledAudits.has(name))
    throw alreadyExists(`Scheduled audit ${name} already exists.`, name, scheduledAuditArn);
  if (state.scheduledAudits.size >= MAX_SCHEDULES)
    throw new IotServiceError('LimitExceededException', `At most ${MAX_SCHEDULES} scheduled audits.`);
  const saved = save(registry, { ...fields, scheduledAuditName: name, scheduledAuditArn });
  saveTags(state, scheduledAuditArn, tags);
  return saved;
}

function find({ state }: IotRegistry, name: string): ScheduledAudit {
  const audit = state.scheduledAudits.get(name);
  if (!audit) throw notFound(`Scheduled audit ${name} cannot be found.`);
  return audit;
}

function list({ state }: IotRegistry, call: IotCall) {
  const page = paginate(
    call,
    'token',
    [...state.scheduledAudits.values()],
    (audit) => audit.scheduledAuditName,
  );
  return {
    scheduledAudits: page.items.map(({ targetCheckNames: _, ...metadata }) => metadata),
    ...page.next,
  };
}

/** Schedules are kept, and no audit runs. */
export function scheduledAuditRoutes(registry: IotRegistry): readonly IotRoute[] {
  const readName = (call: IotCall) => readParam(call, 'scheduledAuditName');
  const route = routesAt('/audit/scheduledaudits/{scheduledAuditName}', (call) => [
    registry.state.arns.build('scheduledaudit', readName(call)),
  ]);
  return [
    routesAt('/audit/scheduledaudits')('ListScheduledAudits', 'GET', (call) => list(registry, call)),
    route('CreateScheduledAudit', 'POST', (call) => create(registry, readName(call), call)),
    route('DescribeScheduledAudit', 'GET', (call) => find(registry, readName(call))),
    route('UpdateScheduledAudit', 'PATCH', (call) =>
      save(registry, { ...find(registry, readName(call)), ...readBody(Update, call) }),
    ),
  ];
}
