import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import {
  AttachThingPrincipalCommand,
  DescribeCertificateCommand,
  DescribeThingCommand,
  IoTClient,
  ListCertificatesCommand,
  ListPoliciesCommand,
  ListThingPrincipalsCommand,
} from '@aws-sdk/client-iot';
import { IoTDataPlaneClient } from '@aws-sdk/client-iot-data-plane';
import { connectRegistry } from '../../cli/enroll/registry';
import { type RetireOptions, retire } from '../../cli/enroll/retire';
import type { Patience } from '../../cli/enroll/retry-deletion';
import { thingKey } from '../../shared/domain/thing-ref';
import { isNotFound } from '../../shared/errors';
import { anAlert } from './alerts';
import { type EndToEnd, ended, root, startEndToEnd } from './harness';
import { publishOrCut } from './mqtt-client';
import { type Packages, packageService } from './package-service';

let e2e: EndToEnd;
let packages: Packages;

beforeAll(async () => {
  const shipped = await readFile(join(root, 'cordon.yml'), 'utf8');
  packages = await packageService(
    shipped.replace('[quarantine, disconnect]', '[quarantine, deny-certificate, deactivate-certificate]'),
  );
  e2e = await startEndToEnd({ artifactsDirectory: packages.directory });
}, 120_000);
afterAll(async () => {
  await e2e?.close();
  await packages?.remove();
});

/** `cordon retire`, whose connection is lost after so many calls that change something. */
async function retireThing(
  thingName: string,
  options: Partial<RetireOptions> = {},
  cutAfter = Infinity,
  patience?: Patience,
) {
  const { gateway } = e2e.stack.aws;
  const settings = {
    endpoint: gateway.url,
    region: e2e.stack.identity.region,
    credentials: gateway.operatorCredentials,
    maxAttempts: 1,
  };
  let changes = 0;
  const iot = new IoTClient(settings);
  iot.middlewareStack.add(
    (next, { commandName = '' }) =>
      async (args) => {
        const result = await next(args);
        if (/^(Create|Update|Attach|Detach|Delete)/.test(commandName) && ++changes === cutAfter)
          throw new Error('cut');
        return result;
      },
    { step: 'initialize' },
  );
  const dataPlane = new IoTDataPlaneClient(settings);
  try {
    return await retire(
      thingName,
      { dryRun: false, force: false, ...options },
      { stage: 'dev', isLocal: false, cases: e2e.cases, registry: connectRegistry(iot, dataPlane, patience) },
    );
  } finally {
    iot.destroy();
    dataPlane.destroy();
  }
}

/** The whole registry, because a detached certificate can't be found by the thing's name. */
async function listAll() {
  const [{ certificates = [] }, { policies = [] }] = await Promise.all([
    e2e.iot.send(new ListCertificatesCommand({ pageSize: 250 })),
    e2e.iot.send(new ListPoliciesCommand({ pageSize: 250 })),
  ]);
  return {
    certificates: certificates.map(({ certificateArn }) => certificateArn).toSorted(),
    policies: policies.map(({ policyName }) => policyName).toSorted(),
  };
}

const isThere = (thingName: string) =>
  e2e.iot.send(new DescribeThingCommand({ thingName })).then(
    () => true,
    (error) => !isNotFound(error),
  );
const readStatus = async (arn: string) =>
  (await e2e.iot.send(new DescribeCertificateCommand({ certificateId: arn.split('/')[1] })))
    .certificateDescription?.status;
const listPrincipals = async (thingName: string) =>
  (await e2e.iot.send(new ListThingPrincipalsCommand({ thingName }))).principals;
const share = (principal: string, thingName: string) =>
  e2e.iot.send(new AttachThingPrincipalCommand({ thingName, principal }));

describe('cordon retire', () => {
  it('completes a run interrupted at any point by the same command, and leaves nothing', async () => {
    const before = await listAll();
    const cuts: number[] = [];
    for (let cutAfter = 1, cut = true; cut; cutAfter += 1) {
      const name = `cut-${cutAfter}`;
      await e2e.enroll(name);

      cut = await retireThing(name, {}, cutAfter).then(
        () => false,
        (error) => error.message === 'cut',
      );
      if (!cut) break;
      cuts.push(cutAfter);
      // Only the last change may have been all of it.
      const isWhole = !(await isThere(name)) && isDeepStrictEqual(await listAll(), before);
      if (!isWhole) expect(await retireThing(name)).toMatch(new RegExp(`(^|\n)${name} is retired\\.$`));

      expect([name, await isThere(name), await listAll()]).toEqual([name, false, before]);
    }
    expect(cuts.length).toBeGreaterThanOrEqual(7);
  }, 180_000);

  it('waits while AWS IoT cannot delete what was just detached, and lists the rest if that takes too long', async () => {
    const before = await listAll();
    const said: string[] = [];
    const patience = {
      say: (text: string) => void said.push(text),
      firstPauseMs: 50,
      longestPauseMs: 200,
      sayEveryMs: 30_000,
      patienceMs: 500,
    };
    const { detachments } = e2e.stack.registry.state;
    const holds = detachments.holds;
    const waitsFor = (what: string) => said.filter((line) => line.includes(` ${what} `)).length;
    // Each wait was announced, so everything detached can be deleted, however fast the test is.
    detachments.holds = (arn) =>
      holds(arn) && (arn.includes(':policy/') ? waitsFor('policy') < 1 : waitsFor('certificate') < 2);
    const device = await e2e.enroll('slow');
    const session = await e2e.connect(device);
    detachments.setDelaySeconds(300);
    try {
      await expect(retireThing('slow', {}, Infinity, patience)).rejects.toThrow(
        /^AWS IoT still refuses to delete certificate \w{12}… after \d s .*, so it remains: run the same command again later$/,
      );
      // The device loses its rights before any wait.
      await ended(session);
      expect(await readStatus(device.certificateArn)).toBe('INACTIVE');

      expect(await retireThing('slow', {}, Infinity, { ...patience, patienceMs: 20_000 })).toMatch(
        /\nslow is retired\.$/,
      );
    } finally {
      detachments.setDelaySeconds(0);
      detachments.holds = holds;
    }
    expect([await isThere('slow'), await listAll()]).toEqual([false, before]);
    expect(said).toEqual([
      expect.stringMatching(/^waiting until AWS IoT can delete certificate \w{12}…: up to five minutes$/),
      expect.stringMatching(/^waiting until AWS IoT can delete certificate /),
      expect.stringMatching(/^waiting until AWS IoT can delete policy cordon-dev-device-retiring@/),
    ]);
  }, 180_000);

  it('completes it even if somebody has deleted the thing in the meantime', async () => {
    const before = await listAll();
    const { certificateArn } = await e2e.enroll('gone');
    await expect(retireThing('gone', {}, 5)).rejects.toThrow('cut');
    expect(await listPrincipals('gone')).toEqual([]);
    e2e.stack.registry.things.delete('gone');

    const said = await retireThing('gone');

    expect(said).toContain(`delete certificate ${certificateArn.split('/')[1]?.slice(0, 12)}`);
    expect(await listAll()).toEqual(before);
    await expect(retireThing('gone')).rejects.toThrow('there is no thing gone');
  }, 180_000);

  it('keeps a certificate that another thing has taken over in the meantime', async () => {
    const { certificateArn } = await e2e.enroll('first');
    await e2e.enroll('second');
    await expect(retireThing('first', {}, 5)).rejects.toThrow('cut');
    await share(certificateArn, 'second');

    expect(await retireThing('first')).toContain('for second\n');

    expect(await listPrincipals('second')).toContain(certificateArn);
    expect((await listAll()).policies.filter((name) => name?.includes('retiring'))).toEqual([]);
  }, 180_000);

  it.each([false, true])(
    'only detaches a certificate that another thing uses too (--force: %s)',
    async (force) => {
      const leaving = `leaving-${force}`;
      const staying = await e2e.enroll(`staying-${force}`);
      const { certificateArn } = await e2e.enroll(leaving);
      await share(staying.certificateArn, leaving);
      const device = await e2e.connect(staying);

      const said = await retireThing(leaving, { force });

      expect(said).toMatch(
        new RegExp(`detach certificate \\w{12}… from ${leaving}, and keep it for ${staying.thingName}\n`),
      );
      expect(await readStatus(staying.certificateArn)).toBe('ACTIVE');
      expect(await listPrincipals(staying.thingName)).toEqual([staying.certificateArn]);
      expect(await publishOrCut(device, `app/${staying.thingName}/telemetry`, '1')).toBe('acknowledged');
      // Its own alone goes.
      await expect(readStatus(certificateArn)).rejects.toThrow();
      expect(await isThere(leaving)).toBe(false);
    },
    60_000,
  );

  it('keeps the certificate of a contained thing for its other owner, which has it restored by the release', async () => {
    const staying = await e2e.enroll('bystander');
    await e2e.enroll('held');
    await share(staying.certificateArn, 'held');
    await e2e.publishAlert(anAlert('held'));
    await e2e.waitForCase('held', 'awaiting-approval');
    await e2e.command({ type: 'approve', thingName: thingKey('held'), actor: 'test', force: true });
    await e2e.waitForCase('held', 'contained');
    expect(await readStatus(staying.certificateArn)).toBe('INACTIVE');
    await expect(retireThing('held')).rejects.toThrow('held has an open case (contained)');

    await retireThing('held', { force: true });
    expect(await listPrincipals('bystander')).toEqual([staying.certificateArn]);

    // Objects of this thing alone can't be restored, and the output names them.
    await e2e.command({ type: 'release', thingName: thingKey('held'), actor: 'test' });
    const { reason } = await e2e.waitForCase('held', 'closed');
    expect(reason).toContain('the thing was deleted meanwhile');
    expect(await readStatus(staying.certificateArn)).toBe('ACTIVE');
    const session = await e2e.connect(staying);
    expect(await publishOrCut(session, 'app/bystander/telemetry', '1')).toBe('acknowledged');
  }, 180_000);
});
