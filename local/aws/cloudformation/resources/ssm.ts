import * as z from 'zod';
import { tagMap, text, withoutEffect } from './properties';
import { defineResource, type ResourceType } from './resource-type';

const parameter = defineResource({
  properties: z.strictObject({
    Name: text.optional(),
    // CloudFormation cannot make a SecureString.
    Type: z.enum(['String', 'StringList']),
    Value: text,
    AllowedPattern: withoutEffect,
    DataType: withoutEffect,
    Description: withoutEffect,
    Tier: withoutEffect,
    Tags: tagMap,
  }),
  attributes: ['Type', 'Value'],
  create: async ({ Name, Type, Value }, { hooks, generateName }) => {
    const name = Name ?? generateName();
    await hooks.putParameter({ name, type: Type, value: Value });
    return { physicalId: name, attributes: { Type, Value } };
  },
});

export const ssmTypes: Readonly<Record<string, ResourceType>> = { 'AWS::SSM::Parameter': parameter };
