import { VersionConflictError } from '../../shared/errors';
import { untilUndisturbed } from '../../shared/undisturbed';

/** Fails with these errors, one a call, then gives the number of the call. */
function failing(errors: readonly Error[]) {
  let calls = 0;
  const act = async () => {
    calls += 1;
    const error = errors[calls - 1];
    if (error) throw error;
    return calls;
  };
  return { act, calls: () => calls };
}

const conflict = () => new VersionConflictError('key');

describe('an operation that retries version conflicts', () => {
  it('succeeds after a version conflict', async () => {
    expect(await untilUndisturbed(3, failing([conflict(), conflict()]).act)).toBe(3);
  });

  it('fails with the conflict after a limited number of attempts', async () => {
    const { act, calls } = failing([conflict(), conflict(), conflict(), conflict()]);

    await expect(untilUndisturbed(3, act)).rejects.toThrow(VersionConflictError);
    expect(calls()).toBe(3);
  });

  it('fails at once with any other error', async () => {
    const { act, calls } = failing([new Error('throttled')]);

    await expect(untilUndisturbed(3, act)).rejects.toThrow('throttled');
    expect(calls()).toBe(1);
  });
});
