import { escapesGroupPolicy } from '../../../../shared/domain/guards/connect-rights';

const client = (id: string) => `arn:aws:iot:us-east-1:000000000000:client/${id}`;
const topic = (name: string) => `arn:aws:iot:us-east-1:000000000000:topic/${name}`;
// biome-ignore lint/suspicious/noTemplateCurlyInString: a variable of IoT policies.
const thing = '${iot:Connection.Thing.ThingName}';
const own = client(thing);
const allows = (...statements: object[]) =>
  escapesGroupPolicy([JSON.stringify({ Version: '2012-10-17', Statement: statements })], 'mything1');
const connect = (Resource: unknown, over: object = {}) => ({
  Effect: 'Allow',
  Action: 'iot:Connect',
  Resource,
  ...over,
});
const allow = (Action: string, Resource: string) => ({ Effect: 'Allow', Action, Resource });
const publish = (Resource: string | string[]) => ({ Effect: 'Allow', Action: 'iot:Publish', Resource });

describe('a policy of a certificate', () => {
  it.each([
    ['by the thing name’s variable', [connect(own)]],
    ['spelt out', [connect([client('mything1'), own])]],
    [
      'if other statements are about topics',
      [
        connect(own),
        { Effect: 'Allow', Action: 'iot:Receive', Resource: 'arn:aws:iot:us-east-1:000000000000:topic/*' },
        { Effect: 'Allow', Action: 'iot:Subscribe', Resource: '*' },
        { Effect: 'Allow', Action: 'iot:*', Resource: 'arn:aws:iot:us-east-1:000000000000:topicfilter/*' },
        { Effect: 'Allow', Action: 'iot:*', Resource: topic(`app/${thing}/*`) },
      ],
    ],
    ['if another connect is denied', [connect(own), connect('*', { Effect: 'Deny' })]],
    ['if nothing lets it connect', []],
  ])('binds the certificate to the client id of its thing %s', (_how, statements) => {
    expect(allows(...statements)).toBe(false);
  });

  it.each([
    ['everything', [connect('*')]],
    ['AWS’s own example of several ids', [connect([client('client1'), client('client2')])]],
    ['the tutorial’s prefix, which matches other things too', [connect(client('mything1*'))]],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a variable of IoT policies.
    ['whatever id it takes', [connect(client('${iot:ClientId}'))]],
    ['an SDK’s id beside its own', [connect([own, client('sdk-java')])]],
    ['an action with a wildcard', [{ Effect: 'Allow', Action: ['iot:Pub*', 'IOT:con*'], Resource: '*' }]],
    ['all actions but some', [{ Effect: 'Allow', NotAction: 'iot:Publish', Resource: '*' }]],
    ['all resources but some', [{ Effect: 'Allow', Action: 'iot:Connect', NotResource: own }]],
  ])('does not bind it to that client id with %s', (_what, statements) => {
    expect(allows(...statements)).toBe(true);
  });

  it.each([
    ['publish by the thing’s name spelt out', [publish(topic('app/mything1/data'))]],
    ['publish by a wildcard', [publish([topic(`app/${thing}/data`), topic('app/*')])]],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a variable of IoT policies.
    ['publish by its client id, which only a session over MQTT has', [publish(topic('app/${iot:ClientId}'))]],
    ['publish on all topics but some', [{ Effect: 'Allow', Action: 'iot:Publish', NotResource: topic('x') }]],
    ['a role alias', [allow('iot:AssumeRoleWithCertificate', 'arn:aws:iot:us-east-1:0:rolealias/up')]],
    [
      'a role alias of its name',
      [allow('iot:AssumeRoleWithCertificate', `arn:aws:iot:us-east-1:0:rolealias/${thing}`)],
    ],
    [
      'publish by a variable with a default value, as IAM has them',
      // biome-ignore lint/suspicious/noTemplateCurlyInString: a variable of IoT policies.
      [publish(topic("app/${iot:Connection.Thing.Attributes[site], '*'}/data"))],
    ],
    ['its shadow over HTTPS', [allow('iot:UpdateThingShadow', 'arn:aws:iot:us-east-1:0:thing/mything1')]],
    ['jobs over HTTPS', [allow('iotjobsdata:*', '*')]],
    ['retained messages', [allow('iot:GetRetainedMessage', topic('news'))]],
    ['Greengrass', [allow('greengrass:Discover', '*')]],
    ['all actions but some', [{ Effect: 'Allow', NotAction: 'iot:Connect', Resource: topic('a') }]],
  ])('does not bind the right to %s, which needs no client id', (_what, statements) => {
    expect(allows(connect(own), ...statements)).toBe(true);
  });

  it.each([
    ['its region', 'arn:aws:iot:*:000000000000:client/mything1'],
    ['its account', `arn:aws:iot:us-east-1:*:client/${thing}`],
    ['one character of it', `arn:aws:iot:us-east-?:000000000000:client/${thing}`],
    ['nearly all', `arn:*:client/${thing}`],
  ])(
    'does not bind the client id if an ARN leaves %s open, as a wildcard may match colons as well',
    (_what, resource) => {
      expect(allows(connect(resource))).toBe(true);
    },
  );

  it('does not count a topic filter with an open account as a filter only', () => {
    expect(allows(connect(own), allow('iot:*', 'arn:aws:iot:us-east-1:*:topicfilter/a'))).toBe(true);
  });

  it('resolves no variable in the old policy version, in which variables are plain text', () => {
    const document = { Version: '2008-10-17', Statement: [connect(own), publish(topic(`app/${thing}`))] };

    expect(escapesGroupPolicy([JSON.stringify(document)], 'mything1')).toBe(true);
    expect(escapesGroupPolicy([JSON.stringify({ Statement: connect(own) })], 'mything1')).toBe(true);
    const named = { Version: '2008-10-17', Statement: [connect(client('mything1'))] };
    expect(escapesGroupPolicy([JSON.stringify(named)], 'mything1')).toBe(false);
  });

  it('is analyzed in time linear in its size, however many wildcards an action has', () => {
    const action = `${'*a'.repeat(1_000)}*`;

    expect(allows({ Effect: 'Allow', Action: action, Resource: topic(thing) })).toBe(false);
  });

  it('counts as open if it cannot be read', () => {
    expect(escapesGroupPolicy(['{'], 'mything1')).toBe(true);
  });
});
