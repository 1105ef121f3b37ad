import { randomBytes } from 'node:crypto';
import { holdsObject } from '../../shared/domain/case/held-objects';
import type { Command } from '../../shared/domain/decide/command';
import {
  fakeCases,
  fakeClientIds,
  fakeConnections,
  fakeHeldThings,
  fakeLeases,
  fakeQueue,
  fakeThings,
} from '../fakes';
import { fakeCertificates, fakeJobs, fakePolicies } from '../fakes-actions';
import { fakeDetection } from '../fakes-detection';
import { withPolicies } from '../shared/mitigation/setting';
import type { Account } from './account';
import type { Storage } from './case-store-contract';
import type { Mailbox } from './command-queue-contract';
import type { LiveSessions } from './connections-contract';
import { aName } from './laws';
import type { Registry } from './registry';

/** The fakes that unit tests run on. */
export function openFakeAccount(): Account {
  return {
    name: 'the in-memory fakes',
    mayLack: false,
    openStorage: async () => openStorage(),
    openRegistry: async () => openRegistry(),
    openLiveSessions: async () => openLiveSessions(),
    openMailbox: async () => openMailbox(),
    async close() {},
  };
}

function openStorage(): Storage {
  const { cases, fleetLimit, timeline, archived, items } = fakeCases();
  const { leases } = fakeLeases((name, object) => holdsObject(items.get(name)?.value, object));
  return {
    cases,
    fleetLimit,
    leases,
    ...fakeClientIds(),
    heldThings: fakeHeldThings(cases, leases),
    detection: fakeDetection(),
    readTimeline: async (caseId) =>
      [...timeline]
        .filter(([key]) => key.startsWith(`${caseId}#`))
        .map(([, { entries, previousHash, hash }]) => ({ entries, previousHash, hash })),
    listClosed: async (thingName) =>
      [...archived.values()]
        .filter((record) => record.thingName === thingName)
        .sort((a, b) => b.closedAt - a.closedAt),
  };
}

function openRegistry(): Registry {
  const denyingGroup = aName('group');
  const { register, find, things, groups } = fakeThings(denyingGroup);
  const stored = fakePolicies();
  const { certificates, statuses } = fakeCertificates();
  return {
    things: withPolicies(things, stored),
    policies: stored.policies,
    certificates,
    jobs: fakeJobs().jobs,
    async createThing(thingName, attributes = {}) {
      register(thingName, { attributes, thingTypeName: undefined, groups: new Set(), principals: [] });
    },
    createGroup: async (groupName) => void groups.add(groupName),
    createDenyingGroup: async () => denyingGroup,
    createPolicy: async (policyName, document) => void stored.create(policyName, [document]),
    async createCertificate() {
      const id = randomBytes(32).toString('hex');
      statuses.set(id, 'ACTIVE');
      return { id, arn: `arn:aws:iot:us-east-1:000000000000:cert/${id}` };
    },
    attachCertificate: async (thingName, arn) => void find(thingName).principals.push(arn),
    async createDevicePolicy() {
      const policyName = aName('policy');
      stored.create(policyName, ['what fake devices may do is fixed']);
      return policyName;
    },
  };
}

function openLiveSessions(): LiveSessions {
  const { sessions, published, connections } = fakeConnections();
  return {
    connections,
    async connect(thingName) {
      sessions.set(thingName, Date.now());
      const since = published.length;
      const kept = new Map(published.filter(({ retain }) => retain).map((one) => [one.topic, one]));
      return {
        received: () =>
          [...kept.values(), ...published.slice(since)]
            .filter(({ topic }) => topic.startsWith(`app/${thingName}/`))
            .map(({ topic, body }) => ({ topic, body })),
        isLive: () => sessions.has(thingName),
      };
    },
  };
}

function openMailbox(): Mailbox {
  const { waiting, commands } = fakeQueue();
  return {
    commands,
    async take(inWork) {
      const taken: Command[] = [];
      for (const command of waiting.splice(0)) {
        const isHeldBack =
          command.thingName === inWork && taken.some(({ thingName }) => thingName === inWork);
        if (!isHeldBack) taken.push(command);
      }
      return taken;
    },
  };
}
