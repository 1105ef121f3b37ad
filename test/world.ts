import type { EnginePorts } from '../functions/respond/engine';
import { holdsObject } from '../shared/domain/case/held-objects';
import type { KillSwitch } from '../shared/domain/guards/kill-switch';
import type { Announcement } from '../shared/domain/messages/announcement-schema';
import { account, certificateArn, now } from './builders';
import { fakeCases, fakeClientIds, fakeConnections, fakeLeases, fakeTelemetry, fakeThings } from './fakes';
import { fakeCertificates, fakeDefender, fakeJobs, fakePolicies } from './fakes-actions';

/** Sees each call of a port: it may count it, fail before it, or fail after it took effect. */
export type Hook = (call: string, perform: () => Promise<unknown>) => Promise<unknown>;

/** Sends every call of a port through the hook that is set at that time. */
function watch<T extends object>(name: string, port: T, hook: () => Hook): T {
  const watched = Object.entries(port).map(([method, call]) => [
    method,
    (...args: unknown[]) => hook()(`${name}.${method}`, async () => call.apply(port, args)),
  ]);
  return Object.fromEntries(watched);
}

/** Everything `respond` needs, with one registered and connected thing, `mything1`. */
export function aWorld() {
  const time = { now };
  const stored = fakeCases();
  const registered = fakeThings();
  const live = fakeConnections();
  const told: Announcement[] = [];
  const telemetry = fakeTelemetry();
  const calls: string[] = [];
  const policies = fakePolicies();
  const certificates = fakeCertificates();
  certificates.statuses.set(certificateArn.slice(certificateArn.indexOf('/') + 1), 'ACTIVE');
  const jobs = fakeJobs();
  const heard = fakeClientIds();
  const defender = fakeDefender();
  const held = fakeLeases((name, object) => holdsObject(stored.items.get(name)?.value, object));
  const world = {
    held,
    policies,
    certificates,
    jobs,
    defender,
    time,
    stored,
    registered,
    live,
    told,
    telemetry,
    calls,
    heard: heard.clientIds,
    killSwitch: { state: 'off' } as KillSwitch,
    hook: ((_call, perform) => perform()) as Hook,
  };
  const hook: Hook = (call, perform) => {
    calls.push(call);
    return world.hook(call, perform);
  };
  const announcer = {
    async publish(announcement: Announcement) {
      told.push(structuredClone(announcement));
    },
  };
  const ports: EnginePorts = {
    cases: watch('cases', stored.cases, () => hook),
    fleetLimit: watch('fleetLimit', stored.fleetLimit, () => hook),
    refusals: watch('refusals', stored.refused, () => hook),
    detection: watch('detection', stored.detection, () => hook),
    killSwitch: async () => world.killSwitch,
    things: watch('things', registered.things, () => hook),
    connections: watch('connections', live.connections, () => hook),
    policies: watch('policies', policies.policies, () => hook),
    certificates: watch('certificates', certificates.certificates, () => hook),
    jobs: watch('jobs', jobs.jobs, () => hook),
    knownIds: heard.clientIds,
    leases: watch('leases', held.leases, () => hook),
    defender: watch('defender', defender.defender, () => hook),
    announcer: watch('announcer', announcer, () => hook),
    context: { own: account, customMetrics: {} },
    log: telemetry.log,
    metrics: telemetry.metrics,
    clock: () => time.now,
  };
  registered.register('mything1');
  live.sessions.set('mything1', now - 60_000);
  return Object.assign(world, { ports });
}

export type World = ReturnType<typeof aWorld>;
