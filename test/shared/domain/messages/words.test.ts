import { actionNames, descriptorOf } from '../../../../shared/domain/actions/registry';
import type { Detail } from '../../../../shared/domain/case/details';
import type { News, Strength, TimelineEvent } from '../../../../shared/domain/case/news';
import type { LeftOut, Objection, Reason, Refusal } from '../../../../shared/domain/case/reasons';
import { describeAll } from '../../../../shared/domain/messages/describe-detail';
import { describeEntry } from '../../../../shared/domain/messages/describe-event';
import { describeAllNews } from '../../../../shared/domain/messages/describe-news';
import {
  describeLeftOut,
  describeReason,
  describeRefusal,
} from '../../../../shared/domain/messages/describe-reason';
import { details, events, leftOut, news, objections, reasons, refusals, strengths } from './codes';

/** Every code, as people read it: npm run jest -- --updateSnapshot test/shared/domain/messages/words.test.ts */
const tables: Readonly<Record<string, readonly string[]>> = {
  'what a step did or found': list<Detail>(details, (one) => describeAll([one]) ?? ''),
  'why a case stands as it does': list<Reason>(reasons, describeReason),
  'why a certificate can still connect': list<LeftOut>(leftOut, describeLeftOut),
  'what force overrides': list<Objection>(objections, (objection) =>
    describeRefusal({ code: 'needs-force', objection }),
  ),
  'why a command changes nothing': list<Refusal>(refusals, describeRefusal),
  'how strong a containment is': list<Strength>(strengths, (one) => describeAllNews([one])),
  'what a message says': list<News>(news, (one) => describeAllNews([one])),
  'the timeline': list<TimelineEvent>(events, (event) => {
    const { what, detail } = describeEntry({ at: 0, event });
    return detail === undefined ? what : `${what}: ${detail}`;
  }),
};

function list<C>(examples: Readonly<Record<string, readonly unknown[]>>, describe: (one: C) => string) {
  return Object.entries(examples).flatMap(([code, all]) =>
    (all as readonly C[]).map((one) => `${code} | ${describe(one)}`),
  );
}

describe('the words of each code', () => {
  it.each(Object.entries(tables))('say %s', (_, rows) => {
    expect(rows).toMatchSnapshot();
  });

  it.each(Object.entries(tables))('are whole and no data of programs: %s', (_, rows) => {
    const faulty = rows.filter((row) =>
      /undefined|null|NaN|\[object|[{}]|\(\)| {2}|: ?$|; ?$|, ?$|: ?;|\| ?$/.test(row),
    );

    expect(faulty).toEqual([]);
  });

  it('have an example of every detail that an action records', () => {
    const told = details.action.map(({ action, what }) => `${action} ${what}`);
    const known = actionNames.flatMap((action) =>
      Object.keys(descriptorOf(action).details ?? {}).map((what) => `${action} ${what}`),
    );

    expect(told.toSorted()).toEqual(known.toSorted());
  });
});
