import { userInfo } from 'node:os';
import { ResourceNotFoundException } from '@aws-sdk/client-dynamodb';
import type { connectKillSwitch } from '../shared/aws/kill-switch';
import type { Case } from '../shared/domain/case/case';
import { type KillSwitch, maxReason } from '../shared/domain/guards/kill-switch';
import { printable } from '../shared/domain/messages/announcement';
import { describeKillSwitch } from '../shared/domain/messages/describe-kill-switch';
import { writeCount } from '../shared/domain/words';
import { UsageError } from './cli-error';
import { writeJson } from './json';
import type { Target } from './target';

export type SwitchPort = Pick<ReturnType<typeof connectKillSwitch>, 'read' | 'write'>;

interface SwitchTarget {
  readonly killSwitch: SwitchPort;
  readonly cases: Pick<Target['cases'], 'load'>;
  readonly history: Pick<Target['history'], 'listByStatus'>;
}

export interface SwitchOptions {
  readonly reason?: string;
  readonly actor?: string;
  readonly json?: boolean;
}

/** The newest cases of each status that are checked. In a storm, more are held back than anybody reads. */
const maxLookedAt = 100;
const maxNamed = 20;

/** The state of the kill switch, since when and by whom, and what it holds back. */
export async function showKillSwitch(
  target: SwitchTarget,
  { json }: Pick<SwitchOptions, 'json'> = {},
): Promise<ShownSwitch> {
  const [seen, heldBack] = await Promise.all([target.killSwitch.read(), listHeldBack(target)]);
  const isRead = seen.state !== 'unknown';
  return {
    text: json ? writeData(seen, heldBack) : say(sentence(seen), ...writeHeldBack(heldBack, seen.state)),
    isRead,
    ...(!isRead && heldBack instanceof Error && { fault: heldBack }),
  };
}

interface ShownSwitch {
  readonly text: string;
  readonly isRead: boolean;
  /** Neither the switch nor the table could be read: there may be no stack to ask. */
  readonly fault?: Error;
}

/** Turns the switch. Functions apply the stored state when they next read it. */
export async function turnKillSwitch(
  state: 'on' | 'off',
  { reason, actor, json }: SwitchOptions,
  target: SwitchTarget,
  now: number,
): Promise<string> {
  if (reason !== undefined && reason.length > maxReason)
    throw new UsageError(`--reason has ${reason.length} characters: shorten it to ${maxReason}`);
  // A stage that does not exist must not get a switch. Only one read, because an operator in an emergency is in a hurry.
  await attempt(() => target.history.listByStatus('observed', 1));
  const by = actor ?? userInfo().username;
  const wanted = { state, by, at: new Date(now).toISOString(), ...(reason !== undefined && { reason }) };
  await target.killSwitch.write(wanted);
  const effect =
    state === 'on'
      ? ['It takes effect within 5 seconds. Contained things stay contained, and a release still works.']
      : [];
  const heldBack = await listHeldBack(target);
  return json
    ? writeData(wanted, heldBack)
    : say(sentence(wanted), ...effect, ...writeHeldBack(heldBack, state));
}

/** The switch, and the things that it holds back or why they can't be listed. */
function writeData(seen: KillSwitch, found: readonly string[] | Error): string {
  const heldBack =
    found instanceof Error ? { heldBackError: `${found.name}: ${found.message}` } : { heldBack: found };
  return writeJson({ ...seen, ...heldBack });
}

/** The line above a list of cases; none while the switch is off. */
export function writeSwitchLine(seen: KillSwitch): string | undefined {
  return seen.state === 'off' ? undefined : printable(sentence(seen));
}

function sentence(seen: KillSwitch): string {
  const text = describeKillSwitch(seen);
  const hint =
    seen.state === 'unknown' ? ': until it can be read, Cordon asks before it contains anything' : '';
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${hint}.`;
}

function say(...lines: readonly string[]): string {
  return lines.map(printable).join('\n');
}

/** Lists the things that the switch holds back, or held back until it was turned off. */
function writeHeldBack(found: readonly string[] | Error, state: KillSwitch['state']): readonly string[] {
  if (!(found instanceof Error) && found.length === 0) return ['It holds nothing back.'];
  const isOff = state === 'off';
  const holds = isOff ? 'held' : 'holds';
  return [
    found instanceof Error
      ? `The things that it ${holds} back can't be listed: ${found.name}: ${found.message}`
      : `It ${holds} back ${nameThings(found)}`,
    ...(isOff
      ? ['Cordon decides again on what it held back, within some minutes and without another alert.']
      : []),
  ];
}

function nameThings(found: readonly string[]): string {
  const more = found.length > maxNamed ? ` and ${found.length - maxNamed} more` : '';
  return `${writeCount(found.length, 'thing')}: ${found.slice(0, maxNamed).join(', ')}${more}`;
}

/** Things that would be contained if the switch were off. */
function listHeldBack({ cases, history }: SwitchTarget): Promise<readonly string[] | Error> {
  return attempt(async () => {
    const lists = await Promise.all(
      (['observed', 'awaiting-approval', 'containing'] as const).map((status) =>
        history.listByStatus(status, maxLookedAt),
      ),
    );
    const stored = await Promise.all(lists.flat().map(({ thingName }) => cases.load(thingName)));
    return stored.flatMap((found) => (found && isHeldBack(found.value) ? found.value.thingName : []));
  });
}

/** The switch is turned even if the table fails, unless the table does not exist. */
async function attempt<T>(read: () => Promise<T>): Promise<T | Error> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof ResourceNotFoundException || !(error instanceof Error)) throw error;
    return error;
  }
}

function isHeldBack({ heldBackBy, status, ledger }: Case): boolean {
  if (status === 'containing') return ledger.some((entry) => entry.status === 'planned');
  return heldBackBy !== undefined;
}
