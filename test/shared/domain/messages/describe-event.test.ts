import type { TimelineEvent } from '../../../../shared/domain/case/news';
import { describeEntry } from '../../../../shared/domain/messages/describe-event';

type Violation = Extract<TimelineEvent, { code: 'violation' }>;

describe('the row of a finding in the timeline', () => {
  const event: Violation = {
    code: 'violation',
    eventType: 'in-alarm',
    behavior: 'p/b',
    value: '{"number":1}',
  };
  it.each<[string, Partial<Violation>, string]>([
    ['says a number in words', { metric: 'num_child_procs_myapp' }, 'p/b: 1 child process of myapp'],
    [
      'says a list in words, and how far the clock of its sender was ahead',
      { metric: 'aws:listening-tcp-ports', value: '{"ports":[22,4444]}', aheadSeconds: 9 },
      'p/b: listening tcp ports: 22, 4444; dated 9 s ahead by its sender, so it counts from its arrival',
    ],
    [
      'says what another product found',
      { behavior: 'siem', value: '{"title":"beacon","severity":"high","product":"Sensor"}' },
      'siem: beacon, high, Sensor',
    ],
    [
      'says what an audit found',
      { behavior: 'audit', value: '{"reason":"SHARED","severity":"CRITICAL"}' },
      'audit: SHARED, CRITICAL',
    ],
    ['keeps an event of before as it is', {}, 'p/b {"number":1}'],
    ['keeps what was cut as it is', { metric: 'm', value: '{"strings":["a' }, 'p/b {"strings":["a'],
    ['keeps what has no words as it is', { value: '{}' }, 'p/b {}'],
    ['takes any text of an attacker', { value: '"title"' }, 'p/b "title"'],
  ])('%s', (_, over, detail) => {
    expect(describeEntry({ at: 0, event: { ...event, ...over } })).toEqual({
      at: 0,
      what: 'in alarm',
      detail,
    });
  });
});
