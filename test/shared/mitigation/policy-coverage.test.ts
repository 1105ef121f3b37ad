import { readFileSync } from 'node:fs';
import { iotDialect } from '../../../local/aws/iot/evaluate-iot-policy';
import { compileDocument, evaluate } from '../../../local/aws/policy/evaluate';
import type { PolicyDocument } from '../../../local/types';
import { writeQuarantinePolicy } from '../../../shared/config/quarantine-policy';
import { deniesAsMuch } from '../../../shared/mitigation/policy-coverage';
import { aConfiguration } from '../../builders';

const prefix = 'arn:aws:iot:us-east-1:123456789012';
const ours = writeQuarantinePolicy(aConfiguration().quarantine.keepTopics, prefix);
const [byVariable, byWildcard, notOnKept, unattached] = ours.Statement as readonly object[];
const write = (...Statement: unknown[]) => JSON.stringify({ Version: '2012-10-17', Statement });

/** Hand-made quarantine policies, with whether each denies what a containment denies. */
const handMade: readonly (readonly [string, string, boolean])[] = [
  ['everything', write({ Effect: 'Deny', Action: '*', Resource: '*' }), true],
  [
    'AWS IoT and its jobs, spelt otherwise',
    write({ Effect: 'Deny', Action: ['IoT:*', 'iotjobsdata:*', 'green*:*'], Resource: ['*'] }),
    true,
  ],
  [
    'by one action a statement',
    write(
      ...['iot:*', 'iotjobsdata:*', 'greengrass:*'].map((Action) => ({
        Effect: 'Deny',
        Action,
        Resource: '*',
      })),
    ),
    true,
  ],
  [
    'what Cordon denies, and more',
    write({ Effect: 'Allow', Action: '*', Resource: '*' }, ...ours.Statement),
    true,
  ],
  [
    'nothing but fewer kept topics',
    write(
      { ...byVariable, NotResource: `${prefix}:topic/cordon/things/\${iot:Connection.Thing.ThingName}/*` },
      { ...byWildcard, NotResource: `${prefix}:topic/cordon/things/*/*` },
      notOnKept,
      unattached,
    ),
    true,
  ],
  ['AWS IoT only', write({ Effect: 'Deny', Action: 'iot:*', Resource: '*' }), false],
  ['connects only', write({ Effect: 'Deny', Action: 'iot:Connect', Resource: '*' }), false],
  ['on every ARN of AWS IoT', write({ Effect: 'Deny', Action: '*', Resource: 'arn:aws:iot:*' }), false],
  [
    'under a condition',
    write({
      Effect: 'Deny',
      Action: '*',
      Resource: '*',
      Condition: { StringEquals: { 'iot:ClientId': 'mything1' } },
    }),
    false,
  ],
  ['by a variable only', write(byVariable, notOnKept, unattached), false],
  [
    'all but every topic',
    write({ Effect: 'Deny', Action: '*', NotResource: 'arn:aws:iot:*:*:topic/*' }),
    false,
  ],
  ['by NotAction', write({ Effect: 'Deny', NotAction: 'iot:Connect', Resource: '*' }), false],
  ['by leaving out', write({ Effect: 'Allow', Action: 'iot:Connect', Resource: '*' }), false],
];

const contexts = [
  {
    'iot:clientid': 'mything1',
    'iot:connection.thing.thingname': 'mything1',
    'iot:connection.thing.isattached': 'true',
  },
  { 'iot:clientid': 'victim', 'iot:connection.thing.isattached': 'false' },
  {},
].map((one) => new Map<string, string>(Object.entries(one)));
const actions: readonly { readonly action: string }[] = JSON.parse(
  readFileSync(new URL('../../fixtures/iot-policy-actions.json', import.meta.url), 'utf8'),
);
const resources = [
  'client/mything1',
  'client/mything1-cordon',
  'client/victim',
  'topic/app/x',
  'topic/cordon/things/mything1/reports/json',
  'topic/cordon/things/victim/reports/json',
  'topicfilter/#',
  'thing/mything1',
  'rolealias/uploader',
].map((name) => `${prefix}:${name}`);

/**
 * The requests that Cordon's policy denies and the other one doesn't. The local stack evaluates both, under both
 * readings of AWS.
 */
function listOpen(text: string): string[] {
  const isDenied = (
    document: unknown,
    action: string,
    resource: string,
    context: ReadonlyMap<string, string>,
    deniesUnresolved: boolean,
  ) =>
    evaluate(
      compileDocument(document as PolicyDocument),
      { action, resource, context },
      { ...iotDialect, deniesUnresolved },
    ).decision === 'EXPLICIT_DENY';
  const theirs = JSON.parse(text);
  return contexts.flatMap((context) =>
    [false, true].flatMap((reading) =>
      actions.flatMap(({ action }) =>
        [...resources, '*'].filter(
          (resource) =>
            isDenied(ours, action, resource, context, reading) &&
            !isDenied(theirs, action, resource, context, reading),
        ),
      ),
    ),
  );
}

describe('a hand-made deny policy', () => {
  it.each(handMade)('that denies %s is judged by what it denies', (_, text, denies) => {
    expect(deniesAsMuch(text, JSON.stringify(ours))).toBe(denies);
    if (denies) expect(listOpen(text)).toEqual([]);
  });

  it('is judged by its text alone if the difference shows in no request', () => {
    const refused = handMade.filter(([, text, denies]) => !denies && listOpen(text).length === 0);

    // These patterns may cover every present resource of these actions, but not one that AWS adds later.
    expect(refused.map(([name]) => name)).toEqual([]);
  });

  it.each(['', '[]', 'null', '{"Statement":null}', '{"Statement":[null,7,{"Effect":"Deny"}]}'])(
    'that is %j denies nothing',
    (text) => {
      expect(deniesAsMuch(text, JSON.stringify(ours))).toBe(false);
      expect(deniesAsMuch(JSON.stringify(ours), text)).toBe(false);
    },
  );

  it('with many wildcards is judged at once', () => {
    const Action = `${'*a'.repeat(900)}`;

    expect(deniesAsMuch(write({ Effect: 'Deny', Action, Resource: '*' }), JSON.stringify(ours))).toBe(false);
  });
});
