import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { connectPagerDuty } from '../../functions/notify/channels/pagerduty/channel';
import { connectTeams } from '../../functions/notify/channels/teams/channel';
import type { Channel } from '../../functions/notify/delivery/channel';
import { anAnnouncement } from '../functions/notify/announcements';
import { routingKey, startPagerDuty } from '../functions/notify/channels/pagerduty/stand-in';
import { connectAt, startSecurityHub } from '../functions/notify/channels/securityhub/stand-in';
import { startTeams } from '../functions/notify/channels/teams/stand-in';
import { showIn } from '../functions/notify/show-in';

/** The block of a page below the heading "An example". */
function readExample(page: string): string {
  const text = readFileSync(join(import.meta.dirname, '../../docs', page), 'utf8');
  return /\n## An example\n[^`]*```\w*\n([^`]*)```/.exec(text)?.[1] ?? `${page} has no example`;
}

const announcement = anAnnouncement({
  at: Date.UTC(2026, 0, 2, 3, 4, 5),
  violations: anAnnouncement().violations.map((one) => ({ ...one, alarmAt: Date.UTC(2026, 0, 2, 3, 4, 4) })),
});

describe('the example of what a channel sends', () => {
  it('on the page of PagerDuty is an event that its stand-in takes', async () => {
    const service = await startPagerDuty();
    await showIn(connectPagerDuty({ secret: routingKey, endpoint: service.url }) as Channel, announcement);
    await service.close();

    const { routing_key: _, ...event } = JSON.parse(service.bodies[0] ?? '');
    expect(JSON.parse(readExample('pagerduty.md'))).toEqual({ routing_key: 'KEY', ...event });
  });

  it('on the page of Teams is the text of a card that its stand-in takes', async () => {
    const service = await startTeams();
    const trusted = new URL(service.url).origin;
    await showIn(connectTeams({ secret: `${service.url}workflows/1`, trusted }), announcement);
    await service.close();

    expect(readExample('teams.md')).toBe(`${service.posted.map(service.textOf).join('')}\n`);
  });

  it('on the page of Security Hub is a finding that its stand-in takes', async () => {
    const service = await startSecurityHub();
    await showIn(connectAt(service.url), announcement);
    await service.close();

    expect(JSON.parse(readExample('securityhub.md'))).toEqual(service.hub.findings()[0]);
  });
});
