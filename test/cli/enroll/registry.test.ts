import {
  AttachThingPrincipalCommand,
  DeleteCertificateCommand,
  DeletePolicyCommand,
  DeletePolicyVersionCommand,
  DeleteThingCommand,
  IoTClient,
  ListPolicyVersionsCommand,
  ListPrincipalThingsCommand,
  ListTargetsForPolicyCommand,
  ListThingPrincipalsCommand,
} from '@aws-sdk/client-iot';
import { IoTDataPlaneClient } from '@aws-sdk/client-iot-data-plane';
import { connectRegistry } from '../../../cli/enroll/registry';
import type { Patience } from '../../../cli/enroll/retry-deletion';
import { awsError } from '../../aws-error';
import { mockClient } from '../../mock-client';

const certificateId = 'a'.repeat(64);
const attached = awsError('DeleteConflictException', 'things are attached');

describe('deleting what was just detached', () => {
  const iot = mockClient(IoTClient);
  const said: string[] = [];
  const patience: Patience = {
    say: (text) => void said.push(text),
    firstPauseMs: 1,
    longestPauseMs: 2,
    sayEveryMs: 60_000,
    patienceMs: 60_000,
  };
  const registry = connectRegistry(new IoTClient({}), new IoTDataPlaneClient({}), patience);

  beforeEach(() => {
    iot.reset();
    said.length = 0;
  });

  it('waits until AWS IoT has detached a certificate from its thing, and says so', async () => {
    iot.on(DeleteCertificateCommand).rejectsOnce(attached).rejectsOnce(attached).resolves({});

    await registry.deleteCertificate(certificateId);

    expect(iot.commandCalls(DeleteCertificateCommand)).toHaveLength(3);
    expect(said).toEqual(['waiting until AWS IoT can delete certificate aaaaaaaaaaaa…: up to five minutes']);
    expect(iot.commandCalls(DeleteCertificateCommand)[0]?.args[0].input).toEqual({
      certificateId,
      forceDelete: true,
    });
  });

  it('waits for a policy, and keeps it if somebody else attached it meanwhile', async () => {
    iot.on(ListTargetsForPolicyCommand).resolves({ targets: [] });
    iot
      .on(ListPolicyVersionsCommand)
      .resolves({ policyVersions: [{ versionId: '1', isDefaultVersion: true }] });
    iot.on(DeletePolicyCommand).rejectsOnce(attached).resolves({});
    expect(await registry.deleteUnusedPolicy('own')).toBe(true);

    iot
      .on(ListTargetsForPolicyCommand)
      .resolvesOnce({ targets: [] })
      .resolves({ targets: ['another'] });
    iot.on(DeletePolicyCommand).rejects(attached);
    expect(await registry.deleteUnusedPolicy('own')).toBe(false);
  });

  it('waits for a thing whose certificates are detached, and for none that has one', async () => {
    const refused = awsError('InvalidRequestException', 'cannot be deleted while attached to principal(s)');
    iot.on(ListThingPrincipalsCommand).resolves({ principals: [] });
    iot.on(DeleteThingCommand).rejectsOnce(refused).resolves({});
    await registry.deleteThing('mything1');
    expect(said).toEqual(['waiting until AWS IoT can delete thing mything1: up to five minutes']);

    iot
      .on(ListThingPrincipalsCommand)
      .resolves({ principals: ['arn:aws:iot:eu-west-1:123456789012:cert/a'] });
    iot.on(DeleteThingCommand).rejects(refused);
    await expect(registry.deleteThing('mything1')).rejects.toThrow(
      'thing mything1 got another certificate meanwhile (cannot be deleted while attached to principal(s)), so it remains: run the same command again',
    );
  });

  it('says what is left, and what to do, if five minutes are not enough', async () => {
    iot.on(DeleteCertificateCommand).rejects(attached);
    const clients = [new IoTClient({}), new IoTDataPlaneClient({})] as const;
    const impatient = connectRegistry(...clients, { ...patience, sayEveryMs: 10, patienceMs: 500 });

    await expect(impatient.deleteCertificate(certificateId)).rejects.toThrow(
      /^AWS IoT still refuses to delete certificate aaaaaaaaaaaa… after \d+ s \(things are attached\), so it remains: run the same command again later$/,
    );

    expect(said.at(-1)).toMatch(/^still waiting for certificate aaaaaaaaaaaa…: \d+ s$/);
  });

  it('is done if an earlier attempt took effect, although its response was lost', async () => {
    const gone = awsError('ResourceNotFoundException', 'gone');
    iot.on(DeleteCertificateCommand).rejects(gone);
    await registry.deleteCertificate(certificateId);

    iot.on(ListTargetsForPolicyCommand).resolves({ targets: [] });
    iot.on(ListPolicyVersionsCommand).resolves({
      policyVersions: [
        { versionId: '1', isDefaultVersion: false },
        { versionId: '2', isDefaultVersion: true },
      ],
    });
    iot.on(DeletePolicyVersionCommand).rejects(gone);
    iot.on(DeletePolicyCommand).resolves({});
    expect(await registry.deleteUnusedPolicy('own')).toBe(true);
    expect(iot.commandCalls(DeletePolicyCommand)).toHaveLength(1);
  });

  it('fails at once for any other reason', async () => {
    iot.on(DeleteCertificateCommand).rejects(awsError('CertificateStateException', 'it is ACTIVE'));

    await expect(registry.deleteCertificate(certificateId)).rejects.toThrow('it is ACTIVE');

    expect(iot.commandCalls(DeleteCertificateCommand)).toHaveLength(1);
  });
});

describe('attaching a certificate', () => {
  const iot = mockClient(IoTClient);
  const registry = connectRegistry(new IoTClient({}), new IoTDataPlaneClient({}));
  const arn = `arn:aws:iot:eu-west-1:123456789012:cert/${certificateId}`;
  const refused = awsError('InvalidRequestException', 'not here');
  const exclusively = { thingPrincipalType: 'EXCLUSIVE_THING' } as const;

  beforeEach(() => {
    iot.reset();
    iot.on(AttachThingPrincipalCommand).resolves({});
  });

  it('is done exclusively', async () => {
    expect(await registry.attachThing('mything1', arn)).toEqual({ isExclusive: true });

    expect(iot.commandCalls(AttachThingPrincipalCommand).map(({ args }) => args[0].input)).toEqual([
      { thingName: 'mything1', principal: arn, ...exclusively },
    ]);
  });

  it('falls back to an attachment without EXCLUSIVE_THING if AWS IoT refuses, and says why', async () => {
    iot.on(AttachThingPrincipalCommand, exclusively).rejects(refused);
    iot.on(ListPrincipalThingsCommand).resolves({ things: ['mything1'] });

    expect(await registry.attachThing('mything1', arn)).toEqual({ isExclusive: false, reason: 'not here' });

    expect(iot.commandCalls(AttachThingPrincipalCommand).at(-1)?.args[0].input).toEqual({
      thingName: 'mything1',
      principal: arn,
    });
  });

  it('is known to be exclusive if AWS IoT refuses to attach what this thing has already, either way', async () => {
    iot.on(AttachThingPrincipalCommand).rejects(refused);
    iot.on(ListPrincipalThingsCommand).resolves({ things: ['mything1'] });

    expect(await registry.attachThing('mything1', arn)).toEqual({ isExclusive: true });
  });

  it('fails if AWS IoT refuses both ways, and nothing has the certificate', async () => {
    iot.on(AttachThingPrincipalCommand).rejects(refused);
    iot.on(ListPrincipalThingsCommand).resolves({ things: [] });

    await expect(registry.attachThing('mything1', arn)).rejects.toThrow('not here');
  });

  it('never shares the certificate of another thing', async () => {
    iot.on(AttachThingPrincipalCommand, exclusively).rejects(refused);
    iot.on(ListPrincipalThingsCommand).resolves({ things: ['other'] });

    await expect(registry.attachThing('mything1', arn)).rejects.toThrow(
      'the certificate is already attached to other',
    );

    expect(iot.commandCalls(AttachThingPrincipalCommand)).toHaveLength(1);
  });

  it('fails on any other error', async () => {
    iot.on(AttachThingPrincipalCommand).rejects(awsError('UnauthorizedException', 'no'));

    await expect(registry.attachThing('mything1', arn)).rejects.toThrow('no');
  });
});
