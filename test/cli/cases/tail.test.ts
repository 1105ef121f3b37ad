import { followTimelines, writeHappening } from '../../../cli/cases/tail';
import { plain } from '../../../cli/look/style';
import { now } from '../../builders';
import { aContainedCase, aReleasedCase, aTable, type StoredCase } from '../stored-cases';

/** A table that may change between two looks. */
function aLiveTable(first: StoredCase) {
  let present = first;
  const table = () => aTable([present]);
  const reader: ReturnType<Parameters<typeof followTimelines>[1]> = {
    list: { page: (query) => table().list.page(query) },
    history: {
      listClosed: (name) => table().history.listClosed(name),
      async pageTimeline(caseId, limit, after) {
        const rows = (await table().history.readTimeline(caseId)).filter(({ sk }) => !after || sk > after);
        return { rows: rows.slice(0, limit), more: rows.length > limit };
      },
    },
  };
  const become = (next: StoredCase) => {
    present = next;
  };
  return { reader, become };
}

describe('tail', () => {
  it('prints each entry once, in the order in which it happened, from the start of the command on', async () => {
    const { reader, become } = aLiveTable(aContainedCase());
    const look = followTimelines({}, () => reader, now + 30_000);

    expect(await look(now + 30_000)).toEqual([]);
    become(aReleasedCase());
    const found = await look(now + 61_000);

    expect(found.map(({ what, actor }) => [what, actor])).toContainEqual(['release ordered', 'ada']);
    expect(found.every(({ at }) => at >= now + 30_000)).toBe(true);
    expect(await look(now + 63_000)).toEqual([]);
  });

  it('misses nothing that the index shows seconds late', async () => {
    const { reader } = aLiveTable(aContainedCase());
    const since: (number | undefined)[] = [];
    const page: typeof reader.list.page = (query) => {
      since.push(query.since);
      return reader.list.page(query);
    };
    const look = followTimelines({}, () => ({ ...reader, list: { page } }), now);
    await look(now + 2_000);
    await look(now + 4_000);

    expect(since.every((from = Number.POSITIVE_INFINITY) => from <= now - 10_000)).toBe(true);
  });

  it('begins earlier if asked to, and with one thing only', async () => {
    const { reader } = aLiveTable(aContainedCase());

    expect(await followTimelines({ since: 60_000 }, () => reader, now + 1_000)(now + 1_000)).toContainEqual(
      expect.objectContaining({ thingName: 'mything1', caseId: 'case-1', what: 'case opened' }),
    );
    const other = followTimelines({ since: 60_000, thing: 'mything2' }, () => reader, now + 1_000);
    expect(await other(now + 1_000)).toEqual([]);
  });

  it('writes a line each, without control characters, or JSON', () => {
    const one = {
      at: now,
      thingName: 'mything1',
      caseId: 'c',
      what: 'a\u001b',
      actor: 'ada\n',
      detail: 'b\u202e',
    };

    expect(writeHappening(one, {}, plain)).toBe(
      `${new Date(now).toISOString()}  mything1  a\uFFFD by ada\uFFFD: b\uFFFD`,
    );
    const line = writeHappening(one, { json: true }, plain);
    expect(line).not.toContain('\u202e');
    expect(JSON.parse(line)).toEqual(one);
  });
});
