import { QueryCommand } from '@aws-sdk/client-dynamodb';
import { iotCalls as iotCallsOf } from '../../cli/doctor/quotas/needs';
import { thingKey } from '../../shared/domain/thing-ref';
import { anAlert, aReport } from './alerts';
import { type EndToEnd, startEndToEnd, waitUntil } from './harness';
import { publishOrCut } from './mqtt-client';

let e2e: EndToEnd;

beforeAll(async () => {
  e2e = await startEndToEnd({ warm: true });
}, 180_000);

afterAll(() => e2e.close());

function count(functionName: string, ...prefixes: readonly string[]): number {
  return Object.entries(e2e.countCalls(functionName))
    .filter(([action]) => prefixes.some((prefix) => action.startsWith(prefix)))
    .reduce((sum, [, calls]) => sum + calls, 0);
}

const iotCalls = () => count('intake', 'iot') + count('respond', 'iot');
const writes = () =>
  ['intake', 'respond'].reduce(
    (sum, name) =>
      sum +
      count(
        name,
        'dynamodb:PutItem',
        'dynamodb:UpdateItem',
        'dynamodb:DeleteItem',
        'dynamodb:BatchWriteItem',
      ),
    0,
  );
/** Calls of the data plane, which have no quota of their own. */
const ofDataPlane = ['iot:DeleteConnection', 'iot:GetConnection', 'iot:Publish'];
/** Calls of the control plane that the doctor's comparison with the quotas does not expect. */
function listAbove(of: 'containment' | 'verification'): string[] {
  const made = ['intake', 'respond'].flatMap((name) => Object.entries(e2e.countCalls(name)));
  return made
    .filter(
      ([action, calls]) =>
        action.startsWith('iot:') && !ofDataPlane.includes(action) && calls > (callsOf(action)?.[of] ?? 0),
    )
    .map(([action, calls]) => `${action}: ${calls}`);
}
const callsOf = (action: string) => iotCallsOf[action.slice('iot:'.length)];
const reset = () => e2e.stack.aws.gateway.calls.reset();

/**
 * The rows of a case's timeline, whose keys begin with digits (`<`), or of its channels, whose keys begin with letters
 * (`>`).
 */
async function rowsOf(caseId: string, side: '<' | '>') {
  const { Items = [] } = await e2e.dynamodb.send(
    new QueryCommand({
      TableName: e2e.stack.deployed.outputs.TableName,
      KeyConditionExpression: `pk = :case AND sk ${side} :letters`,
      ExpressionAttributeValues: { ':case': { S: `CASE#${caseId}` }, ':letters': { S: 'A' } },
    }),
  );
  return Items;
}

describe('Cordon, in its AWS calls,', () => {
  it('contains a thing with at most 12 IoT calls and 8 writes', async () => {
    await e2e.connect(await e2e.enroll('costly'));
    await e2e.waitForQuiet();
    reset();

    await e2e.publishAlert(anAlert('costly'));
    await e2e.waitForCase('costly', 'contained');
    await e2e.waitForQuiet();

    expect(iotCalls()).toBeLessThanOrEqual(12);
    expect(writes()).toBeLessThanOrEqual(8);
    expect(listAbove('containment')).toEqual([]);
  });

  it('makes no IoT call and no write for a repeated alert', async () => {
    const alert = anAlert('repeated');
    await e2e.enroll('repeated');
    await e2e.publishAlert(alert);
    await e2e.waitForCase('repeated', 'contained');
    await e2e.waitForQuiet();
    reset();

    await e2e.publishAlert(alert);
    await e2e.publishAlert(alert);
    await e2e.waitForQuiet();

    expect({ iot: iotCalls(), writes: writes() }).toEqual({ iot: 0, writes: 0 });
  });

  it('makes no IoT call and one write for a held thing that alarms again', async () => {
    await e2e.enroll('again');
    await e2e.publishAlert(anAlert('again', { violationId: 'same' }));
    await e2e.waitForCase('again', 'contained');
    await e2e.waitForQuiet();
    reset();

    const later = Date.now() + 5_000;
    await e2e.publishAlert(anAlert('again', { violationId: 'same', violationEventTime: later }));
    await e2e.waitForQuiet();

    expect(iotCalls()).toBe(0);
    expect(writes()).toBeLessThanOrEqual(1);
  });

  it('sets the expiry of a closed case with a write for each row of its timeline and one for Slack', async () => {
    await e2e.enroll('dated');
    await e2e.publishAlert(anAlert('dated'));
    const { caseId } = await e2e.waitForCase('dated', 'contained');
    await e2e.waitForQuiet();
    await waitUntil(
      () => 'what Slack keeps of the case',
      async () => (await rowsOf(caseId, '>')).length > 0,
    );
    reset();

    await e2e.command({ type: 'release', force: true, thingName: thingKey('dated'), actor: 'test' });
    await e2e.waitForCase('dated', 'closed');
    await e2e.waitForQuiet();

    const { keptUntil = 0, timelineSeq } = (await e2e.loadCase('dated')) ?? {};
    const timeline = await rowsOf(caseId, '<');
    expect(keptUntil).toBeGreaterThan(Date.now() + 399 * 86_400_000);
    expect(timeline.map(({ expiresAt }) => expiresAt?.N)).toEqual(
      Array.from({ length: timelineSeq ?? 0 }, () => String(Math.ceil(keptUntil / 1_000))),
    );
    expect(count('respond', 'dynamodb:UpdateItem')).toBe((timelineSeq ?? 0) + 1);
    expect(writes()).toBeLessThanOrEqual(13);
  });

  it('verifies a held thing again within half of the IoT Core quota, at the pace of the sweep', async () => {
    // Calls a second for the whole account (docs/facts.md#quotas).
    const quotas: Record<string, number> = {
      'iot:AddThingToThingGroup': 100,
      'iot:DescribeThing': 350,
      'iot:ListThingGroupsForThing': 100,
      'iot:ListThingPrincipals': 20,
      'iot:ListAttachedPolicies': 15,
      'iot:DescribeCertificate': 10,
      'iot:GetPolicy': 10,
      'iot:ListPrincipalThings': 10,
      'iot:UpdateCertificate': 10,
    };
    const perSecond = 5;
    await e2e.enroll('verified-again');
    await e2e.publishAlert(anAlert('verified-again'));
    await e2e.waitForCase('verified-again', 'contained');
    await e2e.waitForQuiet();
    await e2e.makeDue('verified-again');
    reset();

    await e2e.command({ type: 'resume', thingName: thingKey('verified-again') });
    await e2e.waitForQuiet();

    const calls = Object.entries(e2e.countCalls('respond')).filter(([action]) => action in quotas);
    expect(calls.length).toBeGreaterThanOrEqual(4);
    expect(iotCalls()).toBeLessThanOrEqual(12);
    expect(writes()).toBeLessThanOrEqual(2);
    expect(listAbove('verification')).toEqual([]);
    expect(calls.filter(([action, count]) => count * perSecond > (quotas[action] ?? 0) / 2)).toEqual([]);
  });

  it('makes two reads and sends no command for the connect of a thing without a case, and records a new client id', async () => {
    const device = await e2e.enroll('ordinary');
    await e2e.waitForQuiet();
    reset();

    await e2e.connect(device);
    await e2e.waitForQuiet();

    expect(e2e.countCalls('intake')).toEqual({
      'dynamodb:BatchGetItem': 1,
      'dynamodb:GetItem': 1,
      'dynamodb:PutItem': 2,
    });
    reset();

    await e2e.connect(device);
    await e2e.waitForQuiet();

    expect(e2e.countCalls('intake')).toEqual({ 'dynamodb:BatchGetItem': 1, 'dynamodb:GetItem': 1 });
    expect(e2e.countCalls('respond')).toEqual({});
  });

  it('makes no IoT control-plane call for a report within bounds', async () => {
    const client = await e2e.connect(await e2e.enroll('quiet'));
    await e2e.waitForQuiet();
    reset();

    await publishOrCut(client, 'cordon/things/quiet/reports/json', JSON.stringify(aReport(0)));
    await e2e.waitForQuiet();

    // The first report of the thing creates its state and the first value for charts.
    expect(e2e.countCalls('detect')).toEqual({
      'dynamodb:BatchWriteItem': 1,
      'dynamodb:GetItem': 1,
      'dynamodb:PutItem': 1,
      'iot:Publish': 1,
    });
    reset();

    await publishOrCut(client, 'cordon/things/quiet/reports/json', JSON.stringify(aReport(0)));
    await e2e.waitForQuiet();

    expect(e2e.countCalls('detect')).toEqual({ 'dynamodb:GetItem': 1, 'iot:Publish': 1 });
  });
});
