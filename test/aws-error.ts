/** An error as the AWS SDK throws it: the name tells what it is. */
export function awsError(name: string, message = 'refused by the fake'): Error {
  return Object.assign(new Error(message), { name });
}
