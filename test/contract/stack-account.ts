import { type EndToEnd, startEndToEnd } from '../e2e/harness';
import { collectAnswers } from '../e2e/mqtt-client';
import type { Account } from './account';
import { openAwsAccount } from './aws-account';
import type { LiveSessions } from './connections-contract';

/** The local stack, as an operator of it sees it; started when the first law asks for it. */
export function openStackAccount(): Account {
  let started: ReturnType<typeof start> | undefined;
  const account = async () => {
    started ??= start();
    return (await started).account;
  };
  return {
    name: 'the local stack',
    mayLack: false,
    openStorage: async () => (await account()).openStorage(),
    openRegistry: async () => (await account()).openRegistry(),
    openLiveSessions: async () => (await account()).openLiveSessions(),
    openMailbox: async () => (await account()).openMailbox(),
    async close() {
      const running = await started;
      await running?.account.close().finally(running.e2e.close);
    },
  };
}

async function start() {
  const e2e = await startEndToEnd();
  const { aws, identity } = e2e.stack;
  const settings = {
    endpoint: aws.gateway.url,
    region: identity.region,
    credentials: aws.gateway.operatorCredentials,
  };
  return { e2e, account: openAwsAccount(settings, connectDevices(e2e)) };
}

function connectDevices(e2e: EndToEnd): LiveSessions['connect'] {
  const enrolled = new Map<string, ReturnType<EndToEnd['enroll']>>();
  return async (thingName) => {
    const device = enrolled.get(thingName) ?? e2e.enroll(thingName);
    enrolled.set(thingName, device);
    const client = await e2e.connect(await device);
    const received = collectAnswers(client);
    await client.subscribeAsync(`app/${thingName}/#`, { qos: 1 });
    return { received: () => received, isLive: () => client.connected };
  };
}
