import { openReporter } from '../../../cli/drill/reporter';
import type { Stimulus } from '../../../cli/drill/stimulus';
import type { Outcome, Session } from '../../../proof/device';

const stimulus: Stimulus = {
  ...{ securityProfileName: 'p', behaviorName: 'b', metric: 'm', key: 'number' },
  ...{ violating: { number: 1 }, reports: 1, windowSeconds: 0 },
};

type Detector = Parameters<typeof openReporter>[1];

/**
 * A reporter whose nth message gets the nth answer, if there is one; and the reports that it sent. `cut` ends the session after the
 * broker took the message, `lost` before.
 */
async function aReporter(
  detector: Detector,
  answers: readonly (string | undefined)[],
  sent: Outcome = 'accepted',
) {
  const reports: { header: { report_id: number } }[] = [];
  let answer: (topic: string, payload: string) => void = () => undefined;
  let end: () => void = () => undefined;
  let endedAt: number | undefined;
  const cut = () => {
    endedAt = Date.now();
    end();
  };
  const session: Session = {
    clientId: 'thing-cordon',
    endedAt: () => endedAt,
    ended: new Promise((resolve) => {
      end = resolve;
    }),
    async publish(topic, payload) {
      if (endedAt !== undefined) return 'refused';
      const report = JSON.parse(payload);
      const status = answers[reports.length];
      reports.push(report);
      if (status === 'lost') {
        cut();
        return 'refused';
      }
      if (status === 'cut') setImmediate(cut);
      else if (status !== undefined) {
        const { report_id: reportId } = report.header;
        answer(
          `${topic}/${status}`,
          JSON.stringify({ reportId, statusDetails: { ErrorMessage: 'too old' } }),
        );
      }
      return sent;
    },
    async subscribe(_, onMessage) {
      answer = onMessage;
    },
    end: () => undefined,
  };
  const device = { thingName: 'thing', connect: async () => session };
  const reporter = await openReporter(device, detector, stimulus, 100);
  const value = { number: 1 };
  return {
    reports,
    cut,
    report: () => reporter.report(value),
    reportViolation: () => reporter.reportViolation(value),
  };
}

describe('the drill’s report', () => {
  it('is accepted with one message if that is answered', async () => {
    const { reports, report } = await aReporter('cordon', ['accepted']);

    await report();

    expect(reports).toHaveLength(1);
  });

  it('is sent again under the same id if the answer gets lost', async () => {
    const { reports, report } = await aReporter('cordon', [undefined, 'accepted']);

    await report();

    const ids = reports.map(({ header }) => header.report_id);
    expect(ids).toEqual([ids[0], ids[0]]);
  });

  it.each([
    ['cordon', [], 2, /^report \d+: no answer within 0\.1 s$/],
    // It refuses an id that it has seen.
    ['device-defender', [], 1, /^report \d+: no answer within 0\.1 s$/],
    ['cordon', ['rejected'], 1, /^report \d+: rejected: too old$/],
  ] as const)(
    'of the detector %s with the answers %j fails after %d messages',
    async (detector, answers, count, message) => {
      const { reports, report } = await aReporter(detector, answers);

      await expect(report()).rejects.toThrow(message);
      expect(reports).toHaveLength(count);
    },
  );

  it('may be cut off before the answer by the containment that it causes, but not otherwise', async () => {
    const violating = await aReporter('cordon', ['cut']);
    await violating.reportViolation();
    expect(violating.reports).toHaveLength(1);

    const kept = await aReporter('cordon', ['cut']);
    await expect(kept.report()).rejects.toThrow(/^report \d+: the session ended before the answer$/);
  });

  it('may be cut off while it is sent, or sent again, or before a later one of the same alarm', async () => {
    const whileSent = await aReporter('cordon', ['lost']);
    await whileSent.reportViolation();

    const sentAgain = await aReporter('cordon', [undefined, 'lost']);
    await sentAgain.reportViolation();
    expect(sentAgain.reports).toHaveLength(2);

    const later = await aReporter('cordon', ['accepted']);
    await later.reportViolation();
    later.cut();
    await later.reportViolation();
    expect(later.reports).toHaveLength(1);
  });

  it('fails if the session ended before the first one of the alarm: nothing has contained the device yet', async () => {
    const { cut, reportViolation } = await aReporter('cordon', ['accepted']);
    cut();

    await expect(reportViolation()).rejects.toThrow(/^report \d+: the session had ended before it was sent$/);
  });

  it('fails if the broker does not accept it', async () => {
    const { report } = await aReporter('cordon', [], 'refused');

    await expect(report()).rejects.toThrow(/^report \d+: the broker did not take it \(refused\)$/);
  });
});
