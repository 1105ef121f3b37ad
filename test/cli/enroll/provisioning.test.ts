import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { DescribeThingCommand, IoTClient } from '@aws-sdk/client-iot';
import { UsageError } from '../../../cli/cli-error';
import { writeDevicePolicy } from '../../../cli/enroll/device-policy';
import { type EnrollOptions, type EnrollTarget, enroll } from '../../../cli/enroll/enroll';
import { writeProvisioningStack } from '../../../cli/enroll/provisioning';
import { awsError } from '../../aws-error';
import { aConfiguration } from '../../builders';
import { mockClient } from '../../mock-client';
import { resolveProperties } from './resolve-template';

const stack = writeProvisioningStack('dev', 'cordon', []);
const propertiesOf = (name: string) => resolveProperties(stack, name);

describe('the template of fleet provisioning', () => {
  it('gives each device the policy that cordon enroll gives', () => {
    const prefix = 'arn:aws:iot:eu-west-1:123456789012';

    expect(propertiesOf('DevicePolicy').PolicyDocument).toEqual(writeDevicePolicy(prefix, 'cordon', []));
  });

  it('creates an active certificate for a new thing with the prefix, and changes no existing thing', () => {
    const { TemplateBody, PreProvisioningHook } = propertiesOf('ProvisioningTemplate');
    const body = JSON.parse(String(TemplateBody));

    expect(body.Resources.thing).toEqual({
      Type: 'AWS::IoT::Thing',
      Properties: { ThingName: { 'Fn::Join': ['', ['sensor-', { Ref: 'SerialNumber' }]] } },
      OverrideSettings: { AttributePayload: 'FAIL', ThingTypeName: 'FAIL', ThingGroups: 'FAIL' },
    });
    expect(body.Resources.policy.Properties).toEqual({ PolicyName: propertiesOf('DevicePolicy').PolicyName });
    expect(PreProvisioningHook).toMatchObject({ TargetArn: { 'Fn::GetAtt': ['Hook', 'Arn'] } });
  });

  it('lets a claim do nothing but ask for a certificate and for provisioning', () => {
    const { PolicyDocument } = propertiesOf('ClaimPolicy') as {
      PolicyDocument: { Statement: { Resource: string | string[] }[] };
    };
    const resources = PolicyDocument.Statement.flatMap(({ Resource }) => Resource);

    expect(resources.map((arn) => arn.split(':').slice(5).join(':'))).toEqual([
      'client/lot-claim-*',
      'topic/$aws/certificates/create-from-csr/*',
      'topic/$aws/provisioning-templates/cordon-dev/provision/*',
      'topicfilter/$aws/certificates/create-from-csr/*',
      'topicfilter/$aws/provisioning-templates/cordon-dev/provision/*',
    ]);
  });

  it('has a hook short enough to be inlined', () => {
    const { Code } = propertiesOf('Hook') as { Code: { ZipFile: string } };

    expect(Code.ZipFile.length).toBeLessThanOrEqual(4096);
  });

  // A Python program that not every machine has; CI does. To ask for its version takes it a second or two.
  const folders = (process.env.PATH ?? '').split(delimiter);
  const hasLinter = folders.some((folder) => existsSync(join(folder, 'cfn-lint')));
  if (hasLinter) {
    it('passes cfn-lint', async () => {
      const folder = await mkdtemp(join(tmpdir(), 'cordon-template-'));
      const file = join(folder, 'template.json');
      await writeFile(file, JSON.stringify(stack));
      const { status, stdout, error } = spawnSync('cfn-lint', ['--regions', 'eu-west-1', '--', file], {
        encoding: 'utf8',
      });
      await rm(folder, { recursive: true });

      expect({ status, stdout, error }).toEqual({ status: 0, stdout: '' });
    }, 120_000);
  }
});

describe('the hook', () => {
  const iot = mockClient(IoTClient);
  let handler: (event: unknown) => Promise<unknown>;
  beforeAll(() => {
    process.env.THING_NAME_PREFIX = 'sensor-';
    ({ handler } = createRequire(import.meta.url)('../../../cli/enroll/provisioning-hook.cjs'));
  });
  beforeEach(() => iot.reset());

  it('allows a name that no thing has', async () => {
    iot.on(DescribeThingCommand, { thingName: 'sensor-7' }).rejects(awsError('ResourceNotFoundException'));

    expect(await handler({ parameters: { SerialNumber: '7' } })).toEqual({ allowProvisioning: true });
  });

  it('refuses the name of an existing thing, so no claim becomes another device', async () => {
    iot.on(DescribeThingCommand).resolves({ thingName: 'sensor-7' });

    expect(await handler({ parameters: { SerialNumber: '7' } })).toEqual({ allowProvisioning: false });
  });

  it.each([undefined, '', 7, 'a/b', '../7', 'x'.repeat(65), '7\n'])(
    'refuses the serial number %j unasked',
    async (serial) => {
      expect(await handler({ parameters: { SerialNumber: serial } })).toEqual({ allowProvisioning: false });
      expect(iot.calls()).toEqual([]);
    },
  );

  it.each([
    ['is that of the heartbeat', 'cordon-', 'heartbeat'],
    ['is like those of cordon drill, which count in no limit', 'cordon-', 'drill-7'],
    ["is like the client id of another thing's agent, which it could take over", 'sensor-', '7-cordon'],
    ['leaves no room for the client id of its agent', 'x'.repeat(64), 'y'.repeat(58)],
  ])('refuses unasked a name that %s, as cordon enroll does', async (_, prefix, serial) => {
    process.env.THING_NAME_PREFIX = prefix;
    iot.on(DescribeThingCommand).rejects(awsError('ResourceNotFoundException'));
    const options = {} as EnrollOptions;
    const nobody = {} as EnrollTarget;
    try {
      await expect(enroll(`${prefix}${serial}`, options, aConfiguration(), nobody)).rejects.toThrow(
        UsageError,
      );
      expect(await handler({ parameters: { SerialNumber: serial } })).toEqual({ allowProvisioning: false });
      expect(iot.calls()).toEqual([]);
    } finally {
      process.env.THING_NAME_PREFIX = 'sensor-';
    }
  });

  it('allows the longest name that has room for the client id of its agent', async () => {
    process.env.THING_NAME_PREFIX = 'x'.repeat(64);
    iot.on(DescribeThingCommand).rejects(awsError('ResourceNotFoundException'));
    try {
      expect(await handler({ parameters: { SerialNumber: 'y'.repeat(57) } })).toEqual({
        allowProvisioning: true,
      });
    } finally {
      process.env.THING_NAME_PREFIX = 'sensor-';
    }
  });

  it('allows nothing if the registry does not respond', async () => {
    iot.on(DescribeThingCommand).rejects(awsError('ThrottlingException'));

    await expect(handler({ parameters: { SerialNumber: '7' } })).rejects.toThrow('refused by the fake');
  });
});
