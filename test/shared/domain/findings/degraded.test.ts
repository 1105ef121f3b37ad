import type { Health } from '../../../../agent/report/health';
import { describeDegraded } from '../../../../shared/domain/findings/degraded';

/** Each reason that the agent of this version may report: the compiler knows when one is missing. */
const reasons: Readonly<Record<Health['degraded'][number], true>> = {
  'cpu-budget': true,
  gap: true,
  'no-children-files': true,
  'no-new-pids': true,
  hidden: true,
  unreadable: true,
  'shared-cgroup': true,
  exceptions: true,
  'sigchld-ignored': true,
  state: true,
};

describe('what limits the view of an agent', () => {
  it.each(Object.keys(reasons))('has words for people: %s', (reason) => {
    expect(describeDegraded([reason])).toMatch(/^[a-z][^;]{15,}$/);
    expect(describeDegraded([reason])).not.toMatch(/^reports /);
  });

  it('is shown unchanged if another version of the agent has its own reason, even one of an object', () => {
    expect(describeDegraded(['constructor', 'gap', 'no-ebpf'])).toBe(
      'reports constructor; stood still for a time; reports no-ebpf',
    );
  });

  it('is only called incomplete if the reasons are not known', () => {
    expect(describeDegraded([])).toBe('has an incomplete view');
  });
});
