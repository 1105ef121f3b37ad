import { readCommand } from '../../../../shared/domain/decide/command';

describe('an operator’s command', () => {
  it('contains no unpaired surrogates in the operator’s text', () => {
    const sent = { type: 'release', thingName: 'mything1', actor: 'ada', comment: 'a\ud800b 🦠' };

    expect(readCommand(JSON.stringify(sent))).toEqual({ ...sent, comment: 'a\ufffdb 🦠' });
  });
});
