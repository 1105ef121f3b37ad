import {
  CreateCertificateFromCsrCommand,
  CreateKeysAndCertificateCommand,
  DeleteCertificateCommand,
  DescribeCertificateCommand,
  ListCertificatesByCACommand,
  ListCertificatesCommand,
  RegisterCertificateWithoutCACommand,
  UpdateCertificateCommand,
} from '@aws-sdk/client-iot';
import { aDocument, allow, errorOf, now, pemOne, pemTwo, prefix } from './builders';
import { registerOne, registry, send, useControlPlane } from './plane';

useControlPlane();

describe('certificates', () => {
  it('are registered under the SHA-256 of their DER form', async () => {
    const certificateArn = await registerOne();
    const certificateId = '8c7270228b6ebca89bb027d22aea1ee455c07250955187bbd8fffec925fea35d';

    expect(certificateArn).toBe(`${prefix}cert/${certificateId}`);
    expect(
      (await send(new DescribeCertificateCommand({ certificateId }))).certificateDescription,
    ).toMatchObject({
      certificateId,
      status: 'ACTIVE',
      certificatePem: pemOne,
      creationDate: new Date(now),
    });
    expect(registry.certificateByFingerprint(certificateId.toUpperCase())?.arn).toBe(certificateArn);
  });

  it('are created with their keys by the given authority', async () => {
    const made = await send(new CreateKeysAndCertificateCommand({ setAsActive: true }));
    const listed = await send(new ListCertificatesCommand({}));

    expect(made).toMatchObject({
      certificatePem: pemTwo,
      keyPair: { PublicKey: 'public', PrivateKey: 'private' },
    });
    expect(listed.certificates?.map(({ status }) => status)).toEqual(['ACTIVE']);
  });

  it('are created for a certificate signing request, inactive unless asked otherwise', async () => {
    const request = (certificateSigningRequest: string) =>
      send(new CreateCertificateFromCsrCommand({ certificateSigningRequest }));
    const made = await request('a request');
    const listed = await send(new ListCertificatesCommand({}));

    expect(made).toMatchObject({
      certificatePem: pemTwo,
      certificateArn: `${prefix}cert/${made.certificateId}`,
    });
    expect(listed.certificates).toMatchObject([{ certificateId: made.certificateId, status: 'INACTIVE' }]);
    expect(await errorOf(request('something else'))).toBe('400 InvalidRequestException');
  });

  it('are listed by the authority that signed them', async () => {
    await registerOne();
    const { certificateId } = await send(new CreateKeysAndCertificateCommand({}));
    const listOf = async (caCertificateId = '') =>
      (await send(new ListCertificatesByCACommand({ caCertificateId }))).certificates;

    expect(await listOf(certificateId)).toMatchObject([{ certificateId }]);
    expect(await listOf('0'.repeat(64))).toEqual([]);
  });

  it('change to INACTIVE and back, but not back from REVOKED', async () => {
    const certificateId = (await registerOne()).split('/')[1];
    const set = (newStatus: 'ACTIVE' | 'INACTIVE' | 'REVOKED' | 'PENDING_TRANSFER') =>
      errorOf(send(new UpdateCertificateCommand({ certificateId, newStatus })));

    expect([await set('INACTIVE'), await set('ACTIVE'), await set('REVOKED')]).toEqual(
      Array(3).fill('no error'),
    );
    expect(await set('ACTIVE')).toBe('406 CertificateStateException');
    expect(await set('PENDING_TRANSFER')).toBe('400 InvalidRequestException');
  });

  it('can be deleted only when inactive and free of things and policies', async () => {
    const certificateArn = await registerOne();
    const certificateId = certificateArn.split('/')[1];
    const remove = (forceDelete: boolean) =>
      errorOf(send(new DeleteCertificateCommand({ certificateId, forceDelete })));
    registry.policies.create('policy', aDocument(allow('iot:*', '*')));
    registry.policies.attach('policy', certificateArn);
    registry.things.create('mything1');
    registry.things.attachPrincipal('mything1', certificateArn);

    expect(await remove(true)).toBe('406 CertificateStateException');
    registry.certificates.setStatus(certificateId ?? '', 'INACTIVE');
    expect(await remove(true)).toBe('409 DeleteConflictException');
    registry.things.detachPrincipal('mything1', certificateArn);
    expect(await remove(false)).toBe('409 DeleteConflictException');
    expect(await remove(true)).toBe('no error');
  });

  it.each(['', 'not a certificate', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----'])(
    'are refused from the text %j',
    async (certificatePem) => {
      expect(await errorOf(send(new RegisterCertificateWithoutCACommand({ certificatePem })))).toMatch(
        /^400 (InvalidRequest|CertificateValidation)Exception$/,
      );
    },
  );
});
