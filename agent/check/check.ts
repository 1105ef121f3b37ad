import type { Credentials } from '../config/credentials';
import type { ConnectionSettings, Settings } from '../config/settings';
import { readAnswer, replyKind } from '../mqtt/answers';
import { alpnFor, toClientOptions } from '../mqtt/broker-link';
import { containmentTopic } from '../mqtt/containment';
import { ownField } from '../own-field';
import { encodeReport } from '../report/encoding';
import type { Report } from '../report/report';
import { type Destination, type Topics, topicsFor } from '../topics';
import { type Conversation, openConversation } from './broker';
import { checkCredentials, checkState } from './files';
import { type Finding, failed, ok, skipped, warning } from './finding';
import { checkName, checkTcp, checkTls, stepTimeoutMs } from './network';

/** Detect uses the time of receipt, but a clock with this error will make TLS fail sooner or later. */
const mostSkewMs = 60_000;

export interface CheckDependencies {
  readonly wallClock: () => number;
  /** A real report for one destination. */
  readonly collect: (destination: Destination) => Promise<Report>;
}

/** Tests each step that a report depends on, and yields each finding at once. */
export async function* check(
  settings: Settings & { readonly connection: ConnectionSettings },
  { wallClock, collect }: CheckDependencies,
): AsyncGenerator<Finding> {
  const { connection, stateDirectory } = settings;
  const { endpoint } = connection;
  yield checkState(stateDirectory);
  if (settings.metrics.length > 0) yield* checkMetrics(settings, await collect('cordon'));
  const { findings, credentials } = checkCredentials(connection, wallClock());
  yield* findings;
  for (const step of [checkName, checkTcp]) {
    const finding = await step(endpoint, connection.timing);
    yield finding;
    if (finding.outcome === 'failed') return yield skipped('connect', 'the broker is unreachable');
  }
  if (!credentials) return yield skipped('connect', 'there is no certificate to connect with');
  const tls = await checkTls(endpoint, credentials, wallClock(), alpnFor(endpoint.port), connection.timing);
  yield tls;
  if (tls.outcome === 'failed') return yield skipped('connect', 'there is no TLS connection');
  yield* checkPolicy(settings, connection, credentials, wallClock, collect);
}

/** Each reason why the agent can't see what a metric is about, with the metrics that it leaves out for it. */
function checkMetrics({ metrics }: Settings, { processes = {}, failures = {} }: Report): readonly Finding[] {
  const unseen = new Map<string, readonly string[]>();
  for (const { metric } of metrics) {
    const reason = ownField(failures, metric);
    if (reason !== undefined) unseen.set(reason, [...(unseen.get(reason) ?? []), metric]);
  }
  const states = Object.entries(processes).map(([label, state]) => `${label} is ${state}`);
  if (unseen.size === 0) return [ok('metrics', states.join(', ') || 'all can be collected')];
  return [...unseen].map(([reason, names]) =>
    warning(
      'metrics',
      `${names.join(', ')}: ${reason}`,
      'the agent reports no 0 for them; its unit gives it CAP_SYS_PTRACE, and a check by hand has that only as root',
    ),
  );
}

async function* checkPolicy(
  settings: Settings,
  connection: ConnectionSettings,
  credentials: Credentials,
  wallClock: () => number,
  collect: CheckDependencies['collect'],
): AsyncGenerator<Finding> {
  const { clientId, thingName } = connection;
  const open = () => openConversation(toClientOptions(connection, credentials));
  const first = await open();
  if (typeof first === 'string') {
    return yield failed(
      'connect',
      `the broker refused client ${clientId}: ${first}`,
      `does the certificate's policy allow iot:Connect on client/${clientId}, is the certificate active, and is it attached to the thing ${thingName}?`,
    );
  }
  yield ok(
    'connect',
    `as client ${clientId}; an agent that runs under this id was disconnected, and reconnects by itself${
      clientId === thingName
        ? `. An application that connects as ${clientId} too would cut the agent off again and again: cordon enroll gives the agent an id of its own`
        : ''
    }`,
  );
  first.close();
  for (const destination of settings.destinations) {
    const topics = topicsFor(destination, thingName, settings.format);
    const notice = destination === 'cordon' ? [containmentTopic(thingName)] : [];
    const heard: string[] = [];
    for (const topic of [topics.accepted, topics.rejected, ...notice]) {
      const finding = await withConversation(open, 'subscribe', (it) => checkSubscribe(it, topic));
      yield finding;
      if (finding.outcome === 'ok') heard.push(topic);
    }
    const report = await collect(destination);
    const payload = encodeReport(report, settings.format);
    let answered: Finding | undefined;
    yield await withConversation(open, 'publish', async (it) => {
      for (const topic of heard) await it.subscribe(topic);
      const outcome = await checkPublish(it, topics, settings.format, payload, connection, wallClock);
      answered = outcome.answer;
      return outcome.publish;
    });
    if (answered) yield answered;
  }
}

/** One connection for each question, because a broker ends it when a policy denies something. */
async function withConversation(
  open: () => Promise<Conversation | string>,
  what: string,
  ask: (conversation: Conversation) => Promise<Finding>,
): Promise<Finding> {
  const conversation = await open();
  if (typeof conversation === 'string') return failed(what, `no second connection: ${conversation}`);
  try {
    return await ask(conversation);
  } finally {
    conversation.close();
  }
}

async function checkSubscribe(conversation: Conversation, topic: string): Promise<Finding> {
  const outcome = await conversation.subscribe(topic);
  if (outcome === 'ok') return ok('subscribe', topic);
  return warning(
    'subscribe',
    `${topic} is ${outcome === 'refused' ? 'refused' : 'answered by the end of the connection'}`,
    `allow iot:Subscribe on topicfilter/${topic} and iot:Receive on topic/${topic}; the agent reports without it, but does not receive it`,
  );
}

async function checkPublish(
  conversation: Conversation,
  topics: Topics,
  format: Settings['format'],
  payload: Buffer,
  { clientId, thingName }: ConnectionSettings,
  wallClock: () => number,
): Promise<{ publish: Finding; answer?: Finding }> {
  const heard = conversation.hear((topic, answer) => {
    const kind = replyKind(topics, topic);
    return kind && { kind, ...readAnswer(answer, format) };
  }, stepTimeoutMs);
  if ((await conversation.publish(topics.report, payload)) === 'ended') {
    const whose = clientId === thingName ? '' : `, and is thing ${thingName} right for client ${clientId}`;
    const publish = failed(
      'publish',
      `a report on ${topics.report} ended the connection`,
      `does the certificate's policy allow iot:Publish on topic/${topics.report}${whose}?`,
    );
    return { publish };
  }
  const publish = ok('publish', topics.report);
  const answer = await heard;
  if (!answer) {
    return {
      publish,
      answer: warning(
        'answer',
        'there was no reply to the report',
        'is Cordon deployed in this account and region?',
      ),
    };
  }
  if (answer.kind === 'rejected')
    return {
      publish,
      answer: failed('answer', `the report was rejected: ${answer.code}: ${answer.message}`),
    };
  const skewMs = answer.timestamp === undefined ? 0 : wallClock() - answer.timestamp;
  const said = Math.round(Math.abs(skewMs) / 1000);
  return Math.abs(skewMs) > mostSkewMs
    ? {
        publish,
        answer: warning(
          'clock',
          `the report was accepted, but the device's clock is ${said} s ${skewMs > 0 ? 'ahead' : 'behind'}`,
          'set the clock (timedatectl set-ntp true)',
        ),
      }
    : { publish, answer: ok('answer', 'the report was accepted') };
}
