import * as z from 'zod';
import { parseScheduleExpression } from '../../lambda/schedule';
import { requireTrust } from './iam';
import { findFunction, requirePermission } from './lambda';
import { json, tagList, text, toJson, withoutEffect } from './properties';
import { defineResource, type ResourceContext, type ResourceType } from './resource-type';
import { mayServicePublish } from './who-may-send';

const expression = text.refine(
  (value) => parseScheduleExpression(value) !== undefined,
  'only rate(VALUE minute|minutes|hour|hours|day|days) is emulated locally',
);
const state = z.enum(['ENABLED', 'DISABLED']).optional();

const rule = defineResource({
  properties: z.strictObject({
    Name: text.optional(),
    Description: withoutEffect,
    ScheduleExpression: expression.optional(),
    EventPattern: json.optional(),
    State: state,
    Targets: z.array(
      z.strictObject({ Arn: text, Id: text, Input: json.optional(), RetryPolicy: withoutEffect }),
    ),
    Tags: tagList,
  }),
  attributes: ['Arn'],
  create: async (props, context) => {
    const { partition, region, accountId } = context.identity;
    const name = props.Name ?? context.generateName();
    const arn = `arn:${partition}:events:${region}:${accountId}:rule/${name}`;
    if (props.ScheduleExpression === undefined) return storePattern(name, arn, props, context);
    for (const [index, target] of props.Targets.entries()) {
      const invoked = findFunction(target.Arn, context);
      requirePermission(invoked.arn, 'events.amazonaws.com', arn, context);
      await context.hooks.registerSchedule({
        name: index === 0 ? name : `${name}/${target.Id}`,
        arn,
        expression: props.ScheduleExpression,
        service: 'events',
        functionName: invoked.name,
        enabled: props.State !== 'DISABLED',
        ...(target.Input !== undefined && { input: toJson(target.Input) }),
      });
    }
    return { physicalId: name, attributes: { Arn: arn } };
  },
});

/** AWS drops each event if the topic does not let the rule publish. */
async function storePattern(
  name: string,
  arn: string,
  { EventPattern, State, Targets }: PatternProperties,
  { records, verifyLater, hooks }: ResourceContext,
): Promise<{ readonly physicalId: string; readonly attributes: { readonly Arn: string } }> {
  if (EventPattern === undefined)
    throw new Error('Parameter(s) EventPattern or ScheduleExpression must be specified.');
  for (const { Arn } of Targets) {
    if (Arn.split(':')[2] !== 'sns')
      throw new Error(
        `the local stack sends events of a pattern to topics only, not to ${Arn}: name a topic`,
      );
    verifyLater(() =>
      mayServicePublish(records.topicPolicies, Arn, 'events.amazonaws.com', arn)
        ? undefined
        : `no AWS::SNS::TopicPolicy lets events.amazonaws.com publish from ${arn} to ${Arn}: AWS would drop every event`,
    );
  }
  const pattern = JSON.parse(toJson(EventPattern)) as Readonly<Record<string, unknown>>;
  const targets = Targets.map(({ Id, Arn }) => ({ Id, Arn }));
  await hooks.registerPattern({ name, arn, pattern, enabled: State !== 'DISABLED', targets });
  return { physicalId: name, attributes: { Arn: arn } };
}

interface PatternProperties {
  readonly EventPattern?: string | Readonly<Record<string, unknown>> | undefined;
  readonly State?: 'ENABLED' | 'DISABLED' | undefined;
  readonly Targets: readonly { readonly Arn: string; readonly Id: string }[];
}

const schedule = defineResource({
  properties: z.strictObject({
    Name: text.optional(),
    Description: withoutEffect,
    GroupName: text.optional(),
    ScheduleExpression: expression,
    ScheduleExpressionTimezone: withoutEffect,
    FlexibleTimeWindow: withoutEffect,
    State: state,
    Target: z.strictObject({ Arn: text, RoleArn: text, Input: text.optional(), RetryPolicy: withoutEffect }),
  }),
  attributes: ['Arn'],
  create: async (props, context) => {
    const { partition, region, accountId } = context.identity;
    const name = props.Name ?? context.generateName();
    const arn = `arn:${partition}:scheduler:${region}:${accountId}:schedule/${props.GroupName ?? 'default'}/${name}`;
    const invoked = findFunction(props.Target.Arn, context);
    requireTrust(props.Target.RoleArn, 'scheduler.amazonaws.com', context);
    requireRole(props.Target.RoleArn, invoked.arn, context);
    await context.hooks.registerSchedule({
      name,
      arn,
      expression: props.ScheduleExpression,
      service: 'scheduler',
      functionName: invoked.name,
      enabled: props.State !== 'DISABLED',
      ...(props.Target.Input !== undefined && { input: props.Target.Input }),
    });
    return { physicalId: name, attributes: { Arn: arn } };
  },
});

function requireRole(roleArn: string, functionArn: string, { hooks, verifyLater }: ResourceContext): void {
  verifyLater(() => {
    if (hooks.isAllowed(roleArn, 'lambda:InvokeFunction', functionArn)) return undefined;
    return `role ${roleArn} does not allow lambda:InvokeFunction on ${functionArn}: AWS would never run it`;
  });
}

export const eventsTypes: Readonly<Record<string, ResourceType>> = {
  'AWS::Events::Rule': rule,
  'AWS::Scheduler::Schedule': schedule,
};
