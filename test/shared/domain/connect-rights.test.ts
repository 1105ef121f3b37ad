import { allowsOtherClientIds } from '../../../shared/domain/connect-rights';

const client = (id: string) => `arn:aws:iot:us-east-1:000000000000:client/${id}`;
// biome-ignore lint/suspicious/noTemplateCurlyInString: a variable of IoT policies.
const own = client('${iot:Connection.Thing.ThingName}');
const allows = (...statements: object[]) =>
  allowsOtherClientIds([JSON.stringify({ Version: '2012-10-17', Statement: statements })], 'mything1');
const connect = (Resource: unknown, over: object = {}) => ({
  Effect: 'Allow',
  Action: 'iot:Connect',
  Resource,
  ...over,
});

describe('a policy binds a certificate to its thing’s client id', () => {
  it.each([
    ['by the thing name’s variable', [connect(own)]],
    ['spelt out', [connect([client('mything1'), own])]],
    [
      'where other statements are about topics',
      [
        connect(own),
        { Effect: 'Allow', Action: 'iot:*', Resource: 'arn:aws:iot:us-east-1:000000000000:topic/*' },
      ],
    ],
    ['where another connect is denied', [connect(own), connect('*', { Effect: 'Deny' })]],
    ['where nothing lets it connect', []],
  ])('%s', (_how, statements) => {
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
  ])('but not with %s', (_what, statements) => {
    expect(allows(...statements)).toBe(true);
  });

  it('counts as open where it can’t be read', () => {
    expect(allowsOtherClientIds(['{'], 'mything1')).toBe(true);
  });
});
