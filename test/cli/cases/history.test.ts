import { showHistory } from '../../../cli/cases/history';
import { plain } from '../../../cli/look/style';
import type { AuditEntry, AuditQuery } from '../../../shared/storage/audit';
import { now } from '../../builders';

const acts: readonly AuditEntry[] = [
  {
    at: now - 1_000,
    actor: 'ada',
    thingName: 'mything1',
    caseId: 'case-1',
    what: 'release',
    detail: 'cleaned',
  },
  { at: now - 2_000, actor: 'bob', thingName: 'mything2', caseId: 'case-2', what: 'approve' },
  {
    at: now - 3_000,
    actor: 'eve\u001b[2J',
    thingName: 'mything3',
    caseId: 'case-3',
    what: 'comment',
    detail: 'a\nb',
  },
];
const asked: AuditQuery[] = [];
/** A list of the acts, in pages of two. */
const audit = {
  async page(query: AuditQuery) {
    asked.push(query);
    const start = Number(query.cursor ?? 0);
    const next = start + 2 < acts.length ? { next: String(start + 2) } : {};
    return { from: query.from, to: query.to, acts: acts.slice(start, start + 2), ...next };
  },
};
const history = async (over: object = {}) =>
  (await showHistory({ since: 60_000, limit: 50, ...over }, audit, plain, now)).split('\n');

describe('history', () => {
  it('lists who did what to which thing, from all pages, without control characters', async () => {
    const at = (ms: number) => new Date(now - ms).toISOString();

    expect(await history()).toEqual([
      'TIME                      WHO      WHAT     THING     CASE    COMMENT',
      `${at(1_000)}  ada      release  mything1  case-1  cleaned`,
      `${at(2_000)}  bob      approve  mything2  case-2`,
      `${at(3_000)}  eve\uFFFD[2J  comment  mything3  case-3  a\uFFFDb`,
    ]);
  });

  it('lists a refused command of a thing without a case', async () => {
    const act = { at: now - 1_000, actor: 'ada', thingName: 'mything1', what: 'containment refused' };
    const found: AuditEntry[] = [{ ...act, detail: 'the kill switch is on' }];
    const page = async ({ from, to }: AuditQuery) => ({ from, to, acts: found });

    const lines = (await showHistory({ since: 60_000, limit: 50 }, { page }, plain, now)).split('\n');

    expect(lines[1]?.split(/ {2,}/)).toEqual([
      new Date(now - 1_000).toISOString(),
      'ada',
      act.what,
      'mything1',
      'the kill switch is on',
    ]);
  });

  it('shows the planned actions of an order on the line of the order', async () => {
    const act = { at: now - 1_000, actor: 'ada', thingName: 'mything1', caseId: 'case-1' };
    const planned = { ...act, code: 'planned', what: 'in any words', detail: 'quarantine, disconnect' };
    const found = [
      { ...act, what: 'approved', detail: 'looked at it' },
      planned,
      { ...planned, caseId: 'case-2' },
    ];
    const page = async ({ from, to }: AuditQuery) => ({ from, to, acts: found });
    const text = await showHistory({ since: 60_000, limit: 50 }, { page }, plain, now);

    expect(text.split('\n').slice(1)).toEqual([
      expect.stringMatching(/ada +approved +mything1 +case-1 +looked at it; quarantine, disconnect$/),
      expect.stringMatching(/ada +in any words +mything1 +case-2 +quarantine, disconnect$/),
    ]);
  });

  it('fits a narrow terminal, with how long ago it was instead of the time', async () => {
    const text = await showHistory({ since: 60_000, limit: 50 }, audit, { ...plain, width: 40 }, now);

    expect(text.split('\n').slice(0, 2)).toEqual([
      'AGE  WHO      WHAT     THING     COMMENT',
      ' 1s  ada      release  mything1  cleaned',
    ]);
  });

  it('asks for a thing, a person and a time', async () => {
    asked.length = 0;

    await history({ thing: 'mything1', actor: 'ada' });

    expect(asked[0]).toMatchObject({ thingName: 'mything1', actor: 'ada', from: now - 60_000, to: now });
    await expect(history({ thing: '../x' })).rejects.toThrow('is not a thing name');
  });

  it('says that there is more, or nothing, and prints JSON', async () => {
    const [text] = [(await history({ json: true, limit: 1 })).join('\n')];

    expect((await history({ limit: 2 })).at(-1)).toBe('and more: --limit 20 shows them');
    expect(JSON.parse(text)).toEqual({ acts: [acts[0]], more: true });
    const none = { page: async ({ from, to }: AuditQuery) => ({ from, to, acts: [] }) };
    expect(await showHistory({ since: 1, limit: 1 }, none, plain, now)).toBe(
      'Nobody did anything in this time.',
    );
  });
});
