import type { ProcessSelector } from '../../../agent/config/metric-definition';
import { createChildSampler } from '../../../agent/processes/child-sampler';
import { type FakeProc, type FakeProcess, ownPid } from '../fake-proc';

export const app: FakeProcess = { pid: 10, comm: 'myapp' };
export const child: FakeProcess = { pid: 11, comm: 'sh', ppid: 10 };

export function watch(proc: FakeProc, selector: ProcessSelector) {
  const sampler = createChildSampler(proc, [selector], ownPid);
  let now = 0;
  return (passedMs = 100) => {
    now += passedMs;
    const [sample] = sampler.sample(now);
    if (!sample) throw new Error('no sample');
    const { state, family, fresh, traces } = sample;
    return {
      state,
      children: family.children.size,
      cameAndWent: traces.length > 0,
      pids: fresh.map(({ pid }) => pid),
    };
  };
}

export const watchMyapp = (proc: FakeProc) => watch(proc, { name: 'myapp' });
