import { readCommand } from '../../../../shared/domain/decide/command';

describe('an operator’s command', () => {
  it('contains no unpaired surrogates in the operator’s text', () => {
    const sent = { type: 'release', thingName: 'mything1', actor: 'ada', comment: 'a\ud800b 🦠' };

    expect(readCommand(JSON.stringify(sent))).toEqual({ ...sent, comment: 'a\ufffdb 🦠' });
  });

  it('contains no unpaired surrogates in the operator’s name, of which a surface may have cut off the end', () => {
    const sent = { type: 'assign', thingName: 'mything1', actor: 'slack:U1(a\ud83d)' };

    expect(readCommand(JSON.stringify(sent))).toEqual({ ...sent, actor: 'slack:U1(a\ufffd)' });
  });
});
