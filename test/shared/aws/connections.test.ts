import {
  DeleteConnectionCommand,
  GetConnectionCommand,
  IoTDataPlaneClient,
  PublishCommand,
} from '@aws-sdk/client-iot-data-plane';
import { connectConnections } from '../../../shared/aws/connections';
import { awsError } from '../../aws-error';
import { mockClient } from '../../mock-client';

const data = mockClient(IoTDataPlaneClient);
const connections = connectConnections(new IoTDataPlaneClient({ region: 'us-east-1' }));

beforeEach(() => data.reset());

const inputs = () => data.calls().map(({ args }) => args[0].input);

describe('the connections port', () => {
  it('ends a session with its state, and without its last will', async () => {
    data.on(DeleteConnectionCommand).resolves({});

    expect(await connections.cut('mything1')).toBe(true);
    expect(inputs()).toEqual([{ clientId: 'mything1', cleanSession: true, preventWillMessage: true }]);
  });

  it('reports that there was no session', async () => {
    data.on(DeleteConnectionCommand).rejects(awsError('ResourceNotFoundException'));
    data.on(GetConnectionCommand).rejects(awsError('ResourceNotFoundException'));

    expect(await connections.cut('mything1')).toBe(false);
    expect(await connections.connectedSince('mything1')).toBeUndefined();
  });

  it('fails on any other fault, rather than count the device as disconnected', async () => {
    data.on(DeleteConnectionCommand).rejects(awsError('ThrottlingException'));
    data.on(GetConnectionCommand).rejects(awsError('ThrottlingException'));

    await expect(connections.cut('mything1')).rejects.toMatchObject({ name: 'ThrottlingException' });
    await expect(connections.connectedSince('mything1')).rejects.toMatchObject({
      name: 'ThrottlingException',
    });
  });

  it.each([
    [{ connected: true, connectedSince: 123 }, 123],
    [{ connected: true }, 0],
    [{ connected: false, disconnectedSince: 5 }, undefined],
    [{}, undefined],
  ])('reads the session %j', async (answer, since) => {
    data.on(GetConnectionCommand).resolves(answer);

    expect(await connections.connectedSince('mything1')).toBe(since);
  });

  it('publishes at least once', async () => {
    data.on(PublishCommand).resolves({});

    await connections.publish('a/b', '{"ä":1}');

    expect(inputs()).toEqual([{ topic: 'a/b', payload: Buffer.from('{"ä":1}'), qos: 1 }]);
  });

  it('publishes retained messages', async () => {
    data.on(PublishCommand).resolves({});

    await connections.publish('a/b', '1', { retain: true });

    expect(inputs()).toEqual([{ topic: 'a/b', payload: Buffer.from('1'), qos: 1, retain: true }]);
  });
});
