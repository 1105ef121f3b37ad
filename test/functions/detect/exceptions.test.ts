import { resetAlarms } from '../../../shared/domain/detection/reset';
import { readMessage } from '../../../shared/domain/findings/read-message';
import { thingKey } from '../../../shared/domain/thing-ref';
import { aPlaybook, now } from '../../builders';
import { aDetector, aReport, received } from './detector';

const metric = 'num_child_procs_myapp';
const update = { executable: '/usr/bin/curl', arguments: ['-fsS', 'https://updates.example.com/check'] };
const playbooks = [aPlaybook({ unless: [update, { executable: '/usr/bin/ntpdate' }] })];

const curl = {
  ...{ metric, pid: 11, ppid: 10, executable: '/usr/bin/curl', user: 'app', parents: ['myapp'] },
  ...{ commandLine: 'curl -fsS https://updates.example.com/check', argumentCount: 2 },
};
const ntpdate = {
  ...curl,
  pid: 12,
  executable: '/usr/bin/ntpdate',
  commandLine: 'ntpdate',
  argumentCount: 0,
};
const shell = { ...curl, pid: 13, executable: '/bin/sh', commandLine: 'sh -i', argumentCount: 1 };

function aStory() {
  const detector = aDetector({}, { playbooks });
  let id = 1;
  const report = async (children: number, evidence: readonly object[] = [], over: object = {}) => {
    id += 1;
    const document = {
      ...aReport(children, { evidence, ...over }),
      header: { report_id: id, version: '1.0' },
    };
    await detector.run(received(document, { receivedAt: now + id, ...over }));
    return detector.alerts.splice(0).map(({ violationEventType }) => violationEventType);
  };
  return { ...detector, report };
}

describe('detect, given children that a playbook excepts,', () => {
  it('raises an excepted alarm once, however long and however many such children run', async () => {
    const { report } = aStory();

    expect(await report(1, [curl])).toEqual(['in-alarm']);
    expect(await report(1)).toEqual([]);
    expect(await report(2, [ntpdate])).toEqual([]);
    expect(await report(2)).toEqual([]);
    expect(await report(0)).toEqual(['alarm-cleared']);
  });

  it('raises the alarm again as soon as one child is not excepted, even if that child ran before', async () => {
    const { report } = aStory();
    await report(1, [curl]);

    expect(await report(2, [shell])).toEqual(['in-alarm']);
    // The alarm is already known, whatever comes with it.
    expect(await report(2, [shell])).toEqual([]);
  });

  it('raises an alarm by a late report of another child, though the excepted alarm of that time has ended', async () => {
    const { report } = aStory();
    await report(1, [curl]);
    await report(0);

    expect(await report(1, [shell], { receivedAt: now + 2 })).toEqual(['in-alarm']);
  });

  it('raises the alarm again if another child takes the place of an excepted one and the count is unchanged', async () => {
    const { report } = aStory();
    await report(1, [curl]);

    expect(await report(1, [shell])).toEqual(['in-alarm']);
  });

  it.each([
    ['more children than the evidence has', 3, [ntpdate]],
    ['as many rows as a report carries', 1, Array.from({ length: 10 }, () => ntpdate)],
    [
      'evidence that does not fit an alert',
      2,
      [
        ntpdate,
        {
          ...curl,
          user: '€'.repeat(128),
          commandLine: `x ${'€'.repeat(1000)}`,
          parents: Array.from({ length: 10 }, () => '€'.repeat(128)),
        },
      ],
    ],
  ])('raises the alarm again if there is %s', async (_, children, evidence) => {
    const { report } = aStory();
    await report(1, [curl]);

    expect(await report(children, evidence)).toEqual(['in-alarm']);
  });

  it('does not raise the alarm again once the case is closed, since the evidence arrives only once', async () => {
    const { report, stored: detection } = aStory();
    const { states } = detection;
    await report(1, [curl]);
    const stored = await states.load(thingKey('mything1'));
    if (!stored) throw new Error('no state');
    await states.save(resetAlarms(stored.value, now + 10), stored.version);

    expect(await report(1)).toEqual([]);
    expect(await report(2, [shell])).toEqual(['in-alarm']);
  });

  it('accepts exceptions from the thing itself only', async () => {
    const { report } = aStory();

    expect(await report(1, [curl], { clientId: 'mything2' })).toEqual(['in-alarm']);
    expect(await report(1, [shell])).toEqual(['in-alarm']);
  });

  it('hands on the bounded list of children that the agent did not count, for this metric only', async () => {
    const { run, alerts } = aDetector();
    const exceptions = {
      [metric]: ['/usr/bin/curl -V', 7, 'x'.repeat(2_000), ...Array.from({ length: 20 }, (_, n) => `n${n}`)],
      other: ['/bin/sh'],
      'no metric': ['x'],
    };
    await run(received(aReport(1, { exceptions })));

    const read = readMessage(JSON.stringify(alerts[0]));
    expect(read).toMatchObject({ findings: [{ uncounted: expect.any(Array) }] });
    const { uncounted = [] } = (read.kind === 'findings' && read.findings[0]) || {};
    expect(uncounted).toHaveLength(10);
    expect(uncounted[0]).toBe('/usr/bin/curl -V');
    expect(uncounted[1]).toHaveLength(300);
  });

  it.each([
    ['a list', ['x']],
    ['text', 'x'],
    ['lists of nothing', { [metric]: 'x' }],
  ])('accepts a report whose exceptions are %s', async (_, exceptions) => {
    const { run, alerts } = aDetector();
    await run(received(aReport(1, { exceptions })));

    expect(alerts).toHaveLength(1);
    expect(alerts[0]?.cordon).not.toHaveProperty('uncounted');
  });
});
