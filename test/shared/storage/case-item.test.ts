import type { Case } from '../../../shared/domain/case/case';
import { readCase, writeCase } from '../../../shared/storage/case-item';
import { aConfiguration, aPlaybook } from '../../builders';
import { alarm, lead, order } from '../domain/lead-case';

/** As the table gives an item back: without what is undefined. */
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

  it('keeps the mark of an announced denial fault, and loses it where an older function planned again', () => {
    const told = { ...lead(undefined, alarm()), status: 'containing', isTold: true } as const;
    const { value } = stored({ ...told, reason: { code: 'unverified' } });
    const { reason: _reason, ...plannedAnew } = value;

    expect(readCase({ value }).isTold).toBe(true);
    expect(readCase({ value: plannedAnew }).isTold).toBeUndefined();
  });
});
