import { checkTopic, serializePolicy, writeDevicePolicy } from '../../../cli/enroll/device-policy';
import { escapesGroupPolicy } from '../../../shared/domain/guards/connect-rights';

const prefix = 'arn:aws:iot:eu-west-1:123456789012';
/** The literal text of the placeholder, which is no template here. */
const thing = '$' + '{thing}';

describe('writeDevicePolicy', () => {
  it('gives a thing its own two client ids, its reports, its answers and its own topics', () => {
    const { Statement } = writeDevicePolicy(prefix, 'both', [`app/${thing}/*`], 'mything1');

    expect(Statement.map(({ Action, Resource }) => [Action, Resource])).toEqual([
      ['iot:Connect', [`${prefix}:client/mything1`, `${prefix}:client/mything1-cordon`]],
      [
        'iot:Publish',
        [
          `${prefix}:topic/cordon/things/mything1/reports/json`,
          `${prefix}:topic/cordon/things/mything1/reports/cbor`,
          `${prefix}:topic/$aws/things/mything1/defender/metrics/json`,
          `${prefix}:topic/$aws/things/mything1/defender/metrics/cbor`,
        ],
      ],
      [
        'iot:Receive',
        [`${prefix}:topic/cordon/things/mything1/*`, `${prefix}:topic/$aws/things/mything1/defender/*`],
      ],
      [['iot:Publish', 'iot:Receive'], [`${prefix}:topic/app/mything1/*`]],
      [
        'iot:Subscribe',
        [
          `${prefix}:topicfilter/cordon/things/mything1/*`,
          `${prefix}:topicfilter/$aws/things/mything1/defender/*`,
          `${prefix}:topicfilter/app/mything1/*`,
        ],
      ],
    ]);
  });

  it.each([
    ['mything1', true],
    [undefined, false],
  ])(
    'binds the client ids to the thing (%s), and leaves a way round its group by HTTPS: %s',
    (name, escapes) => {
      const text = serializePolicy(writeDevicePolicy(prefix, 'cordon', [], name));

      // The agent's id is no thing's name: no policy of a group binds it, so that Cordon denies the certificate too.
      expect(escapesGroupPolicy([text], 'mything1')).toBe(true);
      expect(escapesGroupPolicy([text.replace(/,"[^"]*-cordon"/, '')], 'mything1')).toBe(escapes);
      expect(text).not.toMatch(/mything1\*|ThingName\}\*/);
    },
  );

  it('has room for four application topics of a fleet in the longest region name', () => {
    const longest = 'arn:aws-us-gov:iot:ap-southeast-1:123456789012';
    const topics = ['a', 'b', 'c', 'd'].map((one) => `${one}/${thing}/*`);

    expect(() => serializePolicy(writeDevicePolicy(longest, 'cordon', topics))).not.toThrow();
    const tooMany = Array.from({ length: 12 }, (_, index) => `topic${index}/${thing}/*`);
    expect(() => serializePolicy(writeDevicePolicy(longest, 'cordon', tooMany))).toThrow(
      'the limit of AWS IoT is 2048',
    );
  });
});

describe('checkTopic', () => {
  it.each([`app/${thing}/*`, `${thing}/telemetry`, `$aws/things/${thing}/shadow/*`, `app/${thing}`])(
    'takes %s',
    (topic) => {
      expect(checkTopic(topic)).toBe(topic);
    },
  );

  it.each([
    ['app/*', 'has no level'],
    [`app/${thing}*`, 'has no level'],
    [`app/x${thing}/*`, 'has no level'],
    [`app/${thing}/${thing}x`, 'only as a whole level'],
    [`app/${thing}/\${iot:ClientId}`, 'only as a whole level'],
    [`*/${thing}/x`, 'has a wildcard before'],
    [`app/${thing}/#`, 'use *'],
    [`+/${thing}`, 'use *'],
    [`app/${thing}/a b`, 'printable ASCII'],
    [`app/${thing}/\n`, 'printable ASCII'],
    [`cordon/things/${thing}/containment`, 'belongs to Cordon'],
  ])('refuses %j: it %s', (topic, reason) => {
    expect(() => checkTopic(topic)).toThrow(reason);
  });
});
