/** An error as the AWS SDK throws it: the name identifies it. */
export function awsError(name: string, message = 'refused by the fake'): Error {
  return Object.assign(new Error(message), { name });
}
