import { eventbridge } from '../../../../../functions/notify/channels/eventbridge/descriptor';
import { anAnnouncement } from '../../announcements';
import { showIn } from '../../show-in';
import { connectAt, startEventBridge } from './stand-in';

let service: Awaited<ReturnType<typeof startEventBridge>>;

beforeEach(async () => {
  service = await startEventBridge(['default', 'security']);
});

afterEach(() => service.close());

it('an event has the whole announcement as its detail, on the bus of cordon.yml', async () => {
  await showIn(connectAt(service.url, 'security'), anAnnouncement());

  expect(service.events()).toEqual([
    { bus: 'security', source: 'cordon', detailType: 'Cordon case', detail: anAnnouncement() },
  ]);
});

it('a missing bus is a refusal that names it', async () => {
  await expect(showIn(connectAt(service.url, 'gone'), anAnnouncement())).rejects.toThrow(
    'EventBridge refused: ResourceNotFoundException: Event bus gone does not exist.',
  );
});

it('the function may put events on its own bus and nothing else', () => {
  expect(eventbridge.rights({ bus: 'security' })).toEqual([
    { actions: ['events:PutEvents'], service: 'events', resource: 'event-bus/security' },
  ]);
});
