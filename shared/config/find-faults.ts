import { listNamed } from '../../functions/notify/channels/registry';
import type { Configuration } from '../domain/configuration';
import { findMetric } from '../domain/detection/metrics';
import { writeDuration } from '../domain/words';
import { findAuditFaults } from './audits';
import { findBehaviorFaults } from './behavior-faults';
import type { Fault } from './fault';
import { findTopicFaults } from './keep-topics';
import { findPlaybookFaults } from './playbook-faults';
import { writeQuarantinePolicy } from './quarantine-policy';
import { findUnreached } from './reach';
import { findRouteFaults } from './route-faults';
import type { FileConfiguration } from './schema';
import { findSenderFaults } from './senders';
import { findSourceFaults } from './sources';

/** Errors that the schema can't detect: unknown names, unsuitable values, unsupported features. */
export function findFaults(configuration: FileConfiguration): Fault[] {
  return [
    ...findSourceFaults(configuration),
    ...findSenderFaults(configuration),
    ...findAuditFaults(configuration),
    ...findProfileFaults(configuration),
    ...findTextFaults(configuration),
    ...findJobFaults(configuration),
    ...findDuplicates(configuration),
    ...configuration.playbooks.flatMap((_, index) => findPlaybookFaults(index, configuration)),
    ...findUnreached(configuration),
    ...findExemptionFaults(configuration),
    ...findTopicFaults(configuration),
    ...findPolicyFaults(configuration),
    ...findKeepingFaults(configuration),
    ...findChannelFaults(configuration),
    ...findRouteFaults(configuration),
  ];
}

/** Limits of Device Defender (docs/facts.md#metrics-and-behaviors), which the cordon detector keeps too. */
const maxValueElements = 1_000;
export const maxProfilesOfTarget = 5;
export const maxCustomMetrics = 100;

function findProfileFaults(configuration: Configuration): Fault[] {
  const profiles = Object.entries(configuration.securityProfiles);
  return profiles.flatMap(([name, { behaviors, targets, additionalMetricsToRetain }], position) => {
    const path = ['securityProfiles', name];
    const elements = behaviors.flatMap(({ criteria }) => Object.values(criteria.value ?? {}).flat()).length;
    const crowded = targets.filter(
      (target) =>
        profiles.slice(0, position).filter(([, other]) => other.targets.includes(target)).length >=
        maxProfilesOfTarget,
    );
    return [
      ...behaviors.flatMap((behavior, index) =>
        findBehaviorFaults(behavior, configuration).map(({ field, message }) => ({
          path: [...path, 'behaviors', index, ...field],
          message,
        })),
      ),
      ...additionalMetricsToRetain.flatMap((metric, index) =>
        findMetric(metric, configuration.customMetrics)
          ? []
          : [
              {
                path: [...path, 'additionalMetricsToRetain', index],
                message: `there is no metric ${metric}: define it in customMetrics, or check the spelling`,
              },
            ],
      ),
      ...(elements > maxValueElements
        ? [
            {
              path,
              message: `its values have ${elements} elements, the limit of AWS is ${maxValueElements}: divide its behaviors among several profiles`,
            },
          ]
        : []),
      ...crowded.map((target) => ({
        path: [...path, 'targets'],
        message: `${target} already has ${maxProfilesOfTarget} profiles, and AWS allows no more: put the behaviors into one of them`,
      })),
    ];
  });
}

/** Only a profile or metric that is deployed has them (API reference, CreateSecurityProfile and CreateCustomMetric). */
function findTextFaults({ detector, securityProfiles, customMetrics }: Configuration): Fault[] {
  if (detector === 'cordon') return [];
  const texts: [path: string[], text: string | undefined][] = [
    ...Object.entries(securityProfiles).map(([name, { description }]): [string[], string | undefined] => [
      ['securityProfiles', name, 'description'],
      description,
    ]),
    ...Object.entries(customMetrics).map(([name, { displayName }]): [string[], string | undefined] => [
      ['customMetrics', name, 'displayName'],
      displayName,
    ]),
  ];
  return texts.flatMap(([path, text = '']) =>
    /^[ -~]*$/.test(text) ? [] : [{ path, message: 'AWS IoT takes only ASCII text in one line here' }],
  );
}

/** CreateJob refuses a longer document (API reference), which would show in the first containment only. */
const maxJobDocument = 32_768;

function findJobFaults({ job: { document } }: Configuration): Fault[] {
  const { length } = JSON.stringify(document);
  return length <= maxJobDocument
    ? []
    : [
        {
          path: ['job', 'document'],
          message: `it has ${length} characters as JSON, the limit of AWS is 32,768: shorten it`,
        },
      ];
}

function findDuplicates({ securityProfiles, playbooks }: Configuration): Fault[] {
  const behaviors = Object.entries(securityProfiles).flatMap(([name, profile]) =>
    repeated(profile.behaviors.map((behavior) => behavior.name)).map((index) => ({
      path: ['securityProfiles', name, 'behaviors', index, 'name'],
      message: 'another behavior has this name: choose another',
    })),
  );
  const named = repeated(playbooks.map(({ name }) => name)).map((index) => ({
    path: ['playbooks', index, 'name'],
    message: 'another playbook has this name: choose another',
  }));
  return [...behaviors, ...named];
}

function findChannelFaults({ notify }: FileConfiguration): Fault[] {
  return listNamed(notify).flatMap(({ name, descriptor, section }) =>
    (descriptor.findFaults?.(section) ?? []).map(({ path, message }) => ({
      path: ['notify', name, ...path],
      message,
    })),
  );
}

/** Contained things are in the quarantine group, so its exemption would exempt every thing once contained. */
function findExemptionFaults({ guards, quarantine }: Configuration): Fault[] {
  return guards.exempt.flatMap(({ thingGroup }, index) =>
    thingGroup === quarantine.thingGroup
      ? [
          {
            path: ['guards', 'exempt', index],
            message: `${thingGroup} is the quarantine group, and a contained thing can't be exempt: name another group`,
          },
        ]
      : [],
  );
}

function findPolicyFaults({ quarantine }: Configuration): Fault[] {
  if (quarantine.policy !== undefined && !quarantine.adopt)
    return [
      {
        path: ['quarantine', 'policy'],
        message:
          'a policy of the account needs a thing group of the account: add adopt: true, or leave policy out',
      },
    ];
  // 2,048 characters without white space; ARNs grow by region and account (docs/facts.md#policies).
  const size = JSON.stringify(
    writeQuarantinePolicy(quarantine.keepTopics, 'arn:aws-us-gov:iot:us-gov-west-1:123456789012'),
  ).length;
  if (size <= 2_048) return [];
  return [
    {
      path: ['quarantine', 'keepTopics'],
      message: `the policy would have ${size} characters, the limit of AWS is 2048: keep fewer topics`,
    },
  ];
}

/** Longer than a queue keeps an alert (14 days): a late repeat needs its closed case. */
const leastKept = 30 * 86_400_000;

function findKeepingFaults({ history: { keepClosed }, playbooks }: Configuration): Fault[] {
  const least = Math.max(leastKept, ...playbooks.map(({ escalate }) => escalate?.within ?? 0));
  if (keepClosed === 'forever' || keepClosed >= least) return [];
  const message = `${writeDuration(keepClosed)} is too short: expected at least ${writeDuration(least)}, because Cordon recognizes late repeats and repeated containments by closed cases`;
  return [{ path: ['history', 'keepClosed'], message }];
}

/** Indexes of repeated names. */
function repeated(names: readonly string[]): number[] {
  return names.flatMap((name, index) => (names.indexOf(name) < index ? [index] : []));
}
