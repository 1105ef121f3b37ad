import { setTimeout as delay } from 'node:timers/promises';
import { aReport, bomb, connectDevice, type FlooderOrder, type FloodKind, floods, reportsOf } from './device';

/** All of it is sent within this time. */
const floodMs = 2_000;
const stepMs = 20;

/*
 * One device in a process of its own, so that the work of sending delays nobody: it connects, says that it is ready, waits
 * for a word, floods, and stays until its parent lets go of it.
 */
process.once('disconnect', () => process.exit());
process.once('message', (order: FlooderOrder) => void flood(order));

async function flood({ kind, thingName, ...device }: FlooderOrder): Promise<void> {
  const client = await connectDevice(device, thingName, device);
  client.on('error', () => undefined);
  const messages = Array.from({ length: floods[kind] }, (_, index) => aMessage(kind, thingName, index));
  process.send?.('ready');
  await new Promise((resolve) => process.once('message', resolve));
  const startedAt = performance.now();
  while (messages.length > 0) {
    const left = floods[kind] * (1 - (performance.now() - startedAt) / floodMs);
    // Whoever is contained is cut, and sends no more.
    for (const [topic, payload] of messages.splice(0, messages.length - Math.max(0, Math.floor(left))))
      client.publishAsync(topic, payload, { qos: 1 }).catch(() => undefined);
    await delay(stepMs);
  }
}

function aMessage(kind: FloodKind, thingName: string, index: number): readonly [string, string | Buffer] {
  switch (kind) {
    case 'conforming reports':
      return [reportsOf(thingName), aReport(0)];
    case 'in and out of alarm':
      return [reportsOf(thingName), aReport(index % 2)];
    case 'CBOR that fills the memory':
      return [reportsOf(thingName, 'cbor'), bomb];
    case 'hostile topics': {
      const topics = [
        reportsOf(thingName, 'xml'),
        reportsOf(thingName, 'x'.repeat(200)),
        `${reportsOf(thingName)}/accepted`,
        `cordon/things/${thingName}/a/b/c/d/e`,
        `$aws/things/${thingName}/shadow/update`,
        `$aws/things/${thingName}/defender/metrics/json`,
        `app/${thingName}/\u0001\uffff`,
      ];
      return [topics[index % topics.length] ?? '', '[{'.repeat(1 + (index % 50))];
    }
  }
}
