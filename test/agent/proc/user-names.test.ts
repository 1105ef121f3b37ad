import { createUserNames, parsePasswd } from '../../../agent/proc/user-names';

describe('parsePasswd', () => {
  it('returns the first name of an id, and skips lines that are no entry', () => {
    const text =
      'root:x:0:0:root:/root:/bin/sh\ntoor:x:0:0::/:\n\n#pi:x:y:\npi:x:1000:1000::/home/pi:/bin/sh\n:x:5:\n';

    expect([...parsePasswd(text)]).toEqual([
      [0, 'root'],
      [1000, 'pi'],
    ]);
  });
});

describe('createUserNames', () => {
  it('gives the number if there is no name', () => {
    expect(createUserNames('/nonexistent/passwd')(1000)).toBe('1000');
  });
});
