import { ChannelBusyError } from '../../../../functions/notify/delivery/channel';
import { paceCalls } from '../../../../functions/notify/delivery/pace';
import { readRetryAfter } from '../../../../functions/notify/delivery/retry-after';

function setUp(from?: number) {
  const time = { now: 0 };
  const pauses: number[] = [];
  const heard: number[] = [];
  const pause = async (ms: number) => {
    pauses.push(ms);
    time.now += ms;
  };
  const call = paceCalls({ clock: () => time.now, pause }, { gapMs: 500, answerMs: 1_000 }, 10_000_000, {
    ...(from !== undefined && { from }),
    onBusy: (until) => void heard.push(until),
  });
  const refuse = (times: number, seconds?: number) => async () => {
    times -= 1;
    if (times >= 0) throw new ChannelBusyError('Service', seconds);
    return 'taken';
  };
  return { call, refuse, pauses, heard };
}

describe('a service that is busy', () => {
  it('is asked less and less often if it names no time, and as often as before once it takes a call', async () => {
    const { call, refuse, pauses } = setUp();

    expect(await call(refuse(7))).toBe('taken');
    expect(pauses.splice(0)).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 32_000]);
    await call(refuse(1));

    expect(pauses).toEqual([500, 1_000]);
  });

  it('is waited for as long as it says, an hour at most', async () => {
    const { call, refuse, pauses, heard } = setUp();

    await call(refuse(1, 90));
    await call(refuse(1, 1e9));

    expect(pauses).toEqual([90_000, 500, 3_600_000]);
    expect(heard).toEqual([90_000, 90_500 + 3_600_000]);
  });

  it('is asked at its pace if it says not to wait', async () => {
    const { call, refuse, pauses } = setUp();

    await call(refuse(2, 0));

    expect(pauses).toEqual([500, 500]);
  });

  it('is waited for if the service asked an earlier run to wait', async () => {
    const { call, refuse, pauses } = setUp(30_000);

    await call(refuse(0));

    expect(pauses).toEqual([30_000]);
  });
});

describe('Retry-After', () => {
  it.each<[string | null | undefined, number | undefined]>([
    ['30', 30],
    ['0.5', 0.5],
    ['0', undefined],
    ['-1', undefined],
    ['soon', undefined],
    ['Thu, 01 Jan 2015 00:00:00 GMT', undefined],
    [null, undefined],
    [undefined, undefined],
  ])('of %s is %s seconds', (text, seconds) => {
    expect(readRetryAfter(text)).toBe(seconds);
  });

  it('may be a date', () => {
    const at = new Date(Date.now() + 90_000).toUTCString();

    expect(readRetryAfter(at)).toBeGreaterThan(85);
    expect(readRetryAfter(at)).toBeLessThanOrEqual(90);
  });
});
