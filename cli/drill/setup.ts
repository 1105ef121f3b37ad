import { openDevice, type ProofDevice, ports } from '../../proof/device';
import { enroll } from '../enroll/enroll';
import { folderAt } from '../enroll/folder';
import { prefixOf } from '../enroll/registry';
import { describeOwner, drillPolicyName, retainedTopics } from './leftovers';
import { roleAlias } from './probes';
import { DrillEnded, type Recorder, until } from './recorder';
import { openReporter, type Reporter } from './reporter';
import { appTopicOf, type DrillOptions, type DrillTarget } from './scene';

/** Registers the drill's thing with a certificate and policies of its own, and a retained message that it may read. */
export async function enrollDrill(
  thingName: string,
  folder: string,
  { configuration, rootCa, endpoint, say }: DrillOptions,
  target: DrillTarget,
): Promise<{ device: ProofDevice; arnPrefix: string }> {
  const { registry, account, stage } = target;
  say(`enrolling ${thingName}`);
  await registry.createThing(thingName, describeOwner(stage, Date.now()));
  const [retainedTopic = ''] = retainedTopics(thingName);
  await enroll(
    thingName,
    {
      folder,
      rotate: false,
      scope: 'thing',
      topics: [`cordon-drill/\${thing}/*`],
      rootCa,
      isDrill: true,
    },
    configuration,
    target,
  );
  const arnPrefix = prefixOf(await registry.findThing(thingName));
  const policyName = drillPolicyName(stage, thingName);
  await registry.ensurePolicy(policyName, writeDrillPolicy(arnPrefix, retainedTopic));
  for (const principal of await registry.listPrincipals(thingName))
    await registry.attachPolicy(policyName, principal);
  await account.retain(retainedTopic, `{"thing":"${thingName}"}`);
  const files = folderAt(folder);
  const [ca = '', cert = '', key = ''] = await Promise.all([
    files.read('rootCa'),
    files.read('certificate'),
    files.read('key'),
  ]);
  const own = await account.readEndpoints();
  const endpoints = endpoint ? { ...own, mqtt: endpoint, https: { ...endpoint, port: ports.https } } : own;
  return { device: openDevice(thingName, endpoints, { ca, cert, key }), arnPrefix };
}

/** Rights that devices often have beside MQTT, so that the drill can prove that they are denied. */
function writeDrillPolicy(arnPrefix: string, retainedTopic: string): string {
  return JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      { Effect: 'Allow', Action: 'iot:GetRetainedMessage', Resource: `${arnPrefix}:topic/${retainedTopic}` },
      {
        Effect: 'Allow',
        Action: 'iot:AssumeRoleWithCertificate',
        Resource: `${arnPrefix}:rolealias/${roleAlias}`,
      },
    ],
  });
}

/** An HTTPS endpoint that does not answer for so long is taken as out of this machine's reach. */
const unreachedMs = 10_000;

/** A new certificate and its policies may take some seconds until each part of AWS IoT knows them. */
export async function connectBoth(
  device: ProofDevice,
  { configuration, stimulus, signal }: DrillOptions,
  recorder: Recorder,
): Promise<{ reporter: Reporter; reachesHttps: boolean }> {
  let reporter: Reporter | undefined;
  let reachesHttps = true;
  await recorder.step(
    'connected',
    async () => {
      let detail = '';
      reporter = await until(
        () => `the agent does not connect: ${detail}`,
        () =>
          openReporter(device, configuration.detector, stimulus).catch((error: unknown) => {
            detail = String(error);
            return undefined;
          }),
        30_000,
        signal,
        500,
      );
      const topic = appTopicOf(device.thingName);
      const startedAt = Date.now();
      await until(
        () => `no application message is taken: ${detail}`,
        async () => {
          const sent = await device.sendBothWays(topic, '{"before":true}');
          ({ detail } = sent);
          if (sent.byMqtt !== 'accepted' || sent.byHttps === 'refused') return undefined;
          reachesHttps = sent.byHttps === 'accepted';
          return reachesHttps || Date.now() - startedAt >= unreachedMs ? true : undefined;
        },
        60_000,
        signal,
        1_000,
      );
      return reachesHttps ? 'MQTT and HTTPS' : `${detail}: MQTT only from here`;
    },
    { last: true },
  );
  if (!reporter) throw new DrillEnded('not connected');
  return { reporter, reachesHttps };
}
