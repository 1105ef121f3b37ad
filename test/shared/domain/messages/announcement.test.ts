import { newCase } from '../../../../shared/domain/case/lifecycle';
import { measure, writeAnnouncement } from '../../../../shared/domain/messages/announcement';
import { thingKey } from '../../../../shared/domain/thing-ref';
import { account, changeCase, now } from '../../../builders';
import { aContainedCase } from '../../../cli/stored-cases';

describe('the link of an announcement', () => {
  it.each([
    ['https://console.example.com/console/', 'https://console.example.com/console/cases/line%3A7/case-1'],
    ['', undefined],
    [undefined, undefined],
  ])('with the console at %p is %p', (consoleUrl, link) => {
    const facts = { kind: 'unavailable', reason: '' } as const;
    const record = newCase(undefined, 'cordon', 'high', {
      ...{ thingName: thingKey('line:7'), newCaseId: 'case-1', facts, now },
    });
    const pending = { seq: 1, at: now, kind: 'observed', news: [] } as const;
    const context = { own: account, customMetrics: {}, ...(consoleUrl !== undefined && { consoleUrl }) };

    expect(writeAnnouncement(record, pending, { state: 'off' }, context).link).toBe(link);
  });
});

it('does not say how soon a containment was applied that failed', () => {
  const { record } = aContainedCase();

  expect(measure(record)).toHaveProperty('appliedMs');
  expect(measure(changeCase(record, { status: 'containment-failed' }))).not.toHaveProperty('appliedMs');
});
