import * as z from 'zod/mini';
import { caseStatuses } from '../../../shared/domain/case/status';
import { severities } from '../../../shared/domain/severity';

const dayNames = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];

/** `mon`, or `mon-fri`; `sat-mon` goes over the end of the week. */
const days = z.pipe(
  z
    .array(
      z
        .string()
        .check(
          z.regex(
            new RegExp(`^(${dayNames.join('|')})(-(${dayNames.join('|')}))?$`),
            'expected a day such as sat, or days such as mon-fri',
          ),
        ),
    )
    .check(z.minLength(1)),
  z.transform((listed: string[]) => [...new Set(listed.flatMap(listDays))].toSorted((a, b) => a - b)),
);

function listDays(text: string): number[] {
  const [first = '', last = first] = text.split('-');
  const start = dayNames.indexOf(first);
  const length = (dayNames.indexOf(last) - start + 7) % 7;
  return Array.from({ length: length + 1 }, (_, index) => (start + index) % 7);
}

const time = z.pipe(
  z
    .string()
    .check(
      z.regex(/^(([01]\d|2[0-3]):[0-5]\d|24:00)$/, 'expected a time such as "08:00", in quotation marks'),
    ),
  z.transform((text: string) => Number(text.slice(0, 2)) * 60 + Number(text.slice(3))),
);

const timeZone = z.string().check(z.refine(isTimeZone, 'expected a time zone such as Europe/Berlin or UTC'));

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

const hours = z
  .strictObject({
    from: time,
    to: time,
    days: z._default(days, [0, 1, 2, 3, 4, 5, 6]),
    timeZone,
  })
  .check(
    z.refine(
      ({ from, to }) => from % 1_440 !== to % 1_440,
      'from and to are the same: leave out hours for the whole day',
    ),
  );

/** One value, or a list of them. */
function oneOrMore(value: z.ZodMiniType<string>) {
  const listed = z.array(value).check(z.minLength(1));
  return z.optional(
    z.union([
      listed,
      z.pipe(
        value,
        z.transform((one: string) => [one]),
      ),
    ]),
  );
}

const route = z.strictObject({
  severity: oneOrMore(z.enum(severities)),
  playbook: oneOrMore(z.string()),
  status: oneOrMore(z.enum(caseStatuses)),
  hours: z.optional(hours),
  to: z.array(z.string()),
});

/** `notify.routes` of cordon.yml; the first that applies decides. */
export const routesSchema = z.array(route).check(z.minLength(1), z.maxLength(50));
