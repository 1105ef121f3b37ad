import type { PresentSecurityProfile } from '../../../cli/doctor/as-deployed/present';
import type { DoctorTarget } from '../../../cli/doctor/doctor';
import { mitigationAction, profile, topicArn } from './deployed-stack';
import { account, arn, changed, namesOnly, of } from './sabotaged-account';

const ofProfile = (changes: Partial<PresentSecurityProfile>) =>
  changed({ readSecurityProfile: async () => ({ ...profile, ...changes }) });

describe('the doctor', () => {
  it.each<[what: string, Partial<DoctorTarget>, RegExp]>([
    [
      'Audit telling nobody',
      of({
        readAudits: async () => {
          const { target: _, ...audits } = await account.readAudits();
          return audits;
        },
      }),
      /it publishes to no topic when an audit is over/,
    ],
    [
      'the schedule of the audits deleted',
      of({ readAudits: async () => ({ ...(await account.readAudits()), schedules: [] }) }),
      /no audit is scheduled/,
    ],
    [
      'a custom metric deleted',
      changed({ readCustomMetric: async () => undefined }),
      /custom metric children: it is missing/,
    ],
    [
      'a custom metric of another type',
      changed({
        readCustomMetric: async () => ({ MetricType: 'string-list', DisplayName: "myapp's children" }),
      }),
      /custom metric children: MetricType was number and is string-list/,
    ],
    [
      'a security profile deleted',
      changed({ readSecurityProfile: async () => undefined }),
      /security profile myapp: it is missing/,
    ],
    [
      'a behavior weakened',
      ofProfile({
        behaviors: profile.behaviors.map((one) => ({
          ...one,
          Criteria: { ...one.Criteria, Value: { Number: 9, Count: 5 } },
        })),
      }),
      /security profile myapp: behavior few: Criteria\.Value\.Number was 0 and is 9$/,
    ],
    [
      'a behavior that alerts nobody',
      ofProfile({
        behaviors: profile.behaviors.map((one) => ({ ...one, SuppressAlerts: one.Name === 'few' })),
      }),
      /behavior few: SuppressAlerts was false and is true$/,
    ],
    [
      'a behavior deleted',
      ofProfile({ behaviors: profile.behaviors.slice(1) }),
      /its behavior quiet is missing$/,
    ],
    [
      'a behavior added',
      ofProfile({ behaviors: [...profile.behaviors, { Name: 'theirs', Metric: 'children' }] }),
      /it has another behavior, theirs$/,
    ],
    [
      'a behavior narrowed by a dimension',
      ofProfile({
        behaviors: profile.behaviors.map((one) => ({
          ...one,
          ...(one.Name === 'quiet' && { MetricDimension: { DimensionName: 'none', Operator: 'IN' } }),
        })),
      }),
      /behavior quiet: MetricDimension is \{"DimensionName":"none","Operator":"IN"\}$/,
    ],
    [
      'the alert target of a profile changed',
      ofProfile({
        alertTargets: { SNS: { ...profile.alertTargets.SNS, AlertTargetArn: `${topicArn}-mine` } },
      }),
      /security profile myapp: AlertTargets\.SNS\.AlertTargetArn was \S+ and is \S+-mine$/,
    ],
    [
      'the alert target of a profile removed',
      ofProfile({ alertTargets: {} }),
      /security profile myapp: AlertTargets\.SNS is not as deployed$/,
    ],
    [
      'a profile detached',
      ofProfile({ targets: [] }),
      /security profile myapp: it is not attached to \S+:all\/registered-things$/,
    ],
    [
      'a profile attached to more',
      ofProfile({ targets: [...profile.targets, arn('iot', 'thinggroup/theirs')] }),
      /security profile myapp: it is also attached to \S+:thinggroup\/theirs$/,
    ],
    [
      'a metric no longer retained',
      ofProfile({ retained: [] }),
      /security profile myapp: the values of children are no longer retained$/,
    ],
    [
      'the mitigation action deleted',
      changed({ readMitigationAction: async () => undefined }),
      /mitigation action cordon-dev-quarantine: it is missing/,
    ],
    [
      'the mitigation action led to another group',
      changed({
        readMitigationAction: async () => ({
          ...mitigationAction,
          ActionParams: {
            AddThingsToThingGroupParams: { ThingGroupNames: ['x'], OverrideDynamicGroups: true },
          },
        }),
      }),
      /mitigation action cordon-dev-quarantine: ActionParams\S+ThingGroupNames is not as deployed/,
    ],
  ])('names %s, and nothing else', namesOnly);
});
