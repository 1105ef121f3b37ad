import { DeleteCertificateCommand, IoTClient } from '@aws-sdk/client-iot';
import { IoTDataPlaneClient } from '@aws-sdk/client-iot-data-plane';
import { mockClient } from 'aws-sdk-client-mock';
import { connectRegistry } from '../../../cli/enroll/registry';
import { awsError } from '../../aws-error';

const certificateId = 'a'.repeat(64);
const attached = awsError('DeleteConflictException', 'things are attached');

describe('deleting a certificate', () => {
  const iot = mockClient(IoTClient);
  const registry = connectRegistry(new IoTClient({}), new IoTDataPlaneClient({}));

  beforeEach(() => iot.reset());

  it('waits until AWS IoT has taken it from its thing', async () => {
    iot.on(DeleteCertificateCommand).rejectsOnce(attached).rejectsOnce(attached).resolves({});

    await registry.deleteCertificate(certificateId);

    expect(iot.commandCalls(DeleteCertificateCommand)).toHaveLength(3);
    expect(iot.commandCalls(DeleteCertificateCommand)[0]?.args[0].input).toEqual({
      certificateId,
      forceDelete: true,
    });
  });

  it('fails at once for any other reason', async () => {
    iot.on(DeleteCertificateCommand).rejects(awsError('CertificateStateException', 'it is ACTIVE'));

    await expect(registry.deleteCertificate(certificateId)).rejects.toThrow('it is ACTIVE');

    expect(iot.commandCalls(DeleteCertificateCommand)).toHaveLength(1);
  });
});
