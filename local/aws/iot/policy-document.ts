import type { PolicyDocument } from '../../types';
import { listProblems } from '../policy/document';
import { IotServiceError } from './errors';

/** "2048 characters, excluding white space" (IoT Core quotas). */
const MAX_DOCUMENT_LENGTH = 2048;

function malformed(why: string): IotServiceError {
  return new IotServiceError('MalformedPolicyException', `Policy document is malformed: ${why}`);
}

/** Reads a policy document as CreatePolicy does; throws MalformedPolicyException. */
export function parsePolicyDocument(text: unknown): PolicyDocument {
  if (typeof text !== 'string') throw malformed('it is not a string');
  if (text.replace(/\s/g, '').length > MAX_DOCUMENT_LENGTH) {
    throw malformed(`it exceeds ${MAX_DOCUMENT_LENGTH} characters without white space`);
  }
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    throw malformed('it is not JSON');
  }
  const [problem] = listProblems(document, { versions: ['2012-10-17', '2008-10-17'] });
  if (problem !== undefined) throw malformed(problem);
  return document as PolicyDocument;
}
