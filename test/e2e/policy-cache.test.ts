import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AttachPolicyCommand, CreatePolicyCommand, DescribeCertificateCommand } from '@aws-sdk/client-iot';
import type { Device } from '../../local/devices';
import { thingKey } from '../../shared/domain/thing-ref';
import { anAlert } from './alerts';
import { type EndToEnd, ended, root, startEndToEnd, waitUntil } from './harness';
import { type PublishOutcome, publishOrCut } from './mqtt-client';
import { type Packages, packageService } from './package-service';

/** What AWS IoT may do for 6 to 8 minutes after a change. */
const policyCacheSeconds = 420;
const telemetry = (thingName: string) => `app/${thingName}/telemetry`;

function readCertificate({ iot }: EndToEnd, { certificateArn }: Device): Promise<string | undefined> {
  const certificateId = certificateArn.slice(certificateArn.indexOf('/') + 1);
  return iot
    .send(new DescribeCertificateCommand({ certificateId }))
    .then(({ certificateDescription }) => certificateDescription?.status);
}

describe('a contained device, while AWS uses cached policies,', () => {
  let e2e: EndToEnd;

  beforeAll(async () => {
    e2e = await startEndToEnd({ policyCacheSeconds });
  }, 180_000);

  afterAll(() => e2e.close());

  it('publishes no last will, even if its certificate is deactivated first', async () => {
    const watching = await e2e.enroll('watcher');
    const policyDocument = JSON.stringify({
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Action: 'iot:*', Resource: '*' }],
    });
    await e2e.iot.send(new CreatePolicyCommand({ policyName: 'watch', policyDocument }));
    await e2e.iot.send(new AttachPolicyCommand({ policyName: 'watch', target: watching.certificateArn }));
    e2e.stack.broker.setPolicyCacheSeconds(0);
    const watcher = await e2e.connect(watching);
    e2e.stack.broker.setPolicyCacheSeconds(policyCacheSeconds);
    const received: string[] = [];
    watcher.on('message', (topic) => received.push(topic));
    await watcher.subscribeAsync('app/#', { qos: 1 });
    const device = await e2e.enroll('willing');
    const client = await e2e.connect(device, {
      will: { topic: telemetry('willing'), payload: Buffer.from('gone'), qos: 1 },
    });
    const other = await e2e.enroll('honest');
    const cut = await e2e.connect(other, {
      will: { topic: telemetry('honest'), payload: Buffer.from('gone'), qos: 1 },
    });

    await e2e.publishAlert(anAlert('willing'));
    await ended(client);
    await e2e.waitForCase('willing', 'contained');
    expect(await readCertificate(e2e, device)).toBe('INACTIVE');
    // The broker sends wills, and would have sent this one before now.
    cut.stream.destroy();
    await waitUntil(
      () => 'the will of a device that nobody cut',
      () => received.includes(telemetry('honest')),
    );

    expect(received).not.toContain(telemetry('willing'));
  });

  it('delivers no application message that it begins to send once its certificate is inactive', async () => {
    const device = await e2e.enroll('stubborn');
    const first = await e2e.connect(device);
    const wasTaken = publishOrCut(first, telemetry('stubborn'), '0');
    expect(await wasTaken).toBe('acknowledged');

    await e2e.publishAlert(anAlert('stubborn'));
    await ended(first);
    // The device reconnects as fast as it can, before the case is contained and long after.
    const outcomes: { readonly at: number; readonly outcome: string }[] = [];
    let settled = false;
    const attempts = (async () => {
      for (let left = 20; left > 0; left -= settled ? 1 : 0) {
        const at = Date.now();
        const client = await e2e.connect(device).catch(() => undefined);
        const outcome = client ? await publishOrCut(client, telemetry('stubborn'), '1') : 'refused';
        outcomes.push({ at, outcome });
        client?.end(true);
      }
    })();
    await e2e.waitForCase('stubborn', 'contained');
    settled = true;
    await attempts;
    // If a connection got through, the contained case cuts it once more. The test reads the ledger after that.
    const ledger = await waitUntil(
      () => 'a ledger of which each step is verified',
      async () => {
        const steps = (await e2e.waitForCase('stubborn', 'contained')).ledger;
        return steps.every(({ status }) => status === 'verified') && steps;
      },
    );

    // The cut may still be under way, and a device that reconnects may be faster.
    const inactiveAt = ledger.find(({ action }) => action === 'deactivate-certificate')?.appliedAt ?? 0;
    const later = outcomes.filter(({ at }) => at > inactiveAt).map(({ outcome }) => outcome);
    expect([inactiveAt > 0, later.length >= 20, new Set(later)]).toEqual([true, true, new Set(['refused'])]);
    expect(ledger.map(({ action, status, temporary }) => [action, status, temporary !== undefined])).toEqual([
      ['deactivate-certificate', 'verified', true],
      ['disconnect', 'verified', false],
      ['quarantine', 'verified', false],
    ]);
    expect(await readCertificate(e2e, device)).toBe('INACTIVE');

    await e2e.command({ type: 'release', force: true, thingName: thingKey('stubborn'), actor: 'ada' });
    await e2e.waitForCase('stubborn', 'closed');
    expect(await publishOrCut(await e2e.connect(device), telemetry('stubborn'), '2')).toBe('acknowledged');
  });
});

describe('a contained device, with a short policy cache,', () => {
  let e2e: EndToEnd;

  beforeAll(async () => {
    e2e = await startEndToEnd({ policyCacheSeconds: 2 });
  }, 180_000);

  afterAll(() => e2e.close());

  it('may only report again once the denial has spread', async () => {
    const device = await e2e.enroll('patient');
    await e2e.publishAlert(anAlert('patient'));
    const { dueAt = 0 } = await e2e.waitForCase('patient', 'contained');
    await waitUntil(
      () => 'the end of the cache',
      () => Date.now() > dueAt,
    );
    expect(await e2e.stack.functions.invoke('cordon-dev-sweep', {})).toMatchObject({ status: 'succeeded' });
    await waitUntil(
      () => 'an active certificate',
      async () => (await readCertificate(e2e, device)) === 'ACTIVE',
    );
    await e2e.waitForQuiet();

    expect(await e2e.loadCase('patient')).toMatchObject({ status: 'contained' });
    const client = await e2e.connect(device);
    expect(await publishOrCut(client, 'cordon/things/patient/reports/json', '{}')).toBe('acknowledged');
    expect(await publishOrCut(client, telemetry('patient'), '1')).toBe('cut');
  });
});

describe('a contained device that is cut at each connect', () => {
  let packages: Packages;
  let e2e: EndToEnd;

  beforeAll(async () => {
    const shipped = await readFile(join(root, 'cordon.yml'), 'utf8');
    packages = await packageService(
      shipped.replace('untilPoliciesSpread: deactivate-certificate', 'untilPoliciesSpread: cut-reconnects'),
    );
    e2e = await startEndToEnd({ policyCacheSeconds, artifactsDirectory: packages.directory });
  }, 120_000);

  afterAll(async () => {
    await e2e?.close();
    await packages?.remove();
  });

  it('is cut under another client id as well, if its policy permits one', async () => {
    const device = await e2e.enroll('roamer');
    const Statement = [{ Effect: 'Allow', Action: 'iot:*', Resource: '*' }];
    const policyDocument = JSON.stringify({ Version: '2012-10-17', Statement });
    await e2e.iot.send(new CreatePolicyCommand({ policyName: 'wide', policyDocument }));
    await e2e.iot.send(new AttachPolicyCommand({ policyName: 'wide', target: device.certificateArn }));
    const first = await e2e.connect(device);
    await e2e.publishAlert(anAlert('roamer'));
    await e2e.waitForCase('roamer', 'contained');
    await ended(first);

    const others = ['roamer/2', 'constructor', '__proto__', 'somebody'];
    for (const clientId of others) await ended(await e2e.connect(device, { clientId }));
    await e2e.waitForQuiet();

    expect(await e2e.loadCase('roamer')).toMatchObject({
      status: 'containing',
      ledger: [
        { action: 'disconnect', prior: { clientIds: ['roamer', 'roamer-cordon', ...others] } },
        { action: 'quarantine' },
        { action: 'deny-certificate' },
      ],
    });
  });

  it('is cut again at each reconnect, while the broker would still accept its messages', async () => {
    const device = await e2e.enroll('stubborn');
    const first = await e2e.connect(device);
    await e2e.publishAlert(anAlert('stubborn'));
    await e2e.waitForCase('stubborn', 'contained');
    await ended(first);

    const sessions = 10;
    for (let session = 0; session < sessions; session += 1) {
      const client = await e2e.connect(device);
      let outcome: PublishOutcome;
      // The broker acknowledges publishes until Cordon is told of the reconnect; the bench measures how many.
      do outcome = await publishOrCut(client, telemetry('stubborn'), '1');
      while (outcome === 'acknowledged');
      await ended(client);
      expect(e2e.stack.broker.sessionOf('stubborn')).toMatchObject({ endReason: 'API_INITIATED_DISCONNECT' });
    }
    await e2e.waitForQuiet();

    const { status, reason, caseId } = (await e2e.loadCase('stubborn')) ?? {};
    expect([status, reason]).toEqual(['containing', expect.stringContaining('came back with cached rights')]);
    const cuts = (await e2e.timelineOf(caseId ?? '')).filter((line) => line.startsWith('reconnected before'));
    // A device that reconnected before the last cut was stored is cut as well, but without its own entry.
    expect(cuts.length).toBeGreaterThan(0);
    expect(cuts.length).toBeLessThanOrEqual(sessions);
  });

  it('is denied at once when the cache ends', async () => {
    e2e.stack.broker.setPolicyCacheSeconds(0);
    const device = await e2e.enroll('late');
    await e2e.publishAlert(anAlert('late'));
    await e2e.waitForCase('late', 'contained');

    expect(await publishOrCut(await e2e.connect(device), telemetry('late'), '1')).toBe('cut');
  });
});
