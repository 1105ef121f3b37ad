#!/bin/sh
# The device's life that scripts/record-processes.sh records: `prepare` puts it into a root, `play` runs in there as a service.
# None of the apps ever starts a process.
set -eu
file=/var/lib/recording.json.gz

unit() {
  name=$1
  {
    echo '[Unit]'
    echo "Description=$name"
    echo '[Service]'
    cat
    printf '[Install]\nWantedBy=multi-user.target\n'
  } > "/etc/systemd/system/$name.service"
  ln -sf "/etc/systemd/system/$name.service" "/etc/systemd/system/multi-user.target.wants/$name.service"
}

script() {
  mkdir -p "$(dirname "$1")"
  cat > "$1"
  chmod 755 "$1"
}

prepare() {
  echo device > /etc/hostname
  mkdir -p /opt/myapp /opt/webapp /opt/sensor /etc/systemd/system/multi-user.target.wants /etc/systemd/system/timers.target.wants
  # What else is installed here, and what needs hardware, stays out; the daily timers are run by hand below.
  for one in postgresql.service systemd-udevd.service udev.service systemd-networkd.service systemd-resolved.service \
    systemd-timesyncd.service getty.target nginx.service redis-server.service mariadb.service apache2.service docker.service; do
    ln -sf /dev/null "/etc/systemd/system/$one"
  done
  cp /usr/bin/sleep /opt/myapp/myapp
  cp /usr/bin/sleep /opt/sensor/sensor
  unit myapp <<'UNIT'
ExecStartPre=/bin/sh -c 'mkdir -p /run/myapp && sleep 0.3'
ExecStart=/opt/myapp/myapp infinity
ExecStartPost=/bin/sh -c 'echo $MAINPID > /run/myapp/started; sleep 0.2'
ExecReload=/bin/sh -c 'date > /run/myapp/reloaded && sleep 0.2'
ExecStopPost=/bin/sh -c 'sleep 0.2; rm -rf /run/myapp'
Restart=always
RestartSec=500ms
UNIT
  script /opt/webapp/app.js <<'SCRIPT'
const { Worker } = require('node:worker_threads');
require('node:http').createServer((_, answer) => answer.end('ok')).listen(8080, '127.0.0.1');
process.on('SIGHUP', () => undefined);
setInterval(() => new Worker('setTimeout(() => {}, 700)', { eval: true }), 5000);
SCRIPT
  unit webapp <<'UNIT'
WorkingDirectory=/opt/webapp
ExecStart=/usr/bin/node app.js
ExecReload=/bin/kill -HUP $MAINPID
Restart=on-failure
UNIT
  script /opt/collector/collector <<'SCRIPT'
#!/usr/bin/perl
$SIG{HUP} = sub { };
while (1) { sleep 2; open(my $f, '>>', '/var/log/myapp'); print $f time, "\n"; close $f; }
SCRIPT
  unit collector <<'UNIT'
ExecStart=/opt/collector/collector
ExecReload=/bin/kill -HUP $MAINPID
UNIT
  # A daemon that starts its workers anew when it is told to.
  script /opt/master/master <<'SCRIPT'
#!/usr/bin/perl
my @workers;
sub start { for (1 .. 2) { my $pid = fork // die; if (!$pid) { $SIG{HUP} = 'IGNORE'; sleep 1 while 1 } push @workers, $pid } }
$SIG{HUP} = sub { kill TERM => @workers; waitpid $_, 0 for @workers; @workers = (); exec $0 if -e '/run/exec'; start };
start;
sleep 1 while 1;
SCRIPT
  unit master <<'UNIT'
ExecStart=/opt/master/master
ExecReload=/bin/kill -HUP $MAINPID
UNIT
  mkdir -p /opt/container/rootfs
  cat > /opt/container/config.json <<'CONFIG'
{
  "ociVersion": "1.0.0",
  "process": {
    "user": { "uid": 0, "gid": 0 }, "cwd": "/", "env": ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"],
    "args": ["/opt/sensor/sensor", "infinity"]
  },
  "root": { "path": "rootfs" },
  "mounts": [
    { "destination": "/proc", "type": "proc", "source": "proc" },
    { "destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": ["mode=755"] }
  ],
  "linux": {
    "cgroupsPath": "/system.slice/docker-4f1c0de5a7b84c6aa3a1d0f1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5.scope",
    "namespaces": [{ "type": "pid" }, { "type": "mount" }, { "type": "ipc" }, { "type": "uts" }]
  }
}
CONFIG
  unit container <<'UNIT'
ExecStartPre=/bin/mount --bind / /opt/container/rootfs
ExecStart=/usr/bin/crun run --bundle /opt/container sensor
ExecStop=/usr/bin/crun kill sensor KILL
ExecStopPost=/bin/umount -l /opt/container/rootfs
UNIT
  script /etc/cron.minutely/look <<'SCRIPT'
#!/bin/sh
pgrep -a myapp > /dev/null
df / | tail -n 1 | logger -t look
SCRIPT
  script /etc/cron.minutely/version <<'SCRIPT'
#!/bin/sh
/opt/myapp/myapp --version | head -n 1 > /dev/null
grep -c myapp /var/log/syslog
SCRIPT
  echo '* * * * * root cd / && run-parts --report /etc/cron.minutely > /dev/null' > /etc/cron.d/minutely
  echo '* * * * * root command -v debian-sa1 > /dev/null && debian-sa1 1 1' > /etc/cron.d/statistics
  cat > /etc/logrotate.d/myapp <<'ROTATE'
/var/log/myapp {
  rotate 4
  postrotate
    systemctl reload webapp.service myapp.service
  endscript
}
ROTATE
  echo line > /var/log/myapp
  useradd -m -s /bin/bash tech
  mkdir -p /root/.ssh /home/tech/.ssh
  ssh-keygen -q -t ed25519 -N '' -f /root/.ssh/recorder
  cp /root/.ssh/recorder.pub /home/tech/.ssh/authorized_keys
  chown -R tech /home/tech
  {
    echo '[Service]'
    echo "ExecStart=/usr/bin/node /opt/record-processes.mjs $file myapp.service webapp.service collector.service container.service"
  } > /etc/systemd/system/cordon-agent.service
  {
    echo '[Unit]'
    echo 'After=multi-user.target'
    echo '[Service]'
    echo 'ExecStart=/bin/sh /opt/record-processes-scene.sh play'
    echo 'StandardOutput=append:/var/log/scene.log'
    echo 'StandardError=append:/var/log/scene.log'
  } > /etc/systemd/system/scene.service
  # Started by a timer, since it waits for what boots.
  printf '[Timer]\nOnActiveSec=1\n' > /etc/systemd/system/scene.timer
  ln -sf /etc/systemd/system/scene.timer /etc/systemd/system/timers.target.wants/scene.timer
}

say() { echo "$(date +%T) $*"; }

health() {
  crun exec sensor /bin/sh -c 'curl -sf http://127.0.0.1:8080/ > /dev/null || exit 1' || say 'health check failed'
}

log_in() {
  ssh -i /root/.ssh/recorder -o StrictHostKeyChecking=no -o LogLevel=ERROR "$@"
}

play() {
  systemctl is-system-running --wait || true
  say "begin: $(systemctl is-active myapp webapp collector master container cron ssh rsyslog | tr '\n' ' ')"
  systemctl --failed --no-legend || true
  systemctl start cordon-agent
  sleep 4
  say 'health checks'
  health
  sleep 1
  health
  say 'login'
  log_in tech@127.0.0.1 'bash -lc "tail -n 20 /var/log/myapp; pgrep -a myapp; ps aux | grep myapp; less /etc/passwd | tail -n 1; sleep 1"' > /dev/null
  log_in -tt tech@127.0.0.1 > /dev/null <<'TYPED'
ps aux | grep app.js
vi --version | head -n 1
tail -f /var/log/myapp & sleep 1; kill %1
/opt/myapp/myapp 0.3
exec bash -c 'sleep 0.3; exit'
TYPED
  say 'reloads'
  systemctl reload myapp webapp collector
  systemctl reload master ssh
  touch /run/exec
  systemctl reload master
  rm /run/exec
  systemctl daemon-reload
  sleep 1
  health
  say 'restart, crash'
  systemctl restart myapp
  sleep 2
  systemctl kill -s KILL webapp || true
  sleep 3
  systemctl restart collector container
  sleep 1
  health
  say 'logrotate'
  systemctl start logrotate.service || say 'logrotate.service failed'
  logrotate -f /etc/logrotate.conf || say 'logrotate failed'
  say 'upgrade'
  dpkg --configure -a
  unattended-upgrade --dry-run || say 'unattended-upgrade failed'
  DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --reinstall /opt/packages/*.deb < /dev/null > /dev/null || say 'apt failed'
  systemctl start man-db.service apt-daily-upgrade.service || say 'a daily service failed'
  run-parts /etc/cron.daily || say 'cron.daily failed'
  health
  say 'systemd runs itself anew'
  systemctl daemon-reexec
  sleep 2
  say 'cron'
  minute=$(date +%M)
  while [ "$(date +%M)" = "$minute" ]; do sleep 1; done
  sleep 4
  health
  sleep 4
  say 'end'
  systemctl stop cordon-agent
  while [ ! -s $file ]; do sleep 0.2; done
  systemctl poweroff --force --force
}

"$1"
