import { IoTClient, ListActiveViolationsCommand } from '@aws-sdk/client-iot';
import { connectDefender } from '../../../shared/aws/defender';
import type { Violation } from '../../../shared/domain/findings/violation';
import { now } from '../../builders';
import { mockClient } from '../../mock-client';

const iot = mockClient(IoTClient);
const defender = connectDefender('cordon-dev-quarantine', new IoTClient({ region: 'us-east-1' }));

beforeEach(() => iot.reset());

describe('the violations that Device Defender has in alarm', () => {
  it('have as much of their value as an alert has, so that each fits a command', async () => {
    iot.on(ListActiveViolationsCommand).resolves({
      activeViolations: [
        {
          violationId: 'v1',
          thingName: 'mything1',
          securityProfileName: 'ports',
          behavior: { name: 'few-ports', metric: 'aws:listening-tcp-ports' },
          violationStartTime: new Date(now),
          lastViolationValue: { ports: Array.from({ length: 65_535 }, (_, index) => index + 1) },
        },
      ],
    });

    const all: Violation[] = [];
    for await (const one of defender.listActive()) all.push(one);

    const [found] = all;
    expect(found).toMatchObject({ violationId: 'v1', metric: 'aws:listening-tcp-ports' });
    expect(found?.value?.ports).toHaveLength(20);
  });
});
