import type { ActionName } from '../actions/registry';
import { type Asking, createNeed } from '../asking';
import type { Configuration, Playbook } from '../configuration';
import { isDrill } from '../drill';
import { type Facts, type KnownFacts, ownsCertificate } from '../facts';
import type { Finding } from '../findings/finding';
import { findExceptions } from './exceptions';
import { findExemption } from './exemptions';
import { nameFleetLimit } from './fleet-limit';
import { findForeignReporter, type ReporterQuestions } from './foreign-reporter';
import { findWithheld, type KillSwitch } from './kill-switch';
import type { Excepted, GuardReason, SenderLimitReached } from './reasons';
import { findShared } from './shared-objects';

export interface GuardInput {
  /** What the playbook would do. */
  readonly actions: readonly ActionName[];
  readonly playbook: Playbook | undefined;
  readonly guards: Configuration['guards'];
  readonly facts: Facts;
  readonly finding: Finding;
  /** The senders of findings from elsewhere, each with its limit. */
  readonly senders: readonly Sender[];
  readonly killSwitch: KillSwitch;
  /** It has a place within the fleet limit already. */
  readonly isCounted: boolean;
  /** An operator has already rejected a containment for the same violation. */
  readonly isRejected: boolean;
}

export interface GuardQuestions extends ReporterQuestions {
  /** Is there a place left within the fleet limit, or within that of a sender? Takes it. */
  reservation(about: { readonly sender?: Sender }): boolean;
}

const need = createNeed<GuardQuestions>();

export type Sender = Configuration['sources']['external'][number];

export type Verdict =
  | { readonly outcome: 'contain' }
  | {
      readonly outcome: 'observe' | 'ask';
      readonly reason: GuardReason;
    };

/** Decides how far Cordon may act on a violation. The first rule that objects decides, and gives the reason. */
export function* evaluateGuards(input: GuardInput): Asking<GuardQuestions, Verdict> {
  const { playbook, facts, finding } = input;
  if (!playbook) return observe({ code: 'no-playbook', ...(finding.kind && { kind: finding.kind }) });
  if (playbook.mode === 'observe') return observe({ code: 'playbook-observes', playbook: playbook.name });
  const withheld = findWithheld(input.killSwitch);
  if (withheld && input.killSwitch.state === 'on') return observe(withheld);
  if (facts.kind === 'unavailable') return ask({ code: 'facts-unavailable', error: facts.reason });
  if (!facts.registered) return observe({ code: 'not-registered' });
  const exemption = findExemption(input.guards, facts);
  if (exemption) return observe(exemption);
  const excepted = findOwnExceptions(playbook, facts, finding);
  if (excepted) return observe(excepted);
  if (withheld) return ask(withheld);
  const foreign = yield* findForeignReporter(finding, facts);
  // A contained device may report for the whole fleet, so its reports about others ask for no approval.
  if (foreign) return foreign.code === 'reporter-held' ? observe(foreign) : ask(foreign);
  if (finding.kind === 'external' && finding.namedBy)
    return ask({ code: 'named-by-device', sender: finding.source, text: finding.namedBy });
  const shared = findShared(input.actions, input.guards.maxThingsSharingPolicy, facts);
  if (shared) return ask(shared);
  if (playbook.mode === 'approve') return ask({ code: 'playbook-asks', playbook: playbook.name });
  if (input.isRejected) return observe({ code: 'rejected-before' });
  if (input.isCounted || isDrill(finding.thingName)) return { outcome: 'contain' };
  const sender = input.senders.find(({ name }) => name === finding.source);
  if (sender && !(yield* need('reservation', { sender }))) return ask(nameSenderLimit(sender));
  if (!(yield* need('reservation', {}))) return ask(nameFleetLimit(input.guards));
  return { outcome: 'contain' };
}

/** Evidence is a claim of its sender: only a report from the thing's own certificate can except a child. */
function findOwnExceptions(
  { name, unless }: Playbook,
  facts: KnownFacts,
  finding: Finding,
): Excepted | undefined {
  if (finding.kind !== undefined) return undefined;
  const { reporter } = finding;
  const isOwn = reporter !== undefined && ownsCertificate(facts, reporter.principal);
  const exceptions = isOwn ? findExceptions(unless, finding) : undefined;
  return exceptions && { code: 'excepted', playbook: name, exceptions };
}

function nameSenderLimit({ name, limit }: Sender): SenderLimitReached {
  return { code: 'sender-limit', sender: name, things: limit.things, withinMs: limit.within };
}

function observe(reason: GuardReason): Verdict {
  return { outcome: 'observe', reason };
}

function ask(reason: GuardReason): Verdict {
  return { outcome: 'ask', reason };
}
