import { mockClient as mock } from 'aws-sdk-client-mock';
import { afterFile } from './runner/after-file';

/** aws-sdk-client-mock, undone after the test file: Jest's workers keep their modules for the next file. */
export const mockClient: typeof mock = (...args) => {
  const stub = mock(...args);
  afterFile(() => stub.restore());
  return stub;
};
