import {
  CreateTableCommand,
  type CreateTableCommandInput,
  DescribeTableCommand,
  UpdateContinuousBackupsCommand,
  UpdateTimeToLiveCommand,
} from '@aws-sdk/client-dynamodb';
import * as z from 'zod';
import { flag, number, tagList, text, withoutEffect } from './properties';
import { defineResource, type ResourceContext, type ResourceType } from './resource-type';

const keySchema = z.array(z.strictObject({ AttributeName: text, KeyType: z.enum(['HASH', 'RANGE']) }));
const throughput = z.strictObject({ ReadCapacityUnits: number, WriteCapacityUnits: number });
const projection = z.strictObject({
  ProjectionType: z.enum(['ALL', 'KEYS_ONLY', 'INCLUDE']).optional(),
  NonKeyAttributes: z.array(text).optional(),
});
const localIndex = z.strictObject({ IndexName: text, KeySchema: keySchema, Projection: projection });
const globalIndex = localIndex.extend({
  ProvisionedThroughput: throughput.optional(),
  ContributorInsightsSpecification: withoutEffect,
});

const properties = z.strictObject({
  TableName: text.optional(),
  KeySchema: keySchema,
  AttributeDefinitions: z.array(
    z.strictObject({ AttributeName: text, AttributeType: z.enum(['S', 'N', 'B']) }),
  ),
  GlobalSecondaryIndexes: z.array(globalIndex).optional(),
  LocalSecondaryIndexes: z.array(localIndex).optional(),
  BillingMode: z.enum(['PAY_PER_REQUEST', 'PROVISIONED']).optional(),
  ProvisionedThroughput: throughput.optional(),
  TimeToLiveSpecification: z.strictObject({ AttributeName: text, Enabled: flag }).optional(),
  PointInTimeRecoverySpecification: z
    .strictObject({ PointInTimeRecoveryEnabled: flag, RecoveryPeriodInDays: withoutEffect })
    .optional(),
  SSESpecification: withoutEffect,
  DeletionProtectionEnabled: withoutEffect,
  TableClass: withoutEffect,
  ContributorInsightsSpecification: withoutEffect,
  Tags: tagList,
});

const table = defineResource({
  properties,
  attributes: ['Arn'],
  create: async (props, context) => {
    const TableName = props.TableName ?? context.generateName();
    const { dynamodb } = context.clients;
    const { KeySchema, AttributeDefinitions, LocalSecondaryIndexes, BillingMode, ProvisionedThroughput } =
      props;
    const GlobalSecondaryIndexes = props.GlobalSecondaryIndexes?.map(
      ({ ContributorInsightsSpecification: _, ...index }) => index,
    );
    const input: CreateTableCommandInput = {
      TableName,
      KeySchema,
      AttributeDefinitions,
      GlobalSecondaryIndexes,
      LocalSecondaryIndexes,
      BillingMode,
      ProvisionedThroughput,
    };
    await dynamodb.send(new CreateTableCommand(input));
    const Arn = await waitUntilActive(TableName, context);
    if (props.TimeToLiveSpecification?.Enabled) {
      const { TimeToLiveSpecification } = props;
      await dynamodb.send(new UpdateTimeToLiveCommand({ TableName, TimeToLiveSpecification }));
    }
    if (props.PointInTimeRecoverySpecification) {
      const { PointInTimeRecoveryEnabled } = props.PointInTimeRecoverySpecification;
      const PointInTimeRecoverySpecification = { PointInTimeRecoveryEnabled };
      await dynamodb.send(
        new UpdateContinuousBackupsCommand({ TableName, PointInTimeRecoverySpecification }),
      );
    }
    return { physicalId: TableName, attributes: { Arn } };
  },
});

async function waitUntilActive(TableName: string, { clients }: ResourceContext): Promise<string> {
  for (;;) {
    const { Table } = await clients.dynamodb.send(new DescribeTableCommand({ TableName }));
    if (Table?.TableStatus === 'ACTIVE') return Table.TableArn ?? '';
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

export const dynamodbTypes: Readonly<Record<string, ResourceType>> = { 'AWS::DynamoDB::Table': table };
