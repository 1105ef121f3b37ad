import { checkThing, type ThingState } from '../../../cli/doctor/checks/thing';
import type { Finding } from '../../../cli/doctor/finding';
import { first, levels } from './run-checks';

describe('the check of a thing', () => {
  const policy = (resource: string) =>
    JSON.stringify({
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Action: 'iot:Connect',
          Resource: `arn:aws:iot:us-east-1:000000000000:${resource}`,
        },
      ],
    });
  const certificate = {
    certificateId: 'c'.repeat(64),
    status: 'ACTIVE',
    documents: [policy('client/t')],
    isDenied: false,
    sharedWith: [],
  };
  const thing: ThingState = {
    groups: [],
    principals: [certificate],
    agent: { heardAt: 1, principal: 'c' },
    isHeld: false,
  };
  const held = { principals: [{ ...certificate, status: 'INACTIVE' }] };
  it.each<[string, Partial<ThingState> | undefined, Finding['level'], RegExp]>([
    ['nothing', {}, 'ok', /nothing prevents a containment/],
    [
      "only its agent's client id beside its own",
      { principals: [{ ...certificate, documents: [policy('client/t-cordon')] }] },
      'ok',
      /nothing prevents a containment/,
    ],
    ['no thing', undefined, 'problem', /there is no such thing/],
    ['no certificate', { principals: [] }, 'problem', /no certificate/],
    [
      'a shared certificate',
      { principals: [{ ...certificate, sharedWith: ['u'] }] },
      'problem',
      /also used by u/,
    ],
    ['a certificate that is INACTIVE', held, 'note', /is INACTIVE, and no case holds/],
    [
      'a certificate that a case holds INACTIVE',
      { ...held, isHeld: true },
      'ok',
      /nothing prevents a containment/,
    ],
    [
      'any client id',
      { principals: [{ ...certificate, documents: [policy('client/*')] }] },
      'note',
      /another client id, or HTTPS/,
    ],
    [
      'no policy of its own, with a group that may have one',
      { groups: ['line-1'], principals: [{ ...certificate, documents: [] }] },
      'ok',
      /nothing prevents a containment/,
    ],
    [
      'no policy, with no other group than the quarantine',
      { groups: ['quarantine'], isHeld: true, principals: [{ ...certificate, documents: [] }] },
      'note',
      /has no policy/,
    ],
    ['no policy', { principals: [{ ...certificate, documents: [] }] }, 'note', /has no policy/],
    [
      'the quarantine group, with no case',
      { groups: ['quarantine'] },
      'note',
      /is in quarantine, and no case holds it/,
    ],
    [
      'the quarantine group, with a case',
      { groups: ['quarantine'], isHeld: true },
      'ok',
      /nothing prevents a containment/,
    ],
    [
      'the deny policy on its certificate, with no case',
      { principals: [{ ...certificate, isDenied: true }] },
      'note',
      /has the deny policy of the quarantine, and no case holds the thing/,
    ],
    [
      'the deny policy on its certificate, with a case',
      { principals: [{ ...certificate, isDenied: true }], isHeld: true },
      'ok',
      /nothing prevents a containment/,
    ],
    [
      'ten groups',
      { groups: Array.from({ length: 10 }, (_, index) => `g${index}`) },
      'note',
      /in 10 thing groups/,
    ],
    [
      'a silent agent',
      { agent: { heardAt: 1, principal: 'c', silentAt: 2 } },
      'problem',
      /its agent has been silent/,
    ],
    [
      'an agent of an earlier release',
      {
        agent: {
          heardAt: 1,
          principal: 'c',
          health: { version: '0.1.9', restarts: 0, spool: 0, degraded: [] },
        },
      },
      'note',
      /its agent has version 0\.1\.9, older than 0\.2\.0/,
    ],
  ])('finds %s', async (_, over, level, what) => {
    const state = over && { ...thing, ...over };
    expect(await first(checkThing('t', 'quarantine', '0.2.0', async () => state))).toMatchObject([
      { level, what: expect.stringMatching(what) },
    ]);
  });

  it('names a folder for the certificate that replaces a shared one: the folder of the old one has no room', async () => {
    const state = { ...thing, principals: [{ ...certificate, sharedWith: ['u'] }] };
    expect(await first(checkThing('t', 'quarantine', '0.2.0', async () => state))).toMatchObject([
      { mend: 'npx cordon enroll t --rotate --out things/t-2' },
    ]);
  });

  it('asks for no agent if Device Defender detects', async () => {
    const { agent, ...rest } = thing;
    expect(agent).toBeDefined();
    expect(levels(await first(checkThing('t', 'quarantine', '0.2.0', async () => rest)))).toEqual(['note']);
    expect(levels(await first(checkThing('t', 'quarantine', undefined, async () => rest)))).toEqual(['ok']);
  });
});
