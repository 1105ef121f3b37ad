import { createPolicyCache, type PolicyCache } from '../../../../local/aws/mqtt/policy-cache';

const subject = { certificateId: 'c', clientId: 'mything1' };
let currentAt: number;
let version: number;
let statements: string[];

beforeEach(() => {
  currentAt = 0;
  version = 1;
  statements = ['allow'];
});

function createCache(delaySeconds: number): PolicyCache<readonly string[]> {
  return createPolicyCache({
    compute: () => statements,
    version: () => version,
    delaySeconds,
    now: () => currentAt,
  });
}

function change(cache: PolicyCache<readonly string[]>, ...next: string[]): void {
  statements = next;
  version += 1;
  cache.noteChange();
}

describe('the policy cache', () => {
  it('shows a change at once without a delay', () => {
    const cache = createCache(0);
    cache.statementsOf(subject);

    change(cache, 'deny');

    expect(cache.statementsOf(subject)).toEqual(['deny']);
  });

  it('shows a change once the delay after the change is over', () => {
    const cache = createCache(10);
    cache.statementsOf(subject);
    change(cache, 'deny');

    currentAt = 9999;
    const before = cache.statementsOf(subject);
    currentAt = 10_000;

    expect([before, cache.statementsOf(subject)]).toEqual([['allow'], ['deny']]);
  });

  it('shows each of several changes in its turn', () => {
    const cache = createCache(10);
    cache.statementsOf(subject);
    change(cache, 'deny');
    currentAt = 5000;
    change(cache, 'allow again');

    const seen = [5000, 10_000, 14_999, 15_000].map((at) => {
      currentAt = at;
      return cache.statementsOf(subject)[0];
    });

    expect(seen).toEqual(['allow', 'deny', 'deny', 'allow again']);
  });

  it('returns the present state of a subject it sees for the first time', () => {
    const cache = createCache(10);
    change(cache, 'deny');

    expect(cache.statementsOf(subject)).toEqual(['deny']);
  });

  it('keeps an effective change when a delay is set', () => {
    const cache = createCache(0);
    cache.statementsOf(subject);
    change(cache, 'deny');

    cache.setDelaySeconds(10);

    expect(cache.statementsOf(subject)).toEqual(['deny']);
  });

  it('applies waiting changes when the delay is removed', () => {
    const cache = createCache(10);
    cache.statementsOf(subject);
    change(cache, 'deny');

    cache.setDelaySeconds(0);

    expect(cache.statementsOf(subject)).toEqual(['deny']);
  });
});
