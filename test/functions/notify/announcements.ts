import type { Announcement } from '../../../shared/domain/messages/announcement-schema';
import { now } from '../../builders';

export function anAnnouncement(over: Partial<Announcement> = {}): Announcement {
  return {
    version: 1,
    id: 'case-1#1',
    caseId: 'case-1',
    seq: 1,
    at: now,
    kind: 'contained',
    status: 'contained',
    severity: 'critical',
    thingName: 'mything1',
    text: 'the denial is verified',
    playbook: 'spawned-child',
    detector: 'cordon',
    violations: [
      {
        behavior: 'myapp-processes/no-child-processes',
        metric: 'num_child_procs_myapp',
        value: '{"number":1}',
        criteria: '{"value":{"number":0}}',
        words: '1 child process of myapp; at most 0 is normal',
        alarmAt: now - 100,
      },
    ],
    actions: [{ action: 'quarantine', status: 'verified', detail: 'publish is explicitly denied' }],
    evidence: ['/bin/sh -c id (pid 4242, user myapp), started by myapp < systemd'],
    enrichment: ['thing groups: sensors'],
    alertToAppliedMs: 40,
    alertToVerifiedMs: 90,
    ...over,
  };
}

/** Every text of the announcement replaced, as an attacker would who could. */
export function hostileAnnouncement(text: string): Announcement {
  const { violations, actions } = anAnnouncement();
  return anAnnouncement({
    kind: text,
    status: text,
    severity: text,
    thingName: text,
    text,
    playbook: text,
    decided: { command: text, actor: text, comment: text },
    link: text,
    killSwitch: { state: 'on', by: text, at: text, reason: text },
    detector: text,
    violations: Array.from({ length: 20 }, () => ({
      ...violations[0],
      behavior: text,
      metric: text,
      value: text,
      criteria: text,
      words: text,
      alarmAt: now,
    })),
    actions: [...actions, { action: text, status: text, detail: text }],
    evidence: Array(5).fill(text),
    enrichment: Array(6).fill(text),
  });
}
