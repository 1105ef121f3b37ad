import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ProofDevice } from '../../proof/device';
import { compareSnapshots, takeSnapshot } from '../../proof/snapshot';
import type { Mail } from '../aws/messaging/email';
import type { Closers } from '../closers';
import { agentBundle } from '../package-service';
import type { Progress } from '../progress';
import type { SlackMessage } from '../slack-and-mail/slack-blocks';
import { StartError } from '../start-error';
import { type AgentProcess, startAgent } from './agent-process';
import { listenToAnnouncements } from './announcements';
import { type AppProcess, startApp } from './app-process';
import {
  type BrokerAddress,
  openApplication,
  type PublishResult,
  publishAs,
  startControlDevice,
} from './devices';
import { waitForQuiet } from './quiet';
import type { StoryResult } from './result';
import { runCordon } from './run-cordon';
import type { StoryStack } from './story-stack';
import { waitFor } from './wait';

/**
 * Plays the whole story: a child of myapp starts on mything1, Cordon contains the device, and an operator releases it.
 * Only AWS is simulated: the processes, the MQTT connections over mutual TLS, the packaged agent and the packaged
 * functions are real. `result` has, at each moment, what was proved so far.
 */
export async function playStory(
  stack: StoryStack,
  progress: Progress,
  result: StoryResult,
  closers: Closers,
): Promise<void> {
  result.coldStartMs = stack.coldStartMs;
  try {
    await play(stack, progress, result, closers);
  } catch (error) {
    result.failed = `${progress.current()}: ${error instanceof Error ? error.message : String(error)}`;
  }
}

async function play(
  stack: StoryStack,
  progress: Progress,
  result: StoryResult,
  closers: Closers,
): Promise<void> {
  const { step } = progress;
  const { mything1, mything2 } = stack.devices;
  const broker: BrokerAddress = { ...stack.mqtt, ca: stack.ca };
  const announcements = await listenToAnnouncements(
    stack.announcementsTopicArn,
    stack.clients.sns,
    stack.clients.sqs,
  );
  closers.push(() => announcements.stop());

  await step('a heartbeat passes through every stage, as it does each minute', async () => {
    await stack.sweep();
    const { at } = await announcements.waitForKind('heartbeat', 20_000);
    return `${Date.now() - at} ms`;
  });
  const control = await step('mything2 publishes beside it, as a control', async () => {
    const device = await startControlDevice(await openApplication(mything2, broker));
    closers.push(() => device.stop());
    return device;
  });
  const application = await openApplication(mything1, broker);
  const before = await step('mything1 may publish for its application', async () => {
    const { outcome } = await publishAs(application);
    if (outcome !== 'accepted')
      throw new StartError(
        `the broker should accept an application message of mything1, but it is ${outcome}`,
      );
    return takeSnapshot(stack.clients.iot, 'mything1');
  });
  const { app } = await step('myapp runs, the agent is connected and reports 0 children', async () => {
    const device = await startDevice(stack, broker, closers);
    await waitForQuiet(stack.clients.sqs);
    return device;
  });

  const childStartedAt = Date.now();
  await step('myapp launches a child process', () => app.launchChild());
  await step('Cordon contains mything1 and verifies the denial', async () => {
    const contained = await announcements.waitForKind('contained', 20_000);
    result.contained = true;
    result.childToDeniedMs = contained.at - childStartedAt;
    result.alertToAppliedMs = contained.alertToAppliedMs ?? null;
    return `${result.childToDeniedMs} ms after the child started`;
  });
  const cacheMs = stack.policyCacheSeconds * 1_000 + 10_000;
  await step('an application message of mything1 is refused, its session closed', async () => {
    const refused = await waitFor('a refusal by the broker', () => probe(application, 'refused'), cacheMs);
    if (!refused.closed)
      throw new StartError(
        'the broker refused the message, but did not end the session of mything1 within 1 s',
      );
    result.verified = true;
  });
  await step('people are notified', async () => {
    await waitFor('the Slack message', () => stack.slack().find((one) => mentions(one, 'contained')), 10_000);
    await waitFor(
      'the e-mail',
      () => stack.mails().find(({ subject }) => subject.includes('contained')),
      10_000,
    );
  });
  progress.show('Slack', writeSlack(stack.slack()));
  progress.show('E-mail', writeMail(stack.mails().at(-1)));
  progress.show('Case', await runCordon(stack.root, ['show', 'mything1']));

  await step('the operator cleans the device and releases it', async () => {
    await app.killChild();
    // Forced, because the agent was cut off and may not have reported yet that the child has ended.
    const said = await runCordon(stack.root, [
      ...['release', 'mything1', '--force', '--comment', 'child was a test'],
    ]);
    await announcements.waitForKind('released', 10_000);
    result.released = true;
    return said;
  });
  await step('everything is exactly as before, and mything1 may publish again', async () => {
    const differences = compareSnapshots(before, await takeSnapshot(stack.clients.iot, 'mything1'));
    if (differences.length > 0)
      throw new StartError(`the release left mything1 different from before: ${differences.join('; ')}`);
    await waitFor(
      'an application message that is taken again',
      () => probe(application, 'accepted'),
      cacheMs,
    );
    result.restored = true;
  });
  await step('mything2 was never disturbed', async () => {
    const { published, acknowledged, disconnects } = await control.stop();
    if (disconnects > 0 || acknowledged < published || published === 0)
      throw new StartError(
        `mything2 was disturbed: it published ${published} messages, ${acknowledged} were acknowledged, and its session ended ${disconnects} times`,
      );
    result.controlUndisturbed = true;
    return `${acknowledged} of ${published} messages acknowledged`;
  });
  await waitFor(
    'the last Slack message',
    () => stack.slack().find((one) => mentions(one, 'released')),
    10_000,
  );
  await waitFor(
    'the last e-mail',
    () => stack.mails().find(({ subject }) => subject.includes('released')),
    10_000,
  );
  result.slack = stack.slack().length;
  result.email = stack.mails().length;
}

/** Lets the device publish, and returns the outcome if it is the expected one. */
async function probe(
  application: ProofDevice,
  wanted: PublishResult['outcome'],
): Promise<PublishResult | undefined> {
  const result = await publishAs(application);
  return result.outcome === wanted ? result : undefined;
}

async function startDevice(
  stack: StoryStack,
  broker: BrokerAddress,
  closers: Closers,
): Promise<{ app: AppProcess; agent: AgentProcess }> {
  const app = await startApp(join(stack.stateDirectory, 'app'), 'myapp');
  closers.push(() => app.stop());
  const stateDirectory = join(stack.stateDirectory, 'agent');
  await rm(stateDirectory, { recursive: true, force: true });
  const agent = await startAgent({
    bundle: agentBundle(stack.root),
    device: stack.devices.mything1,
    stateDirectory,
    closers,
    ...broker,
  });
  await agent.waitForEvent('connected', 10_000);
  const report = await agent.waitForEvent('reported', 10_000);
  const values = report.values as Record<string, number> | undefined;
  if (values?.num_child_procs_myapp !== 0)
    throw new StartError(
      `the first report should count 0 children of myapp: end every other process named myapp on this machine, and start again. The report: ${JSON.stringify(report)}`,
    );
  await agent.waitForEvent('accepted', 10_000);
  return { app, agent };
}

/** Whether a message says a word, or said it before it was updated. */
function mentions({ text, updates }: SlackMessage, word: string): boolean {
  return [text, ...updates.map((earlier) => earlier.text)].some((version) => version.includes(word));
}

function writeSlack(messages: readonly SlackMessage[]): string {
  return messages
    .map(({ channel, text, threadTs }) => `${threadTs ? '  reply ' : channel} ${text}`)
    .join('\n');
}

function writeMail(mail: Mail | undefined): string {
  return mail ? `To: ${mail.to}\nSubject: ${mail.subject}\n\n${mail.body}` : 'none';
}
