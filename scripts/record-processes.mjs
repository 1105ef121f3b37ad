// Writes down what the agent reads of /proc, many times a second, until SIGTERM: `node record-processes.mjs FILE [UNIT...]`.
// It stands where the agent would stand, and asks systemd about the units as the agent does. Only what changed since the
// look before is kept: { ownPid, units, frames: [[ms, { path: text or null }, { unit: [asked at, MainPID, ControlPID] }]] }.
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

const [file, ...units] = process.argv.slice(2);
const everyMs = 40;
/** Files that only an exec or a move changes are read this often, and at each look while their process is younger than this. */
const restEveryMs = 1000;
/** Keeps SIGCHLD, SIGHUP and the like. Figures of time and memory change all the time and are left out. */
const statusLines = /^(?:Name|Tgid|NSpid|Uid|SigIgn):.*\n/gm;
const startedAt = performance.now();
const frames = [];
const firstSeenAt = new Map();
let before = new Map();
let answers = {};
let isAsking = false;
let restAt = Number.NEGATIVE_INFINITY;

function attempt(read) {
  try {
    return read();
  } catch {
    // It has ended meanwhile.
    return undefined;
  }
}

const read = (path) => attempt(() => readFileSync(`/proc/${path}`, 'utf8'));

/** Numbers of fields as in proc_pid_stat(5). */
function readStat(pid) {
  const text = read(`${pid}/stat`);
  const end = text?.lastIndexOf(')') ?? -1;
  if (end < 0) return undefined;
  const fields = text.slice(end + 2).split(' ');
  const field = (number) => fields[number - 3];
  const state = 'DI'.includes(field(3)) || field(3) === 'R' ? 'S' : field(3);
  const kept = [
    state,
    field(4),
    field(5),
    field(6),
    0,
    -1,
    0,
    0,
    field(11),
    0,
    field(13),
    0,
    0,
    field(16),
    field(17),
  ];
  return `${text.slice(0, end + 1)} ${[...kept, 20, 0, field(20), 0, field(22)].join(' ')} 0 0 0\n`;
}

function look(now) {
  const files = new Map();
  const put = (path, text) => {
    if (text !== undefined) files.set(path, text);
  };
  const isRest = now - restAt >= restEveryMs;
  if (isRest) restAt = now;
  put('loadavg', `0.00 0.00 0.00 1/1 ${read('loadavg').trim().split(' ')[4]}\n`);
  for (const pid of readdirSync('/proc')) {
    if (!/^\d+$/.test(pid)) continue;
    const stat = readStat(pid);
    if (stat === undefined) continue;
    put(`${pid}/stat`, stat);
    const key = `${pid} ${stat.split(' ').at(-4)}`;
    if (!firstSeenAt.has(key)) firstSeenAt.set(key, now);
    for (const thread of attempt(() => readdirSync(`/proc/${pid}/task`)) ?? [])
      put(`${pid}/task/${thread}/children`, read(`${pid}/task/${thread}/children`));
    const isYoung = now - firstSeenAt.get(key) < restEveryMs;
    const isSame = before.get(`${pid}/stat`) === stat && before.has(`${pid}/cgroup`);
    for (const [name, what] of [
      ['status', () => read(`${pid}/status`)?.match(statusLines)?.join('')],
      ['cgroup', () => read(`${pid}/cgroup`)?.match(/^0::.*\n/m)?.[0]],
      ['cmdline', () => read(`${pid}/cmdline`)],
      ['exe', () => attempt(() => readlinkSync(`/proc/${pid}/exe`))],
      ['cwd', () => attempt(() => readlinkSync(`/proc/${pid}/cwd`))],
    ])
      put(`${pid}/${name}`, isRest || isYoung || !isSame ? what() : before.get(`${pid}/${name}`));
  }
  const changes = {};
  for (const [path, text] of files) if (before.get(path) !== text) changes[path] = text;
  for (const path of before.keys()) if (!files.has(path)) changes[path] = null;
  before = files;
  return changes;
}

function ask(now) {
  if (isAsking || units.length === 0) return;
  isAsking = true;
  execFile('systemctl', ['show', '--property=Id,MainPID,ControlPID', '--', ...units], (_error, output) => {
    isAsking = false;
    for (const block of output.split('\n\n')) {
      const { Id, MainPID, ControlPID } = Object.fromEntries(
        block.split('\n').map((line) => line.split('=')),
      );
      if (Id) answers[Id] = [now, Number(MainPID), Number(ControlPID)];
    }
  });
}

let askedAt = Number.NEGATIVE_INFINITY;
const timer = setInterval(() => {
  const now = Math.round(performance.now() - startedAt);
  const changes = look(now);
  const isOfUnit = Object.entries(changes).some(
    ([path, text]) => path.endsWith('/cgroup') && units.some((unit) => text?.includes(`/${unit}`)),
  );
  if (isOfUnit || now - askedAt >= 2000) {
    askedAt = now;
    ask(now);
  }
  const told = answers;
  answers = {};
  if (Object.keys(changes).length + Object.keys(told).length > 0) frames.push([now, changes, told]);
}, everyMs);

process.on('SIGTERM', () => {
  clearInterval(timer);
  writeFileSync(file, gzipSync(JSON.stringify({ ownPid: process.pid, units, frames }), { level: 9 }));
  process.exit();
});
