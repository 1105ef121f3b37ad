import { describeCase } from '../../../../shared/domain/messages/describe-case';
import { aConfiguration, aContext, aPlaybook, decide, now } from '../../../builders';
import { alarm, lead, led, order, resume, toldOf } from '../lead-case';

const minute = 60_000;

const clear = (at: number, over = {}) => alarm({ eventType: 'alarm-cleared', occurredAt: at, ...over });

describe('an approval', () => {
  const configuration = aConfiguration({ playbooks: [aPlaybook({ mode: 'approve' })] });
  const { approvalExpires } = configuration.guards;
  const waiting = () => led(undefined, alarm(), { configuration });

  it('becomes an observation when it expires, which is announced', () => {
    const early = decide(waiting(), resume, aContext({ now: now + approvalExpires - 1 }));
    const record = lead(waiting(), resume, { now: now + approvalExpires });

    expect(early.outcome).toBe('unchanged');
    expect(record).toMatchObject({ status: 'observed', ledger: [] });
    expect(describeCase(record).reason).toBe(
      'nobody approved in time (playbook spawned-child asks before it acts)',
    );
    expect(toldOf(record)).toEqual(['approval-expired']);
    expect(record.dueAt).toBeUndefined();
  });

  it('ends the case on expiry if the violation has ended while it waited', () => {
    const cleared = led(waiting(), clear(now + minute), { now: now + minute });
    expect([cleared.status, cleared.dueAt]).toEqual(['awaiting-approval', now + approvalExpires]);

    const record = lead(cleared, resume, { now: now + approvalExpires });

    expect([record.status, toldOf(record), record.dueAt]).toEqual([
      'closed',
      ['approval-expired'],
      undefined,
    ]);
    expect(describeCase(record).reason).toBe(
      'nobody approved in time (playbook spawned-child asks before it acts); all violations cleared',
    );
  });

  it('is refused once it has expired, and an operator may still contain the thing', () => {
    const expired = led(waiting(), resume, { now: now + approvalExpires });

    expect(decide(expired, order('approve'), aContext())).toMatchObject({
      refusal: { code: 'nothing-awaits-approval' },
    });
    expect(led(expired, order('contain'), { configuration }).status).toBe('contained');
  });

  it('is not lost when another violation of the thing is only observed', () => {
    const playbooks = [
      aPlaybook({ mode: 'approve', when: { behavior: 'no-child-processes' } }),
      aPlaybook({ name: 'watch', mode: 'observe', actions: [], severity: 'low' }),
    ];
    const both = aConfiguration({ playbooks });
    const record = lead(led(undefined, alarm(), { configuration: both }), alarm({ behaviorName: 'other' }), {
      configuration: both,
    });

    expect(record).toMatchObject({
      status: 'awaiting-approval',
      playbook: 'spawned-child',
      severity: 'critical',
      dueAt: now + approvalExpires,
    });
    expect(toldOf(record)).toEqual(['new-violation']);
    // The newest message stands for the case, so it says what the case waits for.
    expect(record?.outbox.announcements.at(-1)?.news).toEqual([
      {
        code: 'nothing-further',
        behavior: 'myapp-processes/other',
        reason: { code: 'playbook-observes', playbook: 'watch' },
        waits: { code: 'playbook-asks', playbook: 'spawned-child' },
      },
    ]);
    expect(led(record, order('approve'), { configuration: both }).status).toBe('contained');
  });
});
