import { createCertificateAuthority } from '../../../../local/aws/mqtt/certificates';
import { allow, clock, stack, startStack, toPolicyText, useStack, waitFor, waitForClose } from './stack';

useStack({ now: () => clock.at });

describe('the broker and client certificates', () => {
  it('accepts a client whose certificate is registered and active', async () => {
    const certificate = await stack.addDevice('mything1');

    const client = await stack.connect(certificate, { clientId: 'mything1' });

    expect(client.connected).toBe(true);
  });

  it('refuses a client without a certificate', async () => {
    await expect(stack.connect(undefined, { clientId: 'mything1' })).rejects.toThrow();

    expect(stack.log.map(({ fields }) => fields.reason)).toEqual(['the client sent no certificate']);
  });

  it('refuses a certificate that is not registered, even of the same CA', async () => {
    const foreign = await (await createCertificateAuthority()).issueDeviceCertificate({ commonName: 'x' });
    const unknown = await stack.ca.issueDeviceCertificate({ commonName: 'x' });

    await expect(stack.connect(foreign, { clientId: 'x' })).rejects.toThrow();
    await expect(stack.connect(unknown, { clientId: 'x' })).rejects.toThrow();

    expect(stack.log.map(({ fields }) => fields.reason)).toEqual([
      'the certificate is not registered',
      'the certificate is not registered',
    ]);
  });

  it('accepts a registered certificate of another CA, as AWS IoT does', async () => {
    const foreign = await (await createCertificateAuthority()).issueDeviceCertificate({ commonName: 'x' });
    const { arn } = stack.registry.certificates.register(foreign.certificatePem, 'ACTIVE');
    stack.registry.policies.create('any', toPolicyText([allow('iot:*', '*')]));
    stack.registry.policies.attach('any', arn);

    const client = await stack.connect(foreign, { clientId: 'x' });

    expect(client.connected).toBe(true);
  });

  it.each([
    ['expired', 40, 'the certificate has expired'],
    ['not valid yet', -40, 'the certificate is not valid yet'],
  ])('refuses a certificate that is %s', async (_, days, reason) => {
    const notBefore = new Date(clock.at);
    const notAfter = new Date(clock.at + 30 * 86_400_000);
    const issued = await stack.ca.issueDeviceCertificate({ commonName: 'x', notBefore, notAfter });
    stack.registry.certificates.register(issued.certificatePem, 'ACTIVE');
    clock.at += days * 86_400_000;

    await expect(stack.connect(issued, { clientId: 'x' })).rejects.toThrow();

    expect(stack.log.map(({ fields }) => fields.reason)).toEqual([reason]);
  });

  it('ends the session of a deactivated certificate, and refuses its reconnects', async () => {
    const certificate = await stack.addDevice('mything1');
    const client = await stack.connect(certificate, { clientId: 'mything1' });

    stack.registry.certificates.setStatus(certificate.certificateId, 'INACTIVE');
    await waitForClose(client);

    await expect(stack.connect(certificate, { clientId: 'mything1' })).rejects.toThrow();
    expect(stack.broker.sessionOf('mything1')).toMatchObject({ state: 'ended', endReason: 'AUTH_ERROR' });
  });

  it('ends that session only after the delay of AWS, during which the session can be ended without its will', async () => {
    const slow = await startStack({ certificateCutSeconds: 60 });
    const watcher = await slow.connect(await slow.addDevice('watcher'), { clientId: 'watcher' });
    const received: string[] = [];
    watcher.on('message', (topic) => received.push(topic));
    await watcher.subscribeAsync(['will/#', 'after'], { qos: 1 });
    const certificate = await slow.addDevice('mything1');
    const will = { topic: 'will/mything1', payload: Buffer.from('gone'), qos: 1 as const };
    const client = await slow.connect(certificate, { clientId: 'mything1', will });

    slow.registry.certificates.setStatus(certificate.certificateId, 'INACTIVE');
    await client.publishAsync('after', 'still here', { qos: 1 });
    expect(slow.broker.sessionOf('mything1')?.state).toBe('connected');
    await slow.broker.disconnect('mything1', { cleanSession: true, preventWillMessage: true });
    await waitForClose(client);
    await watcher.publishAsync('after', 'x', { qos: 1 });

    await waitFor(() => received.length >= 2);
    expect(received).toEqual(['after', 'after']);
    await slow.close();
  });

  it.each(['TLSv1.2', 'TLSv1.3'] as const)('supports %s', async (version) => {
    const certificate = await stack.addDevice('mything1');
    const tls = { minVersion: version, maxVersion: version, ALPNProtocols: ['x-amzn-mqtt-ca'] };

    const client = await stack.connect(certificate, {
      clientId: 'mything1',
      ...tls,
    });

    expect(client.connected).toBe(true);
  });
});
