import { respond } from '../../../functions/respond/handler';
import type { Command, HeartbeatCommand } from '../../../shared/domain/decide/command';
import { heartbeatName } from '../../../shared/domain/heartbeat';
import { VersionConflictError } from '../../../shared/errors';
import { aViolation } from '../../builders';
import { aRecord, fakeDeadLetters, fakeTelemetry } from '../../fakes';
import { aHeartbeat } from './a-heartbeat';
import { alarm, operator, resume } from './story';

type Handled = readonly [Command, string, number];

function setUp(failures: readonly Error[] = []) {
  const { letters, deadLetters } = fakeDeadLetters();
  const handled: Handled[] = [];
  const beats: HeartbeatCommand[] = [];
  const left = [...failures];
  const take = respond(
    async (...args) => {
      handled.push(args);
      const failure = left.shift();
      if (failure) throw failure;
    },
    {
      handleHeartbeat: async (beat) => void beats.push(beat),
      deadLetters,
      operateRoleId: 'AROAOPERATE',
      log: fakeTelemetry().log,
    },
  );
  return { take, handled, beats, letters };
}

describe('the respond handler', () => {
  it.each([
    ['a violation', alarm()],
    ['an order', operator('release')],
    ['an order for one case', { ...operator('release'), caseId: 'case-1' }],
    ['the sweep', resume],
    [
      'a reconnect',
      { type: 'reconnected', thingName: 'mything1', clientId: 'mything1', connectedAt: 1 } as const,
    ],
  ])('passes on %s with its message id and its number of deliveries', async (_, command) => {
    const { take, handled, letters } = setUp();
    const record = aRecord(command);

    await take({ ...record, attributes: { ...record.attributes, ApproximateReceiveCount: '3' } });

    expect(handled).toEqual([[command, 'message-1', 3]]);
    expect(letters).toEqual([]);
  });

  it.each([
    ['operate, which proved the caller', 'AROAOPERATE:cordon-dev-operate', 'oidc:ada'],
    ['an IAM user, who may write any person into it', 'AIDACKCEVSQ6C2EXAMPLE', 'iam:AIDACKCEVSQ6C2EXAMPLE'],
    ['the session of another role', 'AROAOTHER:cordon-dev-operate', undefined],
    ['a role whose id begins like operate’s', 'AROAOPERATEX:x', undefined],
  ])('takes for the person who ordered it what is certain of %s', async (_, SenderId, person) => {
    const { take, handled } = setUp();
    const record = aRecord({ ...operator('release'), person: 'oidc:ada' });

    await take({ ...record, attributes: { ...record.attributes, SenderId } });

    expect(handled[0]?.[0]).toEqual({ ...operator('release'), ...(person !== undefined && { person }) });
  });

  it.each([
    ['no JSON', '{'],
    ['null', 'null'],
    ['an unknown type', { type: 'explode', thingName: 'mything1' }],
    ['a thing name with a path', { type: 'resume', thingName: '../x' }],
    ['a thing of another account', { type: 'resume', thingName: '111122223333/eu-west-1/mything1' }],
    ['no actor', { type: 'release', thingName: 'mything1' }],
    ['an actor of 257 characters', { ...operator('release'), actor: 'x'.repeat(257) }],
    ['a comment of 1,001 characters', { ...operator('release'), comment: 'x'.repeat(1001) }],
    ['an order for the heartbeat', { ...operator('contain'), thingName: heartbeatName }],
    ['a violation under the name of the heartbeat', { ...alarm(), thingName: heartbeatName }],
    [
      'a heartbeat without its mark',
      { ...aHeartbeat(), violation: aViolation({ thingName: heartbeatName }) },
    ],
    ['a violation without its fields', { type: 'violation', thingName: 'mything1', violation: {} }],
  ])('sets %s aside at once, so that the next command is not delayed', async (_, body) => {
    const { take, handled, letters } = setUp();

    await take(aRecord(body));

    expect(handled).toEqual([]);
    expect(letters).toEqual([
      {
        body: aRecord(body).body,
        reason: expect.stringMatching(/./),
        source: 'commands:message-1',
      },
    ]);
  });

  it('hands on a heartbeat, which reaches no case', async () => {
    const { take, handled, beats, letters } = setUp();

    await take(aRecord(aHeartbeat()));

    expect(beats).toEqual([aHeartbeat()]);
    expect([handled, letters]).toEqual([[], []]);
  });

  it('retries the command once if the case was changed in the meantime', async () => {
    const { take, handled } = setUp([new VersionConflictError('THING#mything1')]);

    await take(aRecord(resume));

    expect(handled).toHaveLength(2);
    expect(handled[1]).toEqual(handled[0]);
  });

  it('fails on any other fault and on a second conflict, so that the command is delivered again', async () => {
    const other = setUp([new Error('throttled')]);
    await expect(other.take(aRecord(resume))).rejects.toThrow('throttled');
    expect(other.handled).toHaveLength(1);

    const twice = setUp([new VersionConflictError('k'), new VersionConflictError('k')]);
    await expect(twice.take(aRecord(resume))).rejects.toThrow(VersionConflictError);
    expect(twice.letters).toEqual([]);
  });
});
