import { connectTeams } from '../../../../../functions/notify/channels/teams/channel';
import type { Announcement } from '../../../../../shared/domain/messages/announcement-schema';
import { anAnnouncement, hostileAnnouncement } from '../../announcements';
import { startHttpService } from '../../http-service';
import { showIn } from '../../show-in';
import { startTeams } from './stand-in';

let service: Awaited<ReturnType<typeof startTeams>>;

beforeEach(async () => {
  service = await startTeams();
});

afterEach(() => service.close());

const connect = () =>
  connectTeams({ secret: `${service.url}workflows/1`, trusted: new URL(service.url).origin });

async function show(announcement: Announcement): Promise<string> {
  await showIn(connect(), announcement);
  return service.posted.map(service.textOf).at(-1) ?? '';
}

it('a card says device, what and state, the process, who decided and what next', async () => {
  const link = 'https://console.example.com/console/#/cases/case-1';
  const decided = { command: 'approve', actor: 'ada', comment: 'looks real' };

  expect(await show(anAnnouncement({ link, decided }))).toBe(`mything1: 1 child process of myapp: contained
the denial is verified
What happened: 1 child process of myapp; at most 0 is normal (myapp-processes/no-child-processes)
Processes: /bin/sh -c id (pid 4242, user myapp), started by myapp < systemd
What was done: quarantine verified: publish is explicitly denied
Decision: approved by ada: looks real
Severity: critical
Next: npx cordon show mything1
npx cordon release mything1
Runbook: docs/operating.md#statuses
Case: case-1, state 1. A card of this case with a lower number is out of date.`);
  expect(service.posted[0]?.attachments[0]?.content.actions).toEqual([
    { type: 'Action.OpenUrl', title: 'Open the case', url: link },
  ]);
});

it('a card that is over has no severity', async () => {
  expect(await show(anAnnouncement({ kind: 'released', status: 'closed' }))).not.toContain('Severity');
});

it('a card stays below the size limit of Teams, whatever its content', async () => {
  await show(hostileAnnouncement('漢'.repeat(9_000)));

  expect(service.posted).toHaveLength(1);
});

it('many cases are one card with their number', async () => {
  await connect().summarize?.([anAnnouncement()], 290);

  expect(service.posted.map(service.textOf)).toEqual([
    '290 cases changed at once\nmything1: 1 child process of myapp: contained\nand 289 more',
  ]);
});

describe('an answer of 200 that says in words that the card was not taken', () => {
  const words = (code: number) =>
    `Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error ${code} with ContextId tcid=1`;

  it.each([
    [429, 'ChannelBusyError', /^Teams takes no more/],
    [413, 'ChannelRefusalError', /^Teams refused: .*HTTP error 413/],
    [504, 'Error', /^Teams answered 504/],
  ])('with error %s is a %s', async (code, name, message) => {
    const older = await startHttpService(() => ({ status: 200, body: words(code) }));
    const channel = connectTeams({ secret: older.url, trusted: new URL(older.url).origin });

    await expect(showIn(channel, anAnnouncement())).rejects.toMatchObject({
      name,
      message: expect.stringMatching(message),
    });
    await older.close();
  });

  it('is absent if it is the 1 of the older webhooks', async () => {
    const older = await startHttpService(() => ({ status: 200, body: '1' }));

    await showIn(connectTeams({ secret: older.url, trusted: new URL(older.url).origin }), anAnnouncement());
    await older.close();
  });
});
