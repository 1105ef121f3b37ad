import type { Configuration } from '../domain/configuration';
import { matchesFinding } from '../domain/guards/find-playbook';
import { ownField } from '../domain/json';
import { takesExisting } from './existing-profiles';
import type { Fault } from './fault';
import { listAlarms } from './reach';

/** Programs that run other programs by their arguments: interpreters, shells, launchers. */
const runners =
  /^(?:node(?:js)?|electron|bun|deno|python|pypy|perl|ruby|jruby|php|lua|luajit|java|dotnet|mono|tclsh|wish|expect|guile|gjs|Rscript|julia|escript|[gm]?awk|sed|r?bash|[dyz]?a?sh|m?ksh|fish|busybox|toybox|coreutils|env|sudo|doas|su|runuser|setpriv|nohup|timeout|nice|ionice|xargs|find|ssh|nsenter|unshare|chroot|systemd-run|setsid|script|watch|strace|gdb|ld(?:-linux)?|make|git|vim?|ed|tar|rsync|socat|nc|ncat)(?:[-_.]?v?\d[\w.-]*|-[\w.-]+)?$/;

/** Errors in the exceptions of a playbook. */
export function findExceptionFaults(index: number, configuration: Configuration): Fault[] {
  const playbook = configuration.playbooks[index];
  if (!playbook?.unless) return [];
  const { unless, mode, name } = playbook;
  const path = ['playbooks', index, 'unless'];
  const faults: Fault[] = unless.flatMap(({ executable, arguments: args }, position) => {
    const at = [...path, position, 'arguments'];
    if (!runners.test(executable.slice(executable.lastIndexOf('/') + 1))) return [];
    if (!args)
      return [
        { path: at, message: `needed: ${executable} runs other programs by its arguments, so list them` },
      ];
    return args.includes('*')
      ? [
          {
            path: at,
            message: `no * for ${executable}, which runs other programs by its arguments: write each argument`,
          },
        ]
      : [];
  });
  const add = (message: string) => faults.push({ path, message });
  if (mode === 'observe') add(`${name} only observes, so it can't have exceptions: remove unless`);
  if (configuration.detector !== 'cordon')
    add(
      'needs detector cordon: alerts of Device Defender have no evidence, so the exception would never apply',
    );
  const own = Object.entries(configuration.securityProfiles).flatMap(([profile, { behaviors }]) =>
    behaviors.filter((behavior) =>
      listAlarms(profile, behavior).some((alarm) => matchesFinding(playbook.when, alarm)),
    ),
  );
  if (own.length === 0 && takesExisting(configuration))
    add(
      'only for behaviors of this file: alerts of Device Defender have no evidence, so the exception would never apply',
    );
  const counted = own.filter(({ metric }) => isOfChildren(metric, configuration));
  if (own.length > 0 && counted.length === 0)
    add(
      'only custom metrics that count children or list their names have evidence: remove unless, or name such a behavior',
    );
  const patient = counted.find(({ criteria }) => criteria.consecutiveDatapointsToAlarm > 1);
  if (patient)
    add(
      `${patient.name} waits for consecutiveDatapointsToAlarm, which must be 1 here: only the first report of a child has its evidence`,
    );
  return faults;
}

function isOfChildren(metric: string, { customMetrics }: Configuration): boolean {
  const type = ownField(customMetrics, metric)?.type;
  return type === 'number' || type === 'string-list';
}
