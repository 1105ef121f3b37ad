import { host } from '../host';
import type { Log } from '../log';

/** Notifies systemd (sd_notify(3)); does nothing if it did not ask. */
export interface ServiceManager {
  ready(): void;
  status(text: string): void;
  stopping(): void;
  /** Notifies the watchdog in time that the agent is not stuck. `now`: milliseconds of a steady clock. */
  alive(now: number): void;
}

type Send = (args: readonly string[], onFailure: (reason: string) => void) => void;

/** At least two pings within the watchdog's timeout. */
const pingsInTime = 3;

/**
 * Node has no unix datagram sockets (nodejs/node#31414, #61933), and a native addon would end the one file for every
 * device; so `systemd-notify`, a part of systemd itself, sends. It waits until the message was taken in
 * (sd_notify_barrier, systemd 246), so the unit needs NotifyAccess=all and no message is lost.
 */
const sendBySystemdNotify: Send = (args, onFailure) => {
  const env = { PATH: process.env.PATH, NOTIFY_SOCKET: process.env.NOTIFY_SOCKET };
  try {
    host.execFile('systemd-notify', [...args], { env, timeout: 10_000 }, (error) => {
      if (error) onFailure(error.message);
    });
  } catch (error) {
    // If a program can't start, Node.js throws for some errnos and emits an error later for others (child_process).
    onFailure((error as Error).message);
  }
};

export function openServiceManager(
  env: Readonly<Record<string, string | undefined>>,
  pid: number,
  log: Log,
  send: Send = sendBySystemdNotify,
): ServiceManager {
  const isAsked = Boolean(env.NOTIFY_SOCKET);
  const isWatched = isAsked && (env.WATCHDOG_PID === undefined || env.WATCHDOG_PID === String(pid));
  const watchdogMs = isWatched ? Number(env.WATCHDOG_USEC ?? 0) / 1000 : 0;
  let pingedAt = Number.NEGATIVE_INFINITY;
  let lastStatus: string | undefined;
  let hasFailed = false;
  const notify = (...args: string[]): void => {
    if (!isAsked) return;
    send(args, (reason) => {
      if (!hasFailed) log('warn', 'service-manager-unreachable', { reason });
      hasFailed = true;
    });
  };
  return {
    ready: () => notify('--ready'),
    status: (text) => {
      if (text === lastStatus) return;
      lastStatus = text;
      // A line break would begin an assignment of its own; a broker's certificate may have one in its names.
      notify(`--status=${text.replace(/\p{Cc}/gu, ' ')}`);
    },
    stopping: () => notify('STOPPING=1'),
    alive: (now) => {
      if (!(watchdogMs > 0) || now - pingedAt < watchdogMs / pingsInTime) return;
      pingedAt = now;
      notify('WATCHDOG=1');
    },
  };
}
