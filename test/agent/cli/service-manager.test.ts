import { openServiceManager } from '../../../agent/cli/service-manager';

describe('the messages to systemd', () => {
  let sent: string[];
  let logged: string[];
  beforeEach(() => {
    sent = [];
    logged = [];
  });
  const open = (env: Record<string, string>, failure?: string) =>
    openServiceManager(
      env,
      42,
      (_level, event) => logged.push(event),
      (args, onFailure) => {
        sent.push(args.join(' '));
        if (failure !== undefined) onFailure(failure);
      },
    );
  const asked = { NOTIFY_SOCKET: '/run/systemd/notify' };

  it('are not sent if systemd did not ask for them', () => {
    const manager = open({ WATCHDOG_USEC: '1000000' });
    manager.ready();
    manager.status('x');
    manager.alive(0);
    manager.stopping();

    expect(sent).toEqual([]);
  });

  it('are readiness, each new status once, and the end', () => {
    const manager = open(asked);
    manager.ready();
    manager.status('connected');
    manager.status('connected');
    manager.status('not connected: a\nREADY=1\u0085b');
    manager.stopping();

    expect(sent).toEqual([
      ...['--ready', '--status=connected', '--status=not connected: a READY=1 b', 'STOPPING=1'],
    ]);
  });

  it('include three watchdog pings in each watchdog interval', () => {
    const manager = open({ ...asked, WATCHDOG_USEC: '3000000', WATCHDOG_PID: '42' });
    for (let now = 0; now < 3000; now += 100) manager.alive(now);

    expect(sent).toEqual(['WATCHDOG=1', 'WATCHDOG=1', 'WATCHDOG=1']);
  });

  it.each([
    ['has none', asked],
    ['is of another process', { ...asked, WATCHDOG_USEC: '3000000', WATCHDOG_PID: '7' }],
  ])('include no watchdog ping if the watchdog %s', (_what, env) => {
    open(env).alive(0);

    expect(sent).toEqual([]);
  });

  it('cause one warning if systemd does not listen', () => {
    const manager = open(asked, 'no such file');
    manager.ready();
    manager.stopping();

    expect(logged).toEqual(['service-manager-unreachable']);
  });
});
