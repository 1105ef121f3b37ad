import { writePipelineLine } from '../../cli/pipeline';
import { describePipeline } from '../../shared/domain/heartbeat';
import { now } from '../builders';

describe('the pipeline line', () => {
  const heartbeat = { sentAt: now - 230, takenAt: now - 200, arrivedAt: now - 100, announcedAt: now };

  it.each([
    [0, 'pipeline: 230 ms, 0 s ago'],
    [40_900, 'pipeline: 230 ms, 40 s ago'],
    [119_000, 'pipeline: 230 ms, 119 s ago'],
    [170_000, 'pipeline: 230 ms, 2 min ago'],
    [720_000, 'pipeline: 230 ms, 12 min ago, NO HEARTBEAT COMES THROUGH: npx cordon doctor'],
    [100 * 3_600_000, 'pipeline: 230 ms, 100 h ago, NO HEARTBEAT COMES THROUGH: npx cordon doctor'],
  ])('after %d ms is: %s', (age, line) => {
    expect(writePipelineLine(describePipeline(heartbeat, now + age))).toBe(line);
  });

  it('says that there has been no heartbeat', () => {
    expect(writePipelineLine(undefined)).toBe('pipeline: no heartbeat yet');
  });

  it('shows no negative time if clocks differ', () => {
    const ahead = { ...heartbeat, sentAt: now + 5_000 };

    expect(writePipelineLine(describePipeline(ahead, now - 1_000))).toBe('pipeline: 0 ms, 0 s ago');
  });
});
