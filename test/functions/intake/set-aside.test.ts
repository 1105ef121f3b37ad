import { aRecord } from '../../fakes';
import { anAlert, connected, holdThing, setUp } from './an-intake';

/** The message of a rule's error action. */
const setAside = (topic: string, payload: unknown, over: object = {}) => ({
  ruleName: 'a_rule',
  topic,
  cloudwatchTraceId: 'trace',
  clientId: 'mything1',
  base64OriginalPayload: Buffer.from(JSON.stringify(payload)).toString('base64'),
  failures: [{ failedAction: 'SqsAction', failedResource: 'queue', errorMessage: 'no' }],
  ...over,
});

describe('intake, given a message that an error action set aside,', () => {
  it('treats an alert as one of an unknown reporter, whatever the alert claims', async () => {
    const { take, sent } = setUp();
    const cordon = { reporter: { clientId: 'mything1', principal: 'a'.repeat(64) } };

    await take(aRecord(setAside('app/alerts', anAlert({ cordon }))));

    expect(sent.map(({ command }) => command)).toEqual([
      expect.objectContaining({
        type: 'violation',
        violation: expect.objectContaining({ reporter: { clientId: 'mything1', principal: 'n/a' } }),
      }),
    ]);
  });

  it('accepts a connect of a held thing', async () => {
    const { handlePresence, sent, items } = setUp();
    holdThing(items, true);

    await handlePresence(setAside('$aws/events/presence/connected/mything1', connected()));

    expect(sent.map(({ command }) => command.type)).toEqual(['reconnected']);
  });

  it.each([
    ['no event', setAside('$aws/events/presence/connected/mything1', 'hello')],
    ['a topic that devices may publish to', setAside('app/connected', connected())],
    ['no JSON', setAside('$aws/events/presence/connected/x', {}, { base64OriginalPayload: '!!' })],
    ['an envelope in an envelope', setAside('$aws/events/presence/x', setAside('x', connected()))],
    ['an envelope that is none', setAside('', connected())],
    [
      'more than MQTT takes',
      setAside('$aws/events/presence/x', {}, { base64OriginalPayload: 'A'.repeat(174_768) }),
    ],
  ])('sets the message aside again if it has %s', async (_, body) => {
    const { handlePresence, letters, sent, items } = setUp();
    holdThing(items, true);

    await handlePresence(body);

    expect([letters.length, sent]).toEqual([1, []]);
  });
});
