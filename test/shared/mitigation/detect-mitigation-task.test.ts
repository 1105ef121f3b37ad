import type { PriorOf } from '../../../shared/mitigation/action';
import { mitigations } from '../../../shared/mitigation/registry';
import { aSetting, inWords } from './setting';

const detectMitigationTask = inWords(mitigations['detect-mitigation-task']);

const prior: PriorOf<'detect-mitigation-task'> = {
  action: 'detect-mitigation-task',
  taskId: 'cordon-case-1',
  violationIds: ['v1', 'v2'],
};

function answering(task: { status: string; executed: number; failed: number }) {
  const { context, defender } = aSetting();
  return { ...context, defender: { ...defender.defender, describeTask: async () => task } };
}

describe('detect-mitigation-task', () => {
  it('starts one task for its violations, and changes nothing when repeated', async () => {
    const { context, defender } = aSetting();

    for (let time = 0; time < 2; time += 1) {
      expect(await detectMitigationTask.apply(prior, context)).toEqual({
        result: 'done',
        detail: 'task cordon-case-1 started',
      });
      expect([...defender.tasks]).toEqual([['cordon-case-1', ['v1', 'v2']]]);
    }
    expect(await detectMitigationTask.verify(prior, context)).toMatchObject({ result: 'done' });
  });

  it('starts no task without a violation of Device Defender', async () => {
    const { context, defender } = aSetting();

    expect(await detectMitigationTask.apply({ ...prior, violationIds: [] }, context)).toMatchObject({
      result: 'refused',
    });
    expect(defender.tasks.size).toBe(0);
  });

  it.each([
    ['runs', { status: 'IN_PROGRESS', executed: 1, failed: 0 }],
    ['succeeded, yet did nothing', { status: 'SUCCESSFUL', executed: 0, failed: 0 }],
    ['succeeded but for one thing', { status: 'SUCCESSFUL', executed: 1, failed: 1 }],
    ['failed', { status: 'FAILED', executed: 0, failed: 1 }],
    ['was canceled', { status: 'CANCELED', executed: 0, failed: 0 }],
  ])('is unverified while the task %s', async (_, task) => {
    expect(await detectMitigationTask.verify(prior, answering(task))).toEqual({
      result: 'unverified',
      detail: `task cordon-case-1 is ${task.status}: ${task.executed} executed, ${task.failed} failed`,
    });
  });

  it('leaves the revert to quarantine', async () => {
    expect(await detectMitigationTask.revert(prior, aSetting().context)).toMatchObject({ result: 'done' });
  });
});
