import type { Case } from '../../../../shared/domain/case/case';
import { aConfiguration, aPlaybook, now, someFacts } from '../../../builders';
import { actionsOf, alarm, led, order } from '../lead-case';

const hour = 3_600_000;

const configuration = aConfiguration({
  playbooks: [
    aPlaybook({
      escalate: {
        afterContainments: 2,
        within: 24 * hour,
        actions: ['deactivate-certificate', 'quarantine'],
      },
    }),
  ],
});

/** The case after containments at these times, each released a minute later. */
function offend(...times: readonly number[]): Case {
  let record: Case | undefined;
  for (const at of times) {
    const context = { configuration, now: at, newCaseId: `case-${at}` };
    record = led(record, alarm({ occurredAt: at }), context);
    record = led(record, order('release'), { ...context, now: at + 60_000 });
  }
  return led(record, alarm({ occurredAt: now }), { configuration, newCaseId: 'last' });
}

describe('escalation', () => {
  it.each([
    ['the first containment', [], false],
    ['the second', [now - hour], false],
    ['the third within a day', [now - 2 * hour, now - hour], true],
    ['the third, if the first is a day old', [now - 24 * hour, now - hour], false],
    ['the third, if the first is not quite a day old', [now - 24 * hour + 1, now - hour], true],
    ['a later one', [now - 3 * hour, now - 2 * hour, now - hour], true],
  ])('applies as expected on %s', (_, times, escalates) => {
    expect(actionsOf(offend(...times))).toEqual(
      escalates ? ['deactivate-certificate', 'disconnect', 'quarantine'] : ['disconnect', 'quarantine'],
    );
  });

  it('is not announced if the certificate is denied only because the group cannot bind it', () => {
    const [own] = someFacts().principals;
    if (!own) throw new Error('no principal');
    const facts = someFacts({ principals: [{ ...own, escapesGroup: true }] });

    const record = led(undefined, alarm(), { configuration, facts });

    expect(actionsOf(record)).toEqual(['disconnect', 'quarantine', 'deny-certificate']);
    expect(record.escalation).toBeUndefined();
  });

  it('counts containments, not violations: an observed or held violation does not count', () => {
    let record = led(undefined, alarm(), { configuration, killSwitch: { state: 'on' } });
    record = led(record, alarm({ behaviorName: 'a' }), { configuration });
    record = led(record, alarm({ behaviorName: 'b' }), { configuration });

    expect(record.pastContainments).toEqual([now]);
    expect(actionsOf(record)).toEqual(['disconnect', 'quarantine']);
  });

  it('counts approved containments, and is part of what is approved', () => {
    const asking = {
      ...configuration,
      playbooks: configuration.playbooks.map((one) => ({ ...one, mode: 'approve' as const })),
    };
    let record: Case | undefined;
    for (let time = 0; time < 3; time += 1) {
      const context = { configuration: asking, newCaseId: `case-${time}` };
      record = led(record, alarm({ occurredAt: now + time }), context);
      expect(record.status).toBe('awaiting-approval');
      record = led(record, order('approve'), context);
      if (time < 2) record = led(record, order('release'), context);
    }

    expect(actionsOf(record as Case)).toEqual(['deactivate-certificate', 'disconnect', 'quarantine']);
  });

  it('remembers only as many containments as its rule needs', () => {
    const record = offend(...Array.from({ length: 30 }, (_, index) => now - (30 - index) * 120_000));

    expect(record.pastContainments).toHaveLength(20);
    expect(record.pastContainments?.at(-1)).toBe(now);
  });
});
