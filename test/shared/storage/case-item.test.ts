import type { Case } from '../../../shared/domain/case/case';
import { readCase, writeCase } from '../../../shared/storage/case-item';
import { aConfiguration, aPlaybook, changeCase, words } from '../../builders';
import { alarm, lead, order } from '../domain/lead-case';

/** The item as the table returns it: without undefined fields. */
const stored = (record: Case) => JSON.parse(JSON.stringify(writeCase(record)));

const unless = [{ executable: '/usr/bin/curl', arguments: ['-V'] }];
const excepting = { configuration: aConfiguration({ playbooks: [aPlaybook({ unless })] }) };
const asking = { configuration: aConfiguration({ playbooks: [aPlaybook({ mode: 'approve' })] }) };
const curl = {
  ...{ metric: 'num_child_procs_myapp', pid: 7, executable: '/usr/bin/curl' },
  ...{ commandLine: '/usr/bin/curl -V', argumentCount: 1 },
};
const reporter = { clientId: 'mything1', principal: 'a'.repeat(64) };
const caching = { policyCacheMs: 480_000 };

describe('the item of a case', () => {
  it.each<[string, Case]>([
    ['contained', lead(undefined, alarm())],
    ['contained by a certificate that is inactive for a time', lead(undefined, alarm(), caching)],
    ['released', lead(lead(undefined, alarm()), order('release'))],
    ['excepted', lead(undefined, alarm({ evidence: [curl], reporter }), excepting)],
    ['rejected', lead(lead(undefined, alarm(), asking), order('reject'))],
    ['refused', lead(lead(undefined, alarm()), order('dismiss'))],
    ['held back', lead(undefined, alarm(), { killSwitch: { state: 'on', by: 'ada' } })],
  ])('keeps every code: %s', (_, record) => {
    expect(readCase(stored(record))).toEqual(record);
  });

  it('includes the texts for an older function, which drops the codes when it writes', () => {
    const record = lead(lead(undefined, alarm(), asking), order('reject'));
    const { value, codes: _codes, ...more } = stored(record);

    expect(more).toEqual({});
    expect(value).toMatchObject({
      reason: 'rejected by ada: checked',
      outbox: {
        announcements: expect.arrayContaining([
          expect.objectContaining({ kind: 'rejected', text: 'rejected by ada: checked' }),
        ]),
        timeline: expect.arrayContaining([
          { at: record.updatedAt, what: 'rejected', actor: 'ada', detail: 'checked' },
        ]),
      },
    });
    expect(stored(readCase({ value })).value).toEqual(value);
  });

  it('has the names of earlier releases for a temporary deactivation and the clears that came before their alarms', () => {
    const cleared = lead(undefined, alarm({ eventType: 'alarm-cleared' }));
    const { outOfOrderClears, ...others } = changeCase(cleared, {
      ledger: lead(undefined, alarm(), caching).ledger,
    });
    const record = { ...others, outOfOrderClears } as Case;
    const { value } = stored(record);

    expect(Object.keys(outOfOrderClears ?? {})).toEqual(['myapp-processes/no-child-processes']);
    expect(value).toMatchObject({
      earlyEnds: outOfOrderClears,
      ledger: expect.arrayContaining([
        expect.objectContaining({ action: 'deactivate-certificate', bridge: { spreadMs: 480_000 } }),
      ]),
    });
    expect(JSON.stringify(value)).not.toMatch(/outOfOrderClears|"temporary"/);
    expect(readCase(stored(record))).toEqual(record);
  });

  it('keeps the mark of an announced denial fault, and loses it if an older function planned again', () => {
    const told = changeCase(lead(undefined, alarm()), { status: 'containing', isTold: true });
    const { value } = stored(changeCase(told, { reason: { code: 'unverified' } }));
    const { reason: _reason, ...plannedAnew } = value;

    expect(readCase({ value }).isTold).toBe(true);
    expect(readCase({ value: plannedAnew }).isTold).toBeUndefined();
  });
});

describe('an item that lacks what its status must have', () => {
  const { value } = stored(lead(undefined, alarm()));
  const { reason: _r, dueAt: _d, release: _l, containedAt: _c, ...bare } = value;
  const { updatedAt } = bare;
  const inConflict = { ...bare.ledger[0], status: 'conflict', detail: 'changed by hand' };
  const day = 86_400_000;

  it.each<[Case['status'], Partial<Case>]>([
    ['observed', {}],
    ['awaiting-approval', { reason: words('not recorded'), dueAt: updatedAt + day }],
    ['containing', { release: { by: 'operator' }, dueAt: updatedAt }],
    ['contained', { release: { by: 'operator' }, dueAt: updatedAt, containedAt: updatedAt }],
    ['containment-failed', { release: { by: 'operator' }, dueAt: updatedAt, reason: { code: 'not-denied' } }],
    ['releasing', { dueAt: updatedAt }],
    [
      'release-conflict',
      {
        reason: {
          code: 'release-conflict',
          conflicts: [{ action: inConflict.action, detail: [words('changed by hand')] }],
        },
      },
    ],
    ['closed', { reason: words('not recorded'), closedAt: updatedAt }],
  ])('is completed when it is read: %s', (status, completed) => {
    const ledger = status === 'release-conflict' ? [inConflict] : bare.ledger;
    const read = readCase({ value: { ...bare, status, ledger } });
    const names = ['reason', 'dueAt', 'release', 'containedAt', 'closedAt'] as const;

    expect(
      Object.fromEntries(Object.entries(read).filter(([key]) => names.some((one) => one === key))),
    ).toEqual(completed);
  });

  it('keeps the fields that it has', () => {
    const whole = { ...value, release: { after: 60_000 }, dueAt: 1, containedAt: 2, reason: 'why' };

    expect(readCase({ value: whole })).toMatchObject({
      release: { after: 60_000 },
      ...{ dueAt: 1, containedAt: 2, reason: words('why') },
    });
  });

  it('is read without a closing time and an expiry while it is open', () => {
    expect(readCase({ value: { ...value, closedAt: 1, keptUntil: 2 } })).not.toHaveProperty('keptUntil');
    expect(readCase({ value: { ...value, closedAt: 1, keptUntil: 2 } })).not.toHaveProperty('closedAt');
  });

  it('is refused if its status is of a newer release', () => {
    expect(() => readCase({ value: { ...value, status: 'added-later' } })).toThrow(
      'the case of mything1 has the status added-later of a newer Cordon: deploy that version',
    );
  });

  it.each([
    ['ledger', 'text'],
    ['outbox', undefined],
    ['violations', { behavior: null }],
  ])('names its thing if something else changed it: %s', (field, damage) => {
    const { value, codes } = stored(lead(undefined, alarm()));

    expect(() => readCase({ codes, value: { ...value, [field]: damage } })).toThrow(
      /^the item of the case of mything1 in the table is damaged \(.+\): restore it/,
    );
  });

  it('says which status a newer Cordon gave it', () => {
    const { value } = stored(lead(undefined, alarm()));

    expect(() => readCase({ value: { ...value, status: 'melted' } })).toThrow('the status melted of a newer');
  });
});
