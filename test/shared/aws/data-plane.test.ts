import { DescribeEndpointCommand, IoTClient } from '@aws-sdk/client-iot';
import { dataPlaneClient } from '../../../shared/aws/data-plane';
import { awsError } from '../../aws-error';
import { mockClient } from '../../mock-client';

const mock = mockClient(IoTClient);
const iot = new IoTClient({ region: 'us-east-1' });
const settings = { region: 'us-east-1', credentials: { accessKeyId: 'x', secretAccessKey: 'x' } };

beforeEach(() => mock.reset());

/** The host that a call would go to. */
async function readHost(client: ReturnType<typeof dataPlaneClient>): Promise<string | undefined> {
  const endpoint = await client.config.endpoint?.();
  return endpoint && `${endpoint.hostname}${endpoint.port ? `:${endpoint.port}` : ''}`;
}

describe('the client of the data plane', () => {
  it('calls the account’s own endpoint, which it looks up once', async () => {
    mock.on(DescribeEndpointCommand).resolves({ endpointAddress: 'abc-ats.iot.us-east-1.amazonaws.com' });
    const client = dataPlaneClient(iot, settings);

    expect(await readHost(client)).toBe('abc-ats.iot.us-east-1.amazonaws.com');
    expect(await readHost(client)).toBe('abc-ats.iot.us-east-1.amazonaws.com');
    expect(mock.calls().map(({ args }) => args[0].input)).toEqual([{ endpointType: 'iot:Data-ATS' }]);
  });

  it('looks the endpoint up again if AWS gave no answer', async () => {
    mock.on(DescribeEndpointCommand).rejectsOnce(awsError('ThrottlingException'));
    const client = dataPlaneClient(iot, settings);
    await expect(readHost(client)).rejects.toMatchObject({ name: 'ThrottlingException' });

    mock.on(DescribeEndpointCommand).resolves({ endpointAddress: 'abc-ats.iot.us-east-1.amazonaws.com' });
    expect(await readHost(client)).toBe('abc-ats.iot.us-east-1.amazonaws.com');
  });

  it('uses the endpoint of its settings', async () => {
    mock.on(DescribeEndpointCommand).resolves({ endpointAddress: 'abc-ats.iot.us-east-1.amazonaws.com' });

    expect(await readHost(dataPlaneClient(iot, { ...settings, endpoint: 'http://127.0.0.1:4566' }))).toBe(
      '127.0.0.1:4566',
    );
  });
});
