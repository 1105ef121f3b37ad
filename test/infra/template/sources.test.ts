import { writeIot } from '../../../infra/template/iot';
import { writeMessaging } from '../../../infra/template/messaging';
import { writeRoles } from '../../../infra/template/roles';
import { writeSourceConditions } from '../../../infra/template/sources';
import { parseConfiguration } from '../../../shared/config/parse';

const here = 'arn:aws:sns:eu-west-1:123456789012:iot-alerts';
const there = 'arn:aws:sns:af-south-1:210987654321:iot-alerts';

const configure = (topics: readonly string[], more = '') =>
  parseConfiguration(
    `${more}sources: { deviceDefender: { profiles: existing, topics: [${topics.join(', ')}] } }\nplaybooks: [{ name: rest, mode: observe }]\n`,
    'cordon.yml',
  );

const subscriptionsOf = (topics: readonly string[]) =>
  Object.entries(writeMessaging('cordon-dev', configure(topics))).filter(([id]) => id.startsWith('Source'));

const statementsOf = (topics: readonly string[]): unknown[] => {
  const { AlertsQueuePolicy } = writeMessaging('cordon-dev', configure(topics));
  const PolicyDocument = AlertsQueuePolicy?.Properties.PolicyDocument;
  return (PolicyDocument as { readonly Statement: unknown[] }).Statement;
};

describe('a topic that exists beside the stack', () => {
  it('has a subscription of the alerts queue, in the region of the topic', () => {
    const [[id, { Type, DependsOn, Properties }] = ['', {} as never]] = subscriptionsOf([there]);

    expect(Type).toBe('AWS::SNS::Subscription');
    expect(DependsOn).toEqual(['AlertsQueuePolicy']);
    expect(Properties).toEqual({
      TopicArn: there,
      Region: 'af-south-1',
      Protocol: 'sqs',
      Endpoint: { 'Fn::GetAtt': ['AlertsQueue', 'Arn'] },
      RawMessageDelivery: false,
      RedrivePolicy: {
        'Fn::If': [
          id.replace('Subscription', 'Here'),
          { deadLetterTargetArn: { 'Fn::GetAtt': ['AlertsDeadQueue', 'Arn'] } },
          { Ref: 'AWS::NoValue' },
        ],
      },
    });
    expect(writeSourceConditions(configure([there]).sources)).toEqual({
      [id.replace('Subscription', 'Here')]: { 'Fn::Equals': [{ Ref: 'AWS::Region' }, 'af-south-1'] },
    });
  });

  it('delivers raw messages, which name no topic, only if the file says that the alerts are of this account', () => {
    const [[, { Properties }] = ['', {} as never]] = subscriptionsOf([
      `{ arn: ${there}, alertsOf: this-account }`,
    ]);

    expect(Properties.RawMessageDelivery).toBe(true);
  });

  it('keeps its logical id when another topic comes', () => {
    const [[id] = ['']] = subscriptionsOf([here]);

    expect(subscriptionsOf([there, here]).map(([each]) => each)).toContain(id);
  });

  it('alone may send to the alerts queue, by its exact ARN, and from an opt-in Region under the principal of that Region', () => {
    const send = (queue: string, arn: string, Service: string | string[]) => ({
      Effect: 'Allow',
      Principal: { Service },
      Action: 'sqs:SendMessage',
      Resource: { 'Fn::GetAtt': [queue, 'Arn'] },
      Condition: { ArnEquals: { 'aws:SourceArn': arn } },
    });

    expect(statementsOf([here, there]).slice(2)).toEqual([
      send('AlertsQueue', here, 'sns.amazonaws.com'),
      {
        'Fn::If': [
          expect.stringMatching(/^Source.*Here$/),
          send('AlertsDeadQueue', here, 'sns.amazonaws.com'),
          { Ref: 'AWS::NoValue' },
        ],
      },
      send('AlertsQueue', there, ['sns.amazonaws.com', 'sns.af-south-1.amazonaws.com']),
      {
        'Fn::If': [
          expect.stringMatching(/^Source.*Here$/),
          send('AlertsDeadQueue', there, 'sns.amazonaws.com'),
          { Ref: 'AWS::NoValue' },
        ],
      },
    ]);
    expect(statementsOf([])).toHaveLength(2);
  });
});

describe('profiles that the account has', () => {
  it.each(['cordon', 'device-defender', 'both'])('are not in the template of detector %s', (detector) => {
    const types = Object.values(writeIot('cordon-dev', configure([], `detector: ${detector}\n`))).map(
      ({ Type }) => Type,
    );

    expect(types).not.toContain('AWS::IoT::SecurityProfile');
    expect(types).not.toContain('AWS::IoT::CustomMetric');
  });

  it('let the sweep read their violations, whatever the detector is', () => {
    expect(JSON.stringify(writeRoles('cordon-dev', configure([])).SweepRole)).toContain(
      'iot:ListActiveViolations',
    );
  });
});
