/** The app that is watched, whose name attackers go by too. */
export const appName = 'cordonattacked';

/** Programs for `node -e`; `folder` is the attacker's own, on the file system of the agent's state. */
export const attacks: Readonly<Record<string, string>> = {
  'nothing (for comparison)': 'setInterval(() => {}, 1000);',
  'hundreds of processes that live': `
    for (let n = 0; n < 300; n++) spawn('sleep', ['100'], { stdio: 'ignore' });
    setInterval(() => {}, 1000);`,
  'processes that come and go all the time': `
    const again = () => spawn('true', [], { stdio: 'ignore' }).once('close', again).once('error', () => setTimeout(again, 50));
    for (let n = 0; n < 8; n++) again();`,
  'names that look like stat lines and like the app': `
    const names = ['x) R 1 (y', 'a\\nb', ') Z 0 0 0', '\\x1b[31m', '(sd-pam)', 'systemd', '${appName}x'];
    setInterval(() => {
      for (const name of names) spawn('bash', ['-c', 'exec -a "$1" sleep 1', 'bash', name], { stdio: 'ignore' }), spawn('bash', ['-c', 'printf %s "$1" > /proc/$$/comm; read -t 1 < <(sleep 2)', 'bash', name], { stdio: 'ignore' });
    }, 400);`,
  'command lines and environments of 100 KB': `
    const big = 'A'.repeat(100000);
    setInterval(() => { for (let n = 0; n < 5; n++) spawn('sleep', ['1', ], { argv0: big, env: { PATH: process.env.PATH, B: big }, stdio: 'ignore' }); }, 500);`,
  'a thousand threads': `
    const { pbkdf2 } = require('node:crypto');
    for (let n = 0; n < 1000; n++) pbkdf2('a', 'b', 1, 20, 'sha1', () => {});
    setInterval(() => {}, 1000);`,
  'threads that come and go': `
    const { Worker } = require('node:worker_threads');
    const again = () => new Worker('0', { eval: true, resourceLimits: { maxOldGenerationSizeMb: 8 } }).once('exit', again);
    for (let n = 0; n < 3; n++) again();`,
  'programs at paths of 4,200 bytes, with their folder gone': `
    const fs = require('node:fs');
    for (let depth = 0; depth < 17; depth++) { fs.mkdirSync('d'.repeat(250), { recursive: true }); process.chdir('d'.repeat(250)); }
    fs.copyFileSync(fs.realpathSync('/bin/sleep'), 'x'); fs.chmodSync('x', 0o755);
    for (let n = 0; n < 50; n++) spawn('./x', ['100'], { stdio: 'ignore' });
    fs.unlinkSync('x');
    setInterval(() => {}, 1000);`,
  'thousands of sockets': `
    const net = require('node:net');
    const server = net.createServer(() => {}).listen(0, '127.0.0.1', () => {
      for (let n = 0; n < 1500; n++) net.connect(server.address().port, '127.0.0.1').on('error', () => {});
    });
    for (let n = 0; n < 500; n++) net.createServer().listen(0, '127.0.0.1');`,
  'a full disk, where the agent keeps its state': `
    const fs = require('node:fs');
    const file = fs.openSync(folder + '/fill', 'w');
    const fill = () => { try { for (;;) fs.writeSync(file, Buffer.alloc(65536)); } catch {} };
    setInterval(fill, 20); fill();`,
  'no inodes, where the agent keeps its state': `
    const fs = require('node:fs');
    let n = 0;
    setInterval(() => { try { for (;;) fs.writeFileSync(folder + '/i' + n++, ''); } catch {} }, 50);`,
  'all the notifications of files that a user may have': `
    const fs = require('node:fs');
    const watchers = [];
    try { for (;;) watchers.push(fs.watch('/tmp', () => {})); } catch {}
    setInterval(() => {}, 1000);`,
  'signals to the agent': `
    setInterval(() => {
      for (const signal of ['SIGSTOP', 'SIGKILL', 'SIGTERM', 'SIGHUP', 'SIGCONT', 'SIGUSR1'])
        try { process.kill(agent, signal); } catch {}
    }, 100);`,
  'pipes and links in place of the files of the agent': `
    const fs = require('node:fs');
    const state = folder + '/../state', names = ['attacked.report-id', 'attacked.report-id.' + agent + '.tmp', 'attacked.restarts', 'attacked.spool'];
    setInterval(() => {
      for (const name of names) {
        spawn('mkfifo', [state + '/' + name], { stdio: 'ignore' });
        try { fs.symlinkSync('/etc/passwd', state + '/' + name + '.x'); fs.renameSync(state + '/' + name + '.x', state + '/' + name); } catch {}
      }
      try { fs.renameSync(state, folder + '/state'); } catch {}
    }, 500);`,
  'the processor, at all its cores': `
    for (let n = 0; n < 2; n++) spawn('sh', ['-c', 'while :; do :; done'], { stdio: 'ignore' });
    setInterval(() => {}, 1000);`,
};
