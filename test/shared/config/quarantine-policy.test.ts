import { readFileSync } from 'node:fs';
import { iotDialect } from '../../../local/aws/iot/evaluate-iot-policy';
import { compileDocument, evaluate } from '../../../local/aws/policy/evaluate';
import type { PolicyDocument } from '../../../local/types';
import { writeQuarantinePolicy } from '../../../shared/config/quarantine-policy';
import { aConfiguration } from '../../builders';

const prefix = 'arn:aws:iot:us-east-1:123456789012';
const { keepTopics } = aConfiguration().quarantine;
const document = writeQuarantinePolicy(keepTopics, prefix);

interface PolicyAction {
  readonly action: string;
  readonly resourceType: string;
}
/** AWS's lists of the actions that IoT policies know, with their sources. */
const actions: readonly PolicyAction[] = JSON.parse(
  readFileSync(new URL('../../fixtures/iot-policy-actions.json', import.meta.url), 'utf8'),
);

/** How a session looks to the policy: what its variables stand for. */
const sessions = {
  'its own client id': { 'iot:clientid': 'mything1', thing: 'mything1' },
  'its agent’s client id, with a certificate of its own': {
    'iot:clientid': 'mything1-cordon',
    thing: 'mything1',
  },
  'another client id': { 'iot:clientid': 'mything1/2', thing: undefined },
  'another thing’s client id, with a certificate of its own': { 'iot:clientid': 'victim', thing: 'mything1' },
  'another thing’s client id': { 'iot:clientid': 'victim', thing: undefined },
};
type Session = (typeof sessions)[keyof typeof sessions];

function contextOf({ thing, ...own }: Session) {
  return new Map<string, string>([
    ...Object.entries(own),
    ['iot:connection.thing.isattached', String(thing !== undefined)],
    ...(thing ? ([['iot:connection.thing.thingname', thing]] as const) : []),
  ]);
}

/** The decisions under both readings of what AWS leaves open, with everything else allowed. */
function decide(action: string, resource: string, context: ReadonlyMap<string, string>) {
  const allow = { Effect: 'Allow' as const, Action: '*', Resource: '*' };
  const statements = [document, { ...document, Statement: [allow] }].flatMap((one) =>
    compileDocument(one as PolicyDocument),
  );
  const decisions = [false, true].map(
    (deniesUnresolved) =>
      evaluate(statements, { action, resource, context }, { ...iotDialect, deniesUnresolved }).decision,
  );
  return decisions.includes('ALLOWED')
    ? decisions.includes('EXPLICIT_DENY')
      ? 'unsure'
      : 'allowed'
    : 'denied';
}

/** Resources of a type that a device may try: its own, other devices', and reserved topics of AWS IoT. */
function listResources(type: string): string[] {
  const topics = [
    'app/mything1/telemetry',
    'cordon/things',
    '$aws/rules/anything/x',
    '$aws/things/mything1/tunnels/notify',
    '$aws/provisioning-templates/fleet/provision/json',
    '$aws/certificates/create/json',
    '$aws/events/presence/connected/mything1',
  ];
  const all: Record<string, readonly string[]> = {
    client: ['client/mything1', 'client/mything1-cordon', 'client/victim'],
    topic: topics.map((topic) => `topic/${topic}`),
    topicfilter: ['topicfilter/#', 'topicfilter/app/mything1/commands', 'topicfilter/+/things/mything1/x'],
    thing: ['thing/mything1', 'thing/victim'],
    rolealias: ['rolealias/uploader'],
    component: ['components:com.example:versions:1.0.0'],
  };
  return (all[type] ?? []).map((resource) => `${prefix}:${resource}`).concat(all[type] ? [] : ['*']);
}

const overMqtt = new Set(['iot:Connect']);

describe('the quarantine policy', () => {
  const everywhere = Object.entries(sessions).map(([name, session]) => [name, contextOf(session)] as const);
  // HTTPS has no client id, and no thing policy variable resolves there.
  const ways = [...everywhere, ['HTTPS', new Map<string, string>()] as const];

  it.each(ways)(
    'denies each IoT policy action for %s, whatever the device’s own policy says',
    (_, context) => {
      const open = actions
        .filter(({ action }) => !overMqtt.has(action))
        .flatMap(({ action, resourceType }) =>
          listResources(resourceType).flatMap((resource) =>
            decide(action, resource, context) === 'denied' ? [] : [`${action} ${resource}`],
          ),
        );

      expect(actions.length).toBeGreaterThan(25);
      expect(open).toEqual([]);
    },
  );

  it.each([
    ['mything1', 'mything1', 'allowed'],
    ['mything1-cordon', 'mything1', 'allowed'],
    ['victim', 'mything1', 'denied'],
    ['victim', undefined, 'denied'],
    ['mything1/2', undefined, 'denied'],
  ])('decides for a connect as %s by a certificate of %s: %s', (clientId, thing, decision) => {
    const context = contextOf({ 'iot:clientid': clientId, thing } as Session);

    expect(decide('iot:Connect', `${prefix}:client/${clientId}`, context)).toBe(decision);
  });

  it.each(['its own client id', 'its agent’s client id, with a certificate of its own'] as const)(
    'keeps the device’s own topics open for %s, to publish, receive and subscribe',
    (session) => {
      const context = contextOf(sessions[session]);
      const kept = ['$aws/things/mything1/defender/metrics/json', 'cordon/things/mything1/reports/json'];
      for (const topic of kept) {
        expect(decide('iot:Publish', `${prefix}:topic/${topic}`, context)).toBe('allowed');
        expect(decide('iot:Receive', `${prefix}:topic/${topic}`, context)).toBe('allowed');
        expect(decide('iot:Subscribe', `${prefix}:topicfilter/${topic}/accepted`, context)).toBe('allowed');
        expect(decide('iot:RetainPublish', `${prefix}:topic/${topic}`, context)).toBe('denied');
        expect(decide('iot:GetRetainedMessage', `${prefix}:topic/${topic}`, context)).toBe('denied');
      }
    },
  );

  it.each(Object.keys(sessions) as (keyof typeof sessions)[])(
    'denies publishing and receiving on another thing’s kept topics for %s',
    (session) => {
      const context = contextOf(sessions[session]);
      const topic = `${prefix}:topic/$aws/things/victim2/shadow/update`;

      expect(decide('iot:Publish', topic, context)).toBe('denied');
      expect(decide('iot:Receive', topic, context)).toBe('denied');
    },
  );

  it('leaves room for a custom topic within the 2,048 characters of AWS, in the longest region name', () => {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a placeholder of cordon.yml.
    const more = [...keepTopics, 'site/${thing}/heartbeat'];
    const size = JSON.stringify(writeQuarantinePolicy(more, 'arn:aws-us-gov:iot:us-gov-west-1:123456789012'));

    expect(size.length).toBeLessThanOrEqual(2_048);
  });
});
