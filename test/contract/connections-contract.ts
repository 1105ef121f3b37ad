import { encode } from 'cborg';
import type { Connections } from '../../shared/ports/aws';
import { waitUntil } from '../e2e/harness';
import { aName, type Law, refusalOf } from './laws';

/** The data plane, and devices that are connected to it. */
export interface LiveSessions {
  readonly connections: Connections;
  /** Connects a device, whose client id is its thing's name, or connects it again. */
  connect(thingName: string): Promise<LiveDevice>;
}

interface LiveDevice {
  /** Receives the messages below `app/THING/`. */
  readonly received: () => readonly { readonly topic: string; readonly body: unknown }[];
  readonly isLive: () => boolean;
}

export function declareConnectionsLaws(law: Law<LiveSessions>): void {
  describe('connections', () => {
    declareSessionLaws(law);
    declarePublishLaws(law);
  });
}

function declareSessionLaws(law: Law<LiveSessions>): void {
  law('know no session of a client that never came', async ({ connections }) => {
    const clientId = aName('thing');

    expect(await connections.connectedSince(clientId)).toBeUndefined();
    expect(await connections.cut(clientId)).toBe(false);
  });

  law('give the start of a session, in epoch ms, the same each time', async ({ connections, connect }) => {
    const clientId = aName('thing');
    await connect(clientId);

    const since = await connections.connectedSince(clientId);

    // Within the hour: seconds would be decades off, a span would be 1970.
    expect(Math.abs(Date.now() - (since ?? 0))).toBeLessThan(3_600_000);
    expect(await connections.connectedSince(clientId)).toBe(since);
  });

  law('cut a live session once, and no other one', async ({ connections, connect }) => {
    const [clientId, bystander] = [aName('thing'), aName('thing')];
    const [device, other] = [await connect(clientId), await connect(bystander)];

    expect(await connections.cut(clientId)).toBe(true);
    await waitUntil(
      () => 'the end of the session',
      () => !device.isLive(),
    );

    expect(await connections.connectedSince(clientId)).toBeUndefined();
    expect(await connections.cut(clientId)).toBe(false);
    expect(other.isLive()).toBe(true);
    expect(await connections.connectedSince(bystander)).toEqual(expect.any(Number));
  });

  law('see the new session of a client that came back, and cut that', async ({ connections, connect }) => {
    const clientId = aName('thing');
    await connect(clientId);
    const before = (await connections.connectedSince(clientId)) ?? Number.NaN;
    await connections.cut(clientId);

    await connect(clientId);

    expect(await connections.connectedSince(clientId)).toBeGreaterThanOrEqual(before);
    expect(await connections.cut(clientId)).toBe(true);
  });
}

function declarePublishLaws(law: Law<LiveSessions>): void {
  law('publish text and bytes to the devices that listen', async ({ connections, connect }) => {
    const [thingName, other] = [aName('thing'), aName('thing')];
    const [device, bystander] = [await connect(thingName), await connect(other)];
    const body = { answer: 'ä "quoted" 🦠', count: 0 };

    await connections.publish(`app/${thingName}/json/a`, JSON.stringify(body));
    await connections.publish(`app/${thingName}/cbor/a`, encode(body));
    await waitUntil(
      () => 'both messages',
      () => device.received().length === 2,
    );

    expect(device.received()).toEqual([
      { topic: `app/${thingName}/json/a`, body },
      { topic: `app/${thingName}/cbor/a`, body },
    ]);
    expect(bystander.received()).toEqual([]);
  });

  law('keep a retained message for a device that connects later', async ({ connections, connect }) => {
    const thingName = aName('thing');

    await connections.publish(`app/${thingName}/kept`, '{"at":1}', { retain: true });
    await connections.publish(`app/${thingName}/kept`, '{"at":2}', { retain: true });
    const device = await connect(thingName);
    await waitUntil(
      () => 'the message',
      () => device.received().length > 0,
    );

    expect(device.received()).toEqual([{ topic: `app/${thingName}/kept`, body: { at: 2 } }]);
  });

  law('refuse to publish to many topics at once', async ({ connections }) => {
    for (const topic of ['app/#', 'app/+/json'])
      expect(await refusalOf(connections.publish(topic, '{}'))).toBe('InvalidRequestException');
  });
}
