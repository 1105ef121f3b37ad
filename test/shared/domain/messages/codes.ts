import type { Detail } from '../../../../shared/domain/case/details';
import type { News, Strength, TimelineEvent } from '../../../../shared/domain/case/news';
import type { LeftOut, Objection, Reason, Refusal } from '../../../../shared/domain/case/reasons';
import { operatorActions } from '../../../../shared/domain/decide/operator-actions';
import type { KillSwitch } from '../../../../shared/domain/guards/kill-switch';

/** An example of each code that has a text for people. A code without an example does not compile. */
type Examples<C extends { readonly code: string }> = {
  readonly [K in C['code']]: readonly Having<C, K>[];
};

/** The values with the code K, also if several codes share one type. */
type Having<C extends { readonly code: string }, K> = C extends unknown
  ? K extends C['code']
    ? Omit<C, 'code'> & { readonly code: K }
    : never
  : never;

const certificateId = `1a2b3c4d${'0'.repeat(56)}`;
const certificateIds = [certificateId];
const until = Date.UTC(2026, 10, 30, 14, 34, 5);
const on: KillSwitch = { state: 'on', by: 'ada', at: '2026-11-30T14:00:00Z', reason: 'wrong threshold' };
const unread: KillSwitch = { state: 'unknown', reason: 'AccessDenied: no' };
const refused: Detail = { code: 'aws-error', name: 'LimitExceededException', message: 'ten groups' };
const inGroup: Detail = { code: 'in-group', thingGroup: 'cordon-quarantine' };

export const details: Examples<Detail> = {
  'aws-error': [{ code: 'aws-error', name: 'ThrottlingException', message: 'slow down' }],
  text: [{ code: 'text', text: 'words of an earlier release' }],
  'certificates-inactive': [
    { code: 'certificates-inactive', certificateIds },
    { code: 'certificates-inactive', certificateIds: [] },
  ],
  'certificates-cannot-connect': [{ code: 'certificates-cannot-connect', certificateIds }],
  'certificate-status': [{ code: 'certificate-status', certificateId, status: 'ACTIVE' }],
  'no-certificate-to-deactivate': [{ code: 'no-certificate-to-deactivate' }],
  'certificates-restored': [{ code: 'certificates-restored' }],
  'certificate-deleted': [{ code: 'certificate-deleted', certificateId }],
  'certificate-not-active': [{ code: 'certificate-not-active', certificateId, status: 'REVOKED' }],
  'certificate-changed': [
    { code: 'certificate-changed', certificateId, status: 'REVOKED' },
    { code: 'certificate-changed', certificateId, status: 'INACTIVE', isUnclaimed: true },
  ],
  'certificate-held': [{ code: 'certificate-held', certificateId, heldBy: ['mything2'] }],
  'certificate-unseen': [{ code: 'certificate-unseen', certificateId, error: 'ThrottlingException' }],
  'certificate-policies': [
    { code: 'certificate-policies', certificateId, change: 'got', policies: ['p', 'q'] },
    { code: 'certificate-policies', certificateId, change: 'lost', policies: ['p'] },
  ],
  'denied-on': [
    { code: 'denied-on', policyName: 'cordon-dev-quarantine', certificateIds },
    { code: 'denied-on', policyName: 'cordon-dev-quarantine', certificateIds: [] },
  ],
  'denial-taken-off': [{ code: 'denial-taken-off', policyName: 'deny', certificateId }],
  'denials-removed': [{ code: 'denials-removed', policyName: 'deny' }],
  'no-certificate-to-test': [{ code: 'no-certificate-to-test' }],
  'certificates-gone': [{ code: 'certificates-gone', certificateIds }],
  'publish-denied': [
    { code: 'publish-denied', certificateIds, by: ['TestAuthorization', 'GetEffectivePolicies'] },
    { code: 'publish-denied', certificateIds, by: ['status'] },
  ],
  'publish-not-denied': [
    { code: 'publish-not-denied', certificateId, decision: 'ALLOWED' },
    { code: 'publish-not-denied', certificateId, clientId: 'mything1', error: 'ThrottlingException' },
    { code: 'publish-not-denied', certificateId, decision: 'ALLOWED', effective: { state: 'listed' } },
    { code: 'publish-not-denied', certificateId, effective: { state: 'not-listed' } },
    { code: 'publish-not-denied', certificateId, decision: 'ALLOWED', effective: { state: 'unknown' } },
  ],
  'policies-deny': [
    { code: 'policies-deny', policies: ['p', 'q'] },
    { code: 'policies-deny', policies: ['p'] },
    { code: 'policies-deny', policies: [] },
  ],
  'policy-not-replaced': [{ code: 'policy-not-replaced', policyName: 'p' }],
  'no-policy-to-replace': [{ code: 'no-policy-to-replace' }],
  'policy-deleted': [{ code: 'policy-deleted', policyName: 'p' }],
  'policy-held': [{ code: 'policy-held', policyName: 'p', heldBy: ['mything2', 'mything3'] }],
  'policy-restored': [
    { code: 'policy-restored', policyName: 'p', versionId: '3' },
    { code: 'policy-restored', policyName: 'p', versionId: '3', renumbered: { from: '1', to: '7' } },
  ],
  'version-renumbered': [{ code: 'version-renumbered', policyName: 'p', from: '1', to: '7' }],
  'default-version-changed': [
    { code: 'default-version-changed', policyName: 'p', versionId: '5', before: '3' },
    { code: 'default-version-changed', policyName: 'p', before: '3' },
  ],
  'default-version-deleted': [{ code: 'default-version-deleted', policyName: 'p', versionId: '3' }],
  'version-added': [{ code: 'version-added', policyName: 'p', versionId: '5', before: '3' }],
  'in-group': [inGroup, { ...inGroup, isDeniedOtherwise: true }],
  'not-in-group-yet': [{ code: 'not-in-group-yet', thingGroup: 'cordon-quarantine' }],
  'stays-in-group': [{ code: 'stays-in-group', thingGroup: 'cordon-quarantine' }],
  'taken-out-of-group': [{ code: 'taken-out-of-group', thingGroup: 'cordon-quarantine' }],
  'not-in-group': [{ code: 'not-in-group', thingGroup: 'cordon-quarantine' }],
  'left-group': [{ code: 'left-group', thingGroup: 'cordon-quarantine' }],
  'thing-deleted': [{ code: 'thing-deleted' }],
  'group-changed': [
    { code: 'group-changed', change: 'joined', thingGroup: 'sensors' },
    { code: 'group-changed', change: 'left', thingGroup: 'sensors' },
  ],
  'certificate-moved': [
    { code: 'certificate-moved', certificateId, change: 'attached' },
    { code: 'certificate-moved', certificateId, change: 'detached' },
  ],
  'certificates-unlisted': [{ code: 'certificates-unlisted', error: 'ThrottlingException' }],
  'groups-unseen': [{ code: 'groups-unseen', error: 'ThrottlingException' }],
  'sessions-ended': [
    { code: 'sessions-ended', clientIds: ['mything1', 'mything1-cordon'] },
    { code: 'sessions-ended', clientIds: ['mything1'] },
    { code: 'sessions-ended', clientIds: [] },
  ],
  'no-old-session': [{ code: 'no-old-session' }],
  'old-session': [{ code: 'old-session', clientId: 'mything1' }],
  'may-connect': [{ code: 'may-connect' }],
  'client-refused': [{ code: 'client-refused', clientId: 'mything1', error: 'InvalidRequestException' }],
  'clients-unnameable': [{ code: 'clients-unnameable', clientIds: ['a b'] }],
  'clients-forgotten': [{ code: 'clients-forgotten' }],
  action: [
    { code: 'action', action: 'job', what: 'created', names: ['cordon-1'] },
    { code: 'action', action: 'job', what: 'not-listed', names: ['cordon-1'] },
    { code: 'action', action: 'job', what: 'status', names: ['cordon-1', 'QUEUED'] },
    { code: 'action', action: 'job', what: 'was', names: ['cordon-1'] },
    { code: 'action', action: 'job', what: 'work-stays', names: ['cordon-1'] },
    { code: 'action', action: 'detect-mitigation-task', what: 'no-violation', names: [] },
    { code: 'action', action: 'detect-mitigation-task', what: 'started', names: ['t-1'] },
    { code: 'action', action: 'detect-mitigation-task', what: 'executed', names: ['t-1', '1'] },
    { code: 'action', action: 'detect-mitigation-task', what: 'status', names: ['t-1', 'FAILED', '0', '1'] },
    { code: 'action', action: 'detect-mitigation-task', what: 'no-undo', names: [] },
  ],
};

const shared = { code: 'shared', object: 'certificate', name: '1a2b3c4d', holders: ['mything2'] } as const;
const exempt = { code: 'exempt', thingGroup: 'life-support' } as const;
const requested = { code: 'requested', action: 'release', actor: 'ada', until } as const;

export const reasons: Examples<Reason> = {
  'no-playbook': [
    { code: 'no-playbook' },
    { code: 'no-playbook', kind: 'external' },
    { code: 'no-playbook', kind: 'audit' },
  ],
  'playbook-observes': [{ code: 'playbook-observes', playbook: 'watch' }],
  'playbook-asks': [{ code: 'playbook-asks', playbook: 'ask' }],
  'kill-switch': [
    { code: 'kill-switch', killSwitch: on },
    { code: 'kill-switch', killSwitch: { state: 'on' } },
    { code: 'kill-switch', killSwitch: unread },
  ],
  'facts-unavailable': [{ code: 'facts-unavailable', error: 'ThrottlingException' }],
  'not-registered': [{ code: 'not-registered' }],
  exempt: [exempt, { code: 'exempt', attribute: { name: 'critical', value: 'true' } }],
  excepted: [{ code: 'excepted', playbook: 'spawned-child', exceptions: ['logrotate', 'ntpd'] }],
  'reporter-held': [{ code: 'reporter-held', heldBy: ['mything2'] }],
  'named-by-device': [{ code: 'named-by-device', sender: 'siem', text: 'hostname' }],
  'foreign-reporter': [{ code: 'foreign-reporter' }],
  shared: [shared, { ...shared, object: 'policy', name: 'fleet', holders: ['mything2', 'mything3'] }],
  'rejected-before': [{ code: 'rejected-before' }],
  'fleet-limit': [
    { code: 'fleet-limit', things: 10, percent: 5, withinMs: 600_000 },
    { code: 'fleet-limit', things: 1, withinMs: 60_000 },
  ],
  'sender-limit': [{ code: 'sender-limit', sender: 'siem', things: 20, withinMs: 3_600_000 }],
  rejected: [
    { code: 'rejected', actor: 'ada' },
    { code: 'rejected', actor: 'ada', comment: 'a test' },
  ],
  'approval-expired': [
    { code: 'approval-expired' },
    { code: 'approval-expired', asked: { code: 'playbook-asks', playbook: 'ask' } },
  ],
  requested: [requested, { ...requested, comment: 'clean again' }],
  drift: [{ code: 'drift' }],
  evades: [{ code: 'evades', until }],
  'not-applied': [{ code: 'not-applied', killSwitch: on, actions: ['quarantine', 'disconnect'] }],
  unverified: [{ code: 'unverified' }, { code: 'unverified', detail: [refused] }],
  'not-denied': [{ code: 'not-denied' }, { code: 'not-denied', detail: [refused] }],
  'release-conflict': [
    {
      code: 'release-conflict',
      conflicts: [
        { action: 'quarantine', detail: [{ code: 'not-in-group', thingGroup: 'cordon-quarantine' }] },
        { action: 'deny-certificate', detail: [] },
      ],
    },
  ],
  cleared: [
    { code: 'cleared' },
    { code: 'cleared', after: { code: 'playbook-observes', playbook: 'watch' } },
  ],
  released: [
    { code: 'released', left: [] },
    { code: 'released', left: [{ code: 'thing-deleted' }, { code: 'certificate-deleted', certificateId }] },
  ],
  dismissed: [
    { code: 'dismissed', actor: 'ada', left: [] },
    { code: 'dismissed', actor: 'ada', comment: 'known', left: [[inGroup], []] },
  ],
  'clear-without-alarm': [{ code: 'clear-without-alarm' }],
  text: [{ code: 'text', text: 'words of an earlier release' }],
};

export const leftOut: Examples<LeftOut> = {
  'cut-reconnects': [{ code: 'cut-reconnects' }],
  shared: [shared],
  'session-while-inactive': [{ code: 'session-while-inactive', clientId: 'mything1' }],
  text: [{ code: 'text', text: 'words of an earlier release' }],
};

export const objections: Examples<Objection> = {
  exempt: [exempt],
  shared: [shared],
  'kill-switch': [{ code: 'kill-switch', killSwitch: unread }],
  'still-in-alarm': [{ code: 'still-in-alarm', behavior: 'myapp-processes/no-child-processes' }],
};

const asked = { code: 'second-person', action: 'harden', actor: 'ada', until } as const;

export const refusals: Examples<Refusal> = {
  'kill-switch': [{ code: 'kill-switch', killSwitch: on }],
  'case-closed': [{ code: 'case-closed' }],
  'taken-up-before': [{ code: 'taken-up-before' }],
  'late-event': [{ code: 'late-event' }],
  'own-echo': [{ code: 'own-echo' }],
  'late-clear': [{ code: 'late-clear' }],
  'nothing-due': [{ code: 'nothing-due' }],
  'no-case': [{ code: 'no-case' }],
  'no-open-case': [{ code: 'no-open-case' }],
  'has-open-case': [{ code: 'has-open-case' }],
  'not-in-quarantine-group': [{ code: 'not-in-quarantine-group' }],
  'not-held': [{ code: 'not-held' }],
  'session-under-denial': [{ code: 'session-under-denial' }],
  'older-session': [{ code: 'older-session' }],
  'nothing-awaits-approval': [{ code: 'nothing-awaits-approval' }],
  'already-held': [{ code: 'already-held', status: 'containment-failed' }],
  'facts-unavailable': [{ code: 'facts-unavailable', error: 'ThrottlingException' }],
  'not-registered': [{ code: 'not-registered' }],
  'already-releasing': [{ code: 'already-releasing' }],
  'nothing-holds': [{ code: 'nothing-holds', status: 'awaiting-approval' }],
  held: [{ code: 'held', status: 'containing' }],
  'held-so-already': [{ code: 'held-so-already' }],
  'no-rights': [{ code: 'no-rights', actions: ['deactivate-certificate', 'job'] }],
  'no-comment': [{ code: 'no-comment' }],
  'second-person': [
    { code: 'second-person', why: 'unproven' },
    { ...asked, why: 'same' },
    { ...asked, why: 'other-source' },
    { ...asked, why: 'other-order' },
  ],
  'needs-force': [{ code: 'needs-force', objection: exempt }],
  text: [{ code: 'text', text: 'words of an earlier release' }],
};

/** The strength and the timeline both have this code. */
const notHeld = {
  code: 'not-held',
  principals: ['us-east-1:0a1b2c3d-aaaa-bbbb-cccc-0123456789ab'],
} as const;

export const strengths: Examples<Strength> = {
  replaced: [
    { code: 'replaced', action: 'quarantine', detail: [refused] },
    { code: 'replaced', action: 'quarantine' },
    { code: 'replaced', action: 'deny-certificate', standsInFor: 'quarantine', detail: [refused] },
  ],
  unproven: [
    { code: 'unproven', action: 'quarantine', detail: [refused] },
    { code: 'unproven', action: 'quarantine' },
  ],
  'not-proven-yet': [{ code: 'not-proven-yet', action: 'deny-certificate' }],
  'deactivation-failed': [
    { code: 'deactivation-failed', detail: [refused] },
    { code: 'deactivation-failed' },
  ],
  'certificates-held': [
    { code: 'certificates-held', until: 'spread' },
    { code: 'certificates-held', until: 'release' },
  ],
  'left-out': [{ code: 'left-out', why: shared }],
  'inactive-before': [{ code: 'inactive-before', certificateId, status: 'INACTIVE' }],
  'not-held': [notHeld],
  undermined: [
    { code: 'undermined', object: 'certificate', name: certificateId },
    { code: 'undermined', object: 'policy', name: 'fleet' },
  ],
};

const behavior = 'myapp-processes/no-child-processes';
const certificate = { code: 'certificate', change: 'attached', certificateIds } as const;

type OwnNews = Exclude<News, Reason | Strength>;

export const news: Examples<OwnNews> = {
  denied: [{ code: 'denied' }],
  restored: [
    { code: 'restored', left: [] },
    { code: 'restored', left: [{ code: 'thing-deleted' }] },
  ],
  'deactivation-over': [
    { code: 'deactivation-over', detail: [{ code: 'certificates-restored' }] },
    { code: 'deactivation-over', detail: [] },
  ],
  'nothing-further': [
    { code: 'nothing-further', behavior, reason: { code: 'no-playbook', kind: 'audit' } },
    {
      code: 'nothing-further',
      behavior,
      reason: { code: 'no-playbook', kind: 'audit' },
      waits: { code: 'playbook-asks', playbook: 'ask' },
    },
  ],
  'further-violation': [
    { code: 'further-violation', behavior },
    {
      code: 'further-violation',
      behavior,
      without: { actions: ['deactivate-certificate'], reason: { code: 'playbook-asks', playbook: 'ask' } },
    },
  ],
  'held-harder': [{ code: 'held-harder', behavior, actions: ['deactivate-certificate', 'job'] }],
  'no-longer-undermined': [
    { code: 'no-longer-undermined', object: 'certificate', name: certificateId },
    { code: 'no-longer-undermined', object: 'policy', name: 'fleet' },
  ],
  'foreign-clear': [{ code: 'foreign-clear', behavior }],
  refused: [
    { code: 'refused', command: 'dismiss', actor: 'ada', refusal: { code: 'held', status: 'contained' } },
  ],
  'nobody-on-it': [
    { code: 'nobody-on-it', since: until, told: 1, nextMs: 3_600_000 },
    { code: 'nobody-on-it', since: until, told: 5 },
  ],
  certificate: [
    certificate,
    { ...certificate, change: 'escapes-group', objection: shared },
    { ...certificate, change: 'detached' },
    { ...certificate, certificateIds: [certificateId, certificateId.replace('1', '9')] },
  ],
  'others-wait': [{ code: 'others-wait' }],
  'others-rejected': [{ code: 'others-rejected' }],
  'others-violated': [{ code: 'others-violated' }],
};

const violation = {
  code: 'violation',
  behavior,
  metric: 'num_child_procs_myapp',
  value: '{"number":1}',
} as const;
const step = { code: 'step', action: 'quarantine', detail: [inGroup] } as const;

export const events: Examples<TimelineEvent> = {
  opened: [
    { code: 'opened', groups: ['sensors', 'plant-7'] },
    { code: 'opened', groups: [] },
    { code: 'opened' },
  ],
  violation: [
    { ...violation, eventType: 'in-alarm' },
    { ...violation, eventType: 'alarm-cleared', value: '{"number":0}' },
    { ...violation, eventType: 'alarm-invalidated', aheadSeconds: 90 },
  ],
  'events-folded': [{ code: 'events-folded', rows: 200 }],
  'foreign-clear': [{ code: 'foreign-clear', behavior }],
  command: [
    ...operatorActions.map((command) => ({ code: 'command', command, comment: 'why' }) as const),
    { code: 'command', command: 'release' },
    { code: 'command', command: 'release', askedBy: 'bob' },
    { code: 'command', command: 'release', askedBy: 'bob', comment: 'clean' },
  ],
  requested: [requested, { ...requested, action: 'harden', comment: 'worm' }],
  comment: [{ code: 'comment', comment: 'looking' }],
  assigned: [
    { code: 'assigned', to: 'bob' },
    { code: 'assigned', comment: 'shift over' },
  ],
  'command-refused': [{ code: 'command-refused', command: 'contain', refusal: { code: 'not-registered' } }],
  rejected: [{ code: 'rejected' }, { code: 'rejected', comment: 'a test' }],
  'playbook-renamed': [
    { code: 'playbook-renamed', from: 'old', to: 'new' },
    { code: 'playbook-renamed', to: 'new' },
  ],
  'judged-again': [{ code: 'judged-again' }],
  planned: [
    { code: 'planned', actions: ['quarantine', 'disconnect'], impossible: [] },
    {
      code: 'planned',
      actions: ['quarantine'],
      until: 'deactivate-certificate',
      impossible: ['detect-mitigation-task'],
    },
  ],
  'backup-planned': [
    { code: 'backup-planned', action: 'quarantine', detail: [refused] },
    { code: 'backup-planned', action: 'deny-certificate' },
  ],
  step: (['apply', 'verify', 'revert'] as const).flatMap((kind) =>
    (['done', 'unverified', 'conflict', 'refused'] as const).map((result) => ({ ...step, kind, result })),
  ),
  contained: [
    { code: 'contained', strength: [] },
    { code: 'contained', strength: [{ code: 'certificates-held', until: 'spread' }] },
  ],
  status: (
    [
      ...['observed', 'awaiting-approval', 'containing', 'contained', 'containment-failed', 'releasing'],
      ...['release-conflict', 'closed'],
    ] as const
  ).map((status) => ({ code: 'status', status, reason: { code: 'playbook-asks', playbook: 'ask' } })),
  'approval-expired': [
    {
      code: 'approval-expired',
      reason: { code: 'approval-expired', asked: { code: 'playbook-asks', playbook: 'ask' } },
    },
  ],
  drift: [{ code: 'drift' }],
  reconnected: [{ code: 'reconnected', clientId: 'mything1' }],
  'not-held': [notHeld],
  'other-client-id': [{ code: 'other-client-id', clientId: 'impostor' }],
  certificate: [certificate, { ...certificate, objection: shared }],
  'time-release': [
    { code: 'time-release', rule: { after: 86_400_000 } },
    { code: 'time-release', rule: { clearedFor: 1_800_000 } },
    { code: 'time-release' },
  ],
  closed: [
    { code: 'closed', reason: { code: 'released', left: [] } },
    { code: 'closed', reason: { code: 'cleared' }, folded: 12 },
  ],
  text: [{ code: 'text', what: 'words of an earlier release', detail: 'more' }],
};
