import { encode } from 'cborg';
import { logAnswer } from '../../../agent/mqtt/answers';
import { decodeAnswer, encodeReport } from '../../../agent/report/encoding';
import { atOnceSeconds, measureProcessorSeconds } from '../../processor-time';

/** Packed CBOR (tag 51): a table, and 27 that repeat it. */
const table = '880000000000000000';
const doubled = 'd8338481d8e1e08200e080'.repeat(27);

function logged(kind: 'accepted' | 'rejected', payload: Buffer, format: 'json' | 'cbor' = 'json') {
  const entries: unknown[] = [];
  logAnswer(
    (level, event, fields) => entries.push({ level, event, ...fields }),
    'cordon',
    format,
    kind,
    payload,
  );
  return entries;
}

const rejection = {
  thingName: 'myThing',
  status: 'REJECTED',
  statusDetails: { ErrorCode: 'InvalidPayload', ErrorMessage: 'Malformed metrics report' },
  timestamp: 1635802047699,
};

describe('logAnswer', () => {
  it('reads that a report was accepted', () => {
    const answer = Buffer.from(
      '{"thingName":"x","reportId":1542697506,"status":"ACCEPTED","timestamp":1542697506269}',
    );

    expect(logged('accepted', answer)).toEqual([
      { level: 'info', event: 'accepted', destination: 'cordon', reportId: 1542697506 },
    ]);
  });

  it.each([
    ['json', Buffer.from(JSON.stringify(rejection))],
    ['cbor', Buffer.from(encode(rejection))],
  ] as const)('logs a rejection in %s as an error with its code', (format, payload) => {
    expect(logged('rejected', payload, format)).toEqual([
      {
        level: 'error',
        event: 'rejected',
        destination: 'cordon',
        code: 'InvalidPayload',
        message: 'Malformed metrics report',
      },
    ]);
  });

  it.each([
    ['packed tables that double at each level', `d8338481${table}8200${table}80${doubled}e0`],
    ['a tag', 'c11a514b67b0'],
    ['10,000 levels', '81'.repeat(10_000)],
    ['a length beyond its end', 'baffffffff616100'],
    ['a key that comes twice', 'a2616101616102'],
  ])('also logs a rejection in CBOR with %s, at once', (_, hex) => {
    let entries: unknown;

    const seconds = measureProcessorSeconds(() => {
      entries = logged('rejected', Buffer.from(hex, 'hex'), 'cbor');
    });

    expect(entries).toMatchObject([{ message: 'unreadable answer' }]);
    expect(seconds).toBeLessThan(atOnceSeconds);
  });

  it.each([['not JSON'], ['[]'], ['null'], ['"text"'], [''], ['\0\xff']])(
    'also logs a rejection that reads %j',
    (text) => {
      expect(logged('rejected', Buffer.from(text, 'latin1'))).toEqual([
        {
          level: 'error',
          event: 'rejected',
          destination: 'cordon',
          code: 'unknown',
          message: 'unreadable answer',
        },
      ]);
    },
  );

  it('cuts an endless text, and accepts no other type as text', () => {
    const statusDetails = { ErrorCode: 7, ErrorMessage: 'x'.repeat(5000) };

    expect(logged('rejected', Buffer.from(JSON.stringify({ statusDetails })))).toEqual([
      { level: 'error', event: 'rejected', destination: 'cordon', code: 'unknown', message: 'x'.repeat(256) },
    ]);
  });
});

describe('encodeReport', () => {
  const report = { header: { report_id: 1_795_489_975_858, version: '1.0' as const }, custom_metrics: {} };

  it('writes a report id over 32 bits as an integer in CBOR', () => {
    // RFC 8949, section 3: major type 0 with eight bytes is 0x1b.
    expect(encodeReport(report, 'cbor').toString('latin1')).toContain('report_id\x1b');
    expect(decodeAnswer(encodeReport(report, 'cbor'), 'cbor')).toMatchObject({ header: { version: '1.0' } });
  });

  it('writes the same report in JSON', () => {
    expect(JSON.parse(encodeReport(report, 'json').toString())).toEqual(report);
  });
});
