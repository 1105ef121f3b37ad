import { writeMessageJson } from '../../../shared/domain/json';

/** What SQS takes (API reference, SendMessage), without what it has not always taken: an emoji, for example. */
const allowed = /^[\t\n\r\u0020-\ud7ff\ue000-\ufffd]*$/;

describe('the JSON of a message body', () => {
  it('contains only characters that SQS accepts, and has the same value', () => {
    const value = { '\uffff': 'a\uffff\ufffe\u0000\u001f\ud800b"\\🦠', list: ['\ufffe'] };

    const body = writeMessageJson(value);

    expect(body).toMatch(allowed);
    expect(JSON.parse(body)).toEqual(value);
  });
});
