import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { findProblems, readOutcome, type Told } from '../../bench/alerts/completeness';
import { countMessages, listen, waitForQuiet } from '../../bench/alerts/queues';
import { behaviors, createFaults, createStorm } from '../../bench/alerts/storm';
import { publishAtOnce } from '../../bench/alerts/traffic';
import { connectTable } from '../../shared/storage/table';
import { type EndToEnd, root, startEndToEnd } from './harness';
import { type Packages, packageService } from './package-service';

const seed = 7;
const names = Array.from({ length: 30 }, (_, index) => `storm${index}`);

let packages: Packages;
let e2e: EndToEnd;

beforeAll(async () => {
  packages = await packageService(await readFile(join(root, 'bench', 'alerts', 'storm.yml'), 'utf8'));
  e2e = await startEndToEnd({ artifactsDirectory: packages.directory, maxConcurrency: 6, schedules: true });
  for (const name of names) await e2e.enroll(name);
}, 120_000);

afterAll(async () => {
  await e2e.close();
  await packages.remove();
});

/** A small one of `npm run bench -- --storm`. */
describe('300 alerts of 30 things, 20 % repeated, shuffled, with 15 % of the calls failing,', () => {
  it('are all recorded, contain each thing once and announce it once', async () => {
    const { stack, iot, sqs } = e2e;
    const { gateway } = stack.aws;
    const { outputs } = stack.deployed;
    const told: Told[] = [];
    const stop = new AbortController();
    const take = (message: string) => void told.push(JSON.parse(message));
    const { ended } = await listen(e2e, outputs.AnnouncementsTopicArn ?? '', take, stop.signal);
    gateway.setFaults(createFaults(Object.keys(stack.functions.pids())), seed);

    await publishAtOnce({ sns: e2e.sns, outputs }, createStorm(names, seed), new Map(), stop.signal);
    await waitForQuiet(e2e, stop.signal);
    gateway.setFaults([]);
    const messages = await countMessages({ sqs });
    stop.abort();
    await ended;

    const { region } = stack.identity;
    const credentials = gateway.operatorCredentials;
    const dynamodb = new DynamoDBClient({ endpoint: gateway.url, region, credentials });
    const table = connectTable(outputs.TableName ?? '', dynamodb);
    const found = await readOutcome(iot, table, outputs.QuarantineGroup ?? '');
    dynamodb.destroy();
    const failedInvocations = e2e.log.filter(({ message }) => message === 'invocation failed').length;
    const expected = new Map(names.map((name) => [name, behaviors]));
    expect(findProblems(expected, { ...found, announcements: told, failedInvocations, messages })).toEqual(
      [],
    );
    expect(countFailed(gateway.calls.counts())).toBeGreaterThan(100);
  }, 600_000);
});

/** How many calls of functions were made to fail: else the storm proves little. */
function countFailed(counts: ReturnType<EndToEnd['stack']['aws']['gateway']['calls']['counts']>): number {
  return counts
    .filter(({ caller }) => caller !== 'operator')
    .flatMap(({ byStatus }) => Object.entries(byStatus))
    .filter(([status]) => Number(status) === 429 || Number(status) >= 500)
    .reduce((sum, [, count]) => sum + count, 0);
}
