import {
  connectPagerDuty,
  nowhere,
  type PagerDutyPlace,
} from '../../../../../functions/notify/channels/pagerduty/channel';
import { type Channel, ChannelBusyError } from '../../../../../functions/notify/delivery/channel';
import { deliver } from '../../../../../functions/notify/delivery/deliver';
import { add, change } from '../../../../../functions/notify/delivery/pending';
import type { Announcement } from '../../../../../shared/domain/messages/announcement-schema';
import { now } from '../../../../builders';
import { fakeDeadLetters, fakeTelemetry } from '../../../../fakes';
import { anAnnouncement } from '../../announcements';
import { fakeChannelStates } from '../../fake-states';
import { showIn } from '../../show-in';
import { routingKey, startPagerDuty } from './stand-in';

let service: Awaited<ReturnType<typeof startPagerDuty>>;

beforeEach(async () => {
  service = await startPagerDuty();
});

afterEach(() => service.close());

let shown: { place: PagerDutyPlace; seq: number };

beforeEach(() => {
  shown = { place: nowhere, seq: 0 };
});

async function show(over: Partial<Announcement> = {}, secret = routingKey) {
  const announcement = anAnnouncement({ seq: shown.seq + 1, ...over });
  const channel = connectPagerDuty({ secret, endpoint: service.url }) as Channel;
  const { place } = await showIn(channel, announcement, shown.seq, shown.place);
  shown = { place, seq: announcement.seq };
  return service.alerts.get('case-1')?.status;
}

const approved = { decided: { command: 'approve', actor: 'ada' } };
const closed = { kind: 'released', status: 'closed', decided: { command: 'release', actor: 'ada' } };

describe('the alert of a case in PagerDuty', () => {
  it('is triggered, acknowledged once a person has decided, and resolved at its end', async () => {
    expect(await show({ kind: 'approval-needed', status: 'awaiting-approval' })).toBe('triggered');
    expect(await show(approved)).toBe('acknowledged');
    expect(await show(closed)).toBe('resolved');

    expect(service.alerts.size).toBe(1);
    expect(service.alerts.get('case-1')).toMatchObject({
      severity: 'critical',
      log: [
        'mything1: 1 child process of myapp: waits for approval: the denial is verified',
        'mything1: 1 child process of myapp: contained: the denial is verified',
      ],
    });
  });

  it('is one for a storm, however often its numbers change, and is resolved when the storm is over', async () => {
    const storm = { kind: 'storm', status: 'storm', thingName: '*', cases: [], commands: [], violations: [] };

    expect(await show({ ...storm, title: 'storm of x: 6 wait for approval' })).toBe('triggered');
    expect(await show({ ...storm, title: 'storm of x: 12 wait for approval' })).toBe('triggered');
    expect(await show({ ...storm, status: 'closed', title: 'storm of x: over: 12 contained' })).toBe(
      'resolved',
    );
    expect(service.alerts.size).toBe(1);
  });

  it('says which process it was, what was done and what next, and links the console', async () => {
    await show({ link: 'https://console.example.com/console/#/cases/case-1' });

    expect(JSON.parse(service.bodies[0] ?? '')).toMatchObject({
      client_url: 'https://console.example.com/console/#/cases/case-1',
      payload: {
        source: 'mything1',
        component: 'myapp-processes/no-child-processes',
        custom_details: {
          processes: '/bin/sh -c id (pid 4242, user myapp), started by myapp < systemd',
          next: 'npx cordon show mything1\nnpx cordon release mything1',
        },
      },
    });
  });

  it.each([
    ['is only recorded', { kind: 'observed', status: 'observed' }],
    ['is over before anybody heard of it', closed],
  ])('is not made for a case that %s', async (_, over) => {
    expect(await show(over)).toBeUndefined();
    expect(service.bodies).toEqual([]);
  });

  it('is resolved if nothing is left to do', async () => {
    await show({ kind: 'approval-needed', status: 'awaiting-approval' });

    expect(await show({ kind: 'rejected', status: 'observed' })).toBe('resolved');
  });

  it('is resolved even if the answer to its trigger was lost', async () => {
    await show();
    const channel = connectPagerDuty({ secret: routingKey, endpoint: service.url });

    await channel.show(
      anAnnouncement({ ...closed, seq: 2 }),
      { place: nowhere, lastSeq: 0, posting: true },
      { call: (call) => call(), brief: false, memory: {}, willPost: async () => {}, lost: () => {} },
    );

    expect(service.alerts.get('case-1')?.status).toBe('resolved');
  });

  it('is resolved even if PagerDuty became busy between its trigger and what follows', async () => {
    const { states } = fakeChannelStates();
    const { log, metrics } = fakeTelemetry();
    const time = { now };
    const channel = connectPagerDuty({ secret: routingKey, endpoint: service.url });
    const isBusy = { after: 1 };
    const announce = async (over: Partial<Announcement>) => {
      const ports = {
        ...{ title: 'PagerDuty', limits: { gapMs: 500, answerMs: 60_000 }, nowhere, functionName: 'notify' },
        ...{ states, deadLetters: fakeDeadLetters().deadLetters, log, metrics, clock: () => time.now },
        pause: async (ms: number) => {
          time.now += ms;
        },
      };
      await change(ports, 'case-1', (state) => add(state, anAnnouncement(over), time.now));
      await deliver(
        ports,
        {
          show: (newest, state, manner) =>
            channel.show(newest, state, {
              ...manner,
              call: (call) =>
                manner.call(async () => {
                  isBusy.after -= 1;
                  if (isBusy.after < 0) throw new ChannelBusyError('PagerDuty');
                  return call();
                }),
            }),
        },
        ['case-1'],
      );
    };
    await announce(approved);
    expect(service.alerts.get('case-1')?.status).toBe('triggered');
    isBusy.after = Infinity;
    time.now += 60_000;

    await announce({ ...closed, seq: 2 });

    expect(service.alerts.get('case-1')?.status).toBe('resolved');
  });

  it('pages again for a case that needs somebody after its alert was resolved', async () => {
    await show();
    await show({ kind: 'rejected', status: 'observed' });

    expect(await show()).toBe('triggered');
  });
});

it('a secret that is not an integration key is refused before anything is sent', async () => {
  await expect(show({}, 'https://events.pagerduty.com')).rejects.toThrow(
    'its secret is not an integration key of 32 letters and digits',
  );
});

it('PagerDuty’s reason for refusing an event is passed on', async () => {
  await expect(show({}, 'f'.repeat(32))).rejects.toThrow(/^PagerDuty refused: 400 .*routing_key/);
});
