import { checkQuotas, type Quota } from '../../../cli/doctor/checks/quotas';
import { type FleetFacts, listNeeds } from '../../../cli/doctor/quotas/needs';

const small: FleetFacts = { things: 1_000, mostContained: 10, isDetector: true };
const defaults = new Map<string, Quota>(
  listNeeds(small).flatMap(({ code, name, byDefault }) =>
    byDefault === undefined ? [] : [[code, { name, value: byDefault, isAdjustable: true }] as const],
  ),
);
const withQuota = (code: string, change: Partial<Quota>) => {
  const quota = defaults.get(code) ?? { name: code, value: 0, isAdjustable: true };
  return new Map([...defaults, [code, { ...quota, ...change }]]);
};
const check = (facts: FleetFacts, quotas: ReadonlyMap<string, Quota> = defaults) =>
  checkQuotas(
    async () => quotas,
    async () => facts,
  ).run();

describe('the check of the IoT quotas', () => {
  it('finds the defaults sufficient for a small fleet, and for one that was not counted', async () => {
    expect(await check(small)).toMatchObject([
      {
        level: 'ok',
        what: expect.stringMatching(/^15 quotas are enough for a fleet of 1000 things; the closest is /),
      },
    ]);
    expect(await check({ ...small, things: 0 })).toMatchObject([
      { level: 'ok', what: expect.stringContaining('a fleet that was not counted yet') },
    ]);
  });

  it.each<[string, FleetFacts, RegExp]>([
    ['connects of a large fleet', { ...small, things: 250_000 }, /L-AEA1E176 --desired-value 1112$/],
    ['connections of a large fleet', { ...small, things: 300_000 }, /L-75CAB723 --desired-value 1200000$/],
    [
      'reports and replies of a huge fleet',
      { ...small, things: 4_000_000 },
      /L-4B33E451 --desired-value 53334$/,
    ],
    [
      'a storm as large as the fleet limit allows',
      { ...small, mostContained: 1_000 },
      /L-CA7D4E3E --desired-value 34$/,
    ],
  ])('names the command that raises what %s need', async (_, facts, mend) => {
    const found = await check(facts);
    const problems = found.filter(({ level }) => level === 'problem');
    expect(problems.map((problem) => problem.mend)).toContainEqual(expect.stringMatching(mend));
    for (const { what, why } of problems) {
      expect(what).toMatch(/: the account has \d+, and Cordon needs \d+ \(.+\)$/);
      expect(why).toBeTruthy();
    }
  });

  it('finds a quota that the account has lower than the default, and notes one that Cordon alone may fill by half', async () => {
    expect(await check(small, withQuota('L-B2DA2A45', { value: 2 }))).toMatchObject([
      {
        level: 'problem',
        what: expect.stringMatching(/^ListAttachedPolicies API TPS: the account has 2, and Cordon needs 4 /),
      },
    ]);
    expect(await check(small, withQuota('L-B2DA2A45', { value: 5 }))).toMatchObject([
      { level: 'note', mend: expect.stringMatching(/L-B2DA2A45 --desired-value 8$/) },
    ]);
  });

  it('judges a quota that has no documented default once AWS returns it', async () => {
    expect(
      await check(small, withQuota('L-31D9CC26', { name: 'TestAuthorization API TPS', value: 1 })),
    ).toMatchObject([
      { level: 'problem', what: expect.stringMatching(/^TestAuthorization API TPS: the account has 1/) },
    ]);
  });

  it('gives no command for a quota that AWS does not raise', async () => {
    expect(await check(small, withQuota('L-AEA1E176', { value: 1, isAdjustable: false }))).toMatchObject([
      { level: 'problem', mend: 'docs/doctor.md#iot-quotas' },
    ]);
  });

  it.each([
    [
      'AccessDeniedException',
      'not authorized to perform: servicequotas:ListServiceQuotas',
      /docs\/iam\/doctor\.json/,
    ],
    ['UnknownOperationException', '', /this service is not there/],
  ])(
    'compares the documented defaults if the quotas can not be read, and says so: %s',
    async (name, message, reason) => {
      const found = await checkQuotas(
        async () => Promise.reject(Object.assign(new Error(message), { name })),
        async () => ({ ...small, things: 250_000 }),
      ).run();
      expect(found.filter(({ level }) => level === 'problem')).toHaveLength(1);
      const [unread] = found.filter(({ level }) => level === 'unknown');
      expect(unread?.what).toMatch(reason);
      expect(unread?.what).toMatch(/; the documented defaults of us-east-1 were compared instead$/);
    },
  );

  it('expects no reply and no rule for reports that go to Device Defender', () => {
    const byCode = (isDetector: boolean) =>
      new Map(listNeeds({ ...small, things: 900_000, isDetector }).map(({ code, needed }) => [code, needed]));
    expect([byCode(true).get('L-4B33E451'), byCode(false).get('L-4B33E451')]).toEqual([6_000, 3_000]);
    expect([byCode(true).get('L-5E9B88DA'), byCode(false).get('L-5E9B88DA')]).toEqual([5_000, 2_000]);
  });
});
