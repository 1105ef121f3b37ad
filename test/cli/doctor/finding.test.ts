import { type Check, runChecks, writeFindings } from '../../../cli/doctor/finding';

describe('runChecks', () => {
  const failing = (name: string, message: string): Check => ({
    about: name,
    run: async () => Promise.reject(Object.assign(new Error(message), { name })),
  });
  it('treats what can not be read as unknown, names a missing right, and continues with the rest', async () => {
    const ok: Check = { about: 'x', run: async () => [{ level: 'ok', about: 'x', what: 'fine' }] };
    const found = await runChecks([
      failing('AccessDenied', 'not authorized to perform: sqs:ListQueues'),
      failing('UnknownOperationException', ''),
      ok,
    ]);
    expect(found).toMatchObject([
      {
        level: 'unknown',
        what: expect.stringMatching(/sqs:ListQueues \(docs\/iam\/doctor\.json has the rights\)$/),
      },
      { level: 'unknown', what: expect.stringContaining('as on the local stack') },
      { level: 'ok' },
    ]);
    expect(writeFindings(found)).toMatch(
      /^unknown .*\nunknown .*\nok .*\n\n0 problems, 2 unknown, 0 notes, 1 ok$/,
    );
  });

  it.each([
    ['InvalidRequestException', 'Unsupported IoT path: POST /test-authorization'],
    [
      'SyntaxError',
      'Unexpected token \'<\', "<!doctype"\n  Deserialization error: to see the raw response, ...',
    ],
    ['Error', '@aws-sdk XML parse error: mismatched tags\n  Deserialization error: to see ...'],
  ])('says in one line that a server lacks a call, from %s: %s', async (name, message) => {
    expect(await runChecks([failing(name, message)])).toMatchObject([
      { level: 'unknown', what: 'it could not be read: this service is not there, as on the local stack' },
    ]);
  });

  it('says on the local stack why it can’t be known there, and elsewhere that the server lacks it', async () => {
    const checks = [
      { ...failing('UnknownOperationException', ''), unknownLocally: 'the local stack has no limit' },
      { ...failing('AccessDenied', 'not authorized'), unknownLocally: 'never said' },
    ];
    expect((await runChecks(checks, { isLocal: true })).map(({ what }) => what)).toEqual([
      'the local stack has no limit',
      expect.stringMatching(/^it could not be read: not authorized /),
    ]);
    expect((await runChecks(checks)).map(({ what }) => what)).toEqual([
      'it could not be read: this service is not there, as on the local stack',
      expect.stringMatching(/^it could not be read: not authorized /),
    ]);
  });

  it('prints no control characters from the name of a thing', async () => {
    const text = writeFindings([{ level: 'problem', about: 't', what: 'it is called \u001b[2J' }]);
    expect(text).not.toContain('\u001b');
  });

  it('counts one problem as one', () => {
    const found = [
      { level: 'problem', about: 'Slack', what: 'there is no secret' },
      { level: 'note', about: 'alarms topic', what: 'nobody is subscribed' },
    ] as const;
    expect(writeFindings(found)).toMatch(/\n1 problem, 0 unknown, 1 note, 0 ok$/);
  });
});
