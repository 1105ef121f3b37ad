import type { CloudFormationCustomResourceEvent, CloudFormationCustomResourceResponse } from 'aws-lambda';
import { clip } from '../../shared/domain/text';
import type { Log } from '../../shared/ports/runtime';
import { type AttachmentPorts, keepAttached } from './attachment';
import { type DeletionPorts, guardDeletion } from './deletion-guard';
import { type RemovalPorts, removePolicy } from './removal';

export type ProvisionPorts = AttachmentPorts &
  DeletionPorts &
  RemovalPorts & {
    readonly answer: (url: string, body: CloudFormationCustomResourceResponse) => Promise<void>;
    readonly log: Log;
  };

/** Custom resources of the stack. Always responds; otherwise the stack would wait for an hour. */
export function provision(ports: ProvisionPorts) {
  const { answer, log } = ports;
  return async (event: CloudFormationCustomResourceEvent): Promise<void> => {
    const { RequestType: requestType, ResourceType: resourceType } = event;
    const identity = {
      StackId: event.StackId,
      RequestId: event.RequestId,
      LogicalResourceId: event.LogicalResourceId,
    };
    let result: Result;
    try {
      const PhysicalResourceId = await apply(event, ports);
      log.info('resource provisioned', { requestType, resourceType, PhysicalResourceId });
      result = { Status: 'SUCCESS', PhysicalResourceId };
    } catch (error) {
      log.error('resource not provisioned', { requestType, resourceType, error });
      // CloudFormation accepts a response of at most 4,096 bytes.
      const Reason = clip(error instanceof Error ? error.message : 'unknown fault', 1_000);
      const PhysicalResourceId = 'PhysicalResourceId' in event ? event.PhysicalResourceId : event.RequestId;
      result = { Status: 'FAILED', Reason, PhysicalResourceId };
    }
    // If the response can't be sent, Lambda retries the whole event. A completed event is never reported as failed.
    await answer(event.ResponseURL, { ...result, ...identity });
  };
}

type Result =
  | { readonly Status: 'SUCCESS'; readonly PhysicalResourceId: string }
  | { readonly Status: 'FAILED'; readonly Reason: string; readonly PhysicalResourceId: string };

/** Returns the id of the resource. */
function apply(event: CloudFormationCustomResourceEvent, ports: ProvisionPorts): Promise<string> {
  switch (event.ResourceType) {
    case 'Custom::QuarantineAttachment':
      return keepAttached(event, ports);
    case 'Custom::DeletionGuard':
      return guardDeletion(event, ports);
    case 'Custom::QuarantineRemoval':
      return removePolicy(event, ports);
    default:
      throw new Error(`unknown resource type: ${event.ResourceType}`);
  }
}
