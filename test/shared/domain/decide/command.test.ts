import { readCommand } from '../../../../shared/domain/decide/command';

describe('a command', () => {
  it('has no half characters in what an operator wrote', () => {
    const sent = { type: 'release', thingName: 'mything1', actor: 'ada', comment: 'a\ud800b 🦠' };

    expect(readCommand(JSON.stringify(sent))).toEqual({ ...sent, comment: 'a\ufffdb 🦠' });
  });
});
