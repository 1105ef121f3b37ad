import { existsSync, readFileSync } from 'node:fs';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import * as z from 'zod/mini';
import { isRunning } from '../proof/is-running';
import type { connectKillSwitch } from '../shared/aws/kill-switch';
import { findStageFault } from '../shared/config/stage';
import { printable } from '../shared/domain/messages/announcement';
import type { CommandQueue } from '../shared/ports/aws';
import { connectAudit } from '../shared/storage/audit';
import { connectDetection } from '../shared/storage/detection';
import { connectFloods } from '../shared/storage/floods';
import { connectTable } from '../shared/storage/table';
import type { AgentReader } from './agents';
import { promptCalls } from './calls';
import { findInCheckout } from './checkout';
import { UnreachableError, UsageError } from './cli-error';

export interface TargetOptions {
  readonly aws?: boolean;
  readonly stage: string;
}

const localFile = findInCheckout('.cordon/local.json');

const localStack = z.object({
  endpoint: z.string(),
  region: z.string(),
  pid: z.int().check(z.positive()),
  credentials: z.object({ accessKeyId: z.string(), secretAccessKey: z.string() }),
  /** The CA certificate file of the local broker. */
  ca: z.string(),
});

export function requireStage(stage: string): string {
  const fault = findStageFault(stage);
  if (fault) throw new UsageError(`--${fault}`);
  return stage;
}

/** What each AWS client is made with: where the local stack is, if there is one, and how long it waits. */
export interface Settings extends ReturnType<typeof promptCalls> {
  readonly endpoint?: string;
  readonly region?: string;
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

/**
 * The stack a command is for: the local one while it runs here, unless `--aws` is given. Clients that few commands need are
 * loaded when they are opened, so that `list` starts quickly.
 */
export function findTarget({ aws, stage }: TargetOptions) {
  requireStage(stage);
  const { ca, ...local } = aws || !existsSync(localFile) ? {} : findLocalStack();
  const settings: Settings = { ...local, ...promptCalls() };
  const dynamodb = new DynamoDBClient(settings);
  const { listMetrics, readDatapoints } = connectDetection(`cordon-${stage}`, dynamodb);
  let commands: Promise<CommandQueue> | undefined;
  const openSwitch = async () => (await import('./open-kill-switch')).openKillSwitch(stage, settings);
  return {
    stage,
    /** For the clients of commands that need others. */
    settings,
    isLocal: 'endpoint' in local,
    /** Only the local stack has a CA of its own. */
    ...(ca !== undefined && { ca }),
    name:
      'endpoint' in local ? `the local stack at ${local.endpoint}` : `AWS${writeEndpoint()}, stage ${stage}`,
    ...connectTable(`cordon-${stage}`, dynamodb),
    floods: connectFloods(`cordon-${stage}`, dynamodb),
    metrics: { listMetrics, readDatapoints },
    audit: connectAudit(`cordon-${stage}`, dynamodb),
    openCommands(): Promise<CommandQueue> {
      commands ??= import('./open-commands').then(({ openCommands }) => openCommands(stage, settings));
      return commands;
    },
    killSwitch: {
      read: async () => (await openSwitch()).read(),
      write: async (wanted: WantedSwitch) => (await openSwitch()).write(wanted),
    },
    agents: openAgents(`cordon-${stage}`, new DynamoDBClient(settings)),
  };
}

/** Never uses AWS in place of a local stack that ended. */
export function findAgain(options: TargetOptions, from: Target): Target {
  try {
    const found = findTarget(options);
    return found.isLocal === from.isLocal ? found : from;
  } catch (error) {
    // It has crashed, or is being started: the next look says why it fails.
    if (error instanceof UnreachableError) return from;
    throw error;
  }
}

type WantedSwitch = Parameters<ReturnType<typeof connectKillSwitch>['write']>[0];

/** A person who forgot a variable of another stack must see where the command goes. */
function writeEndpoint(): string {
  const { AWS_ENDPOINT_URL: endpoint } = process.env;
  return endpoint ? ` at ${printable(endpoint)} (AWS_ENDPOINT_URL)` : '';
}

function openAgents(tableName: string, client: DynamoDBClient): AgentReader {
  const { states, listAgents } = connectDetection(tableName, client);
  return {
    load: async (thingName) => (await states.load(thingName))?.value,
    list: listAgents,
  };
}

export type Target = ReturnType<typeof findTarget>;

/**
 * The settings of the local stack. A stack that was killed leaves its file behind: a person who worked with it must not get
 * answers of AWS, or act there, without a word.
 */
function findLocalStack(): Omit<z.output<typeof localStack>, 'pid'> {
  const { pid, ...settings } = readLocalStack();
  if (isRunning(pid)) return settings;
  throw new UnreachableError(
    `the local stack of ${localFile} has crashed (process ${pid}): start it again with npm start, or use --aws`,
  );
}

function readLocalStack() {
  try {
    return localStack.parse(JSON.parse(readFileSync(localFile, 'utf8')));
  } catch (cause) {
    throw new UnreachableError(
      `${localFile} can't be read: start the local stack again, or use --aws`,
      cause,
    );
  }
}
