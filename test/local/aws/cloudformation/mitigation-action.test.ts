import { DescribeMitigationActionCommand } from '@aws-sdk/client-iot';
import { createIotControlPlane } from '../../../../local/aws/iot/control-plane';
import { createIotRegistry } from '../../../../local/aws/iot/registry';
import { startServer, type TestServer } from '../iot/server';
import { identity, silentLog } from '../lambda/fixtures';
import { aRole, aTemplate, clientsOf, deploy, problemsOf } from './stack';

let server: TestServer;
let clients: ReturnType<typeof clientsOf>;

beforeAll(async () => {
  const registry = createIotRegistry(identity, {
    endpoint: () => 'localhost:0',
    checkTopicRule: () => {},
    log: silentLog,
  });
  server = await startServer(createIotControlPlane(registry, {}));
  clients = { ...clientsOf('http://127.0.0.1:9'), iot: server.client };
});

afterAll(async () => {
  for (const client of Object.values(clients)) client.destroy();
  await server.close();
});

function anAction(properties: Record<string, unknown> = {}) {
  return {
    Type: 'AWS::IoT::MitigationAction',
    Properties: {
      ActionName: 'hold',
      RoleArn: { 'Fn::GetAtt': ['Role', 'Arn'] },
      ActionParams: {
        AddThingsToThingGroupParams: {
          ThingGroupNames: ['cordon-quarantine'],
          OverrideDynamicGroups: 'true',
        },
      },
      ...properties,
    },
  };
}

describe('AWS::IoT::MitigationAction', () => {
  it('is created in the spelling of the API', async () => {
    const { resources } = await deploy(aTemplate({ Role: aRole('iot.amazonaws.com'), Action: anAction() }), {
      clients,
    });

    const created = await server.client.send(new DescribeMitigationActionCommand({ actionName: 'hold' }));
    expect(created).toMatchObject({
      actionType: 'ADD_THINGS_TO_THING_GROUP',
      roleArn: resources.Role?.attributes.Arn,
      actionParams: {
        addThingsToThingGroupParams: { thingGroupNames: ['cordon-quarantine'], overrideDynamicGroups: true },
      },
    });
    expect(resources.Action).toMatchObject({
      physicalId: 'hold',
      attributes: { MitigationActionArn: created.actionArn, MitigationActionId: created.actionId },
    });
  });

  it.each([
    [
      'a kind that Detect does not run',
      { ActionParams: { UpdateDeviceCertificateParams: {} } },
      /ActionParams/,
    ],
    ['a property nobody knows', { Actoin: 'x' }, /Actoin/],
  ])('stops the deployment and names %s', async (_, properties, problem) => {
    const template = aTemplate({ Role: aRole('iot.amazonaws.com'), Action: anAction(properties) });

    expect((await problemsOf(template, { clients })).join()).toMatch(problem);
  });

  it('requires a role that IoT may assume, since its tasks would fail silently without it', async () => {
    const template = aTemplate({
      Role: aRole('lambda.amazonaws.com'),
      Action: anAction({ ActionName: 'other' }),
    });

    expect(await problemsOf(template, { clients })).toEqual([
      expect.stringContaining('does not let iot.amazonaws.com assume it'),
    ]);
  });
});
