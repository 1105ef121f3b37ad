// Decides whether a device with a claim may become a thing: runs in AWS Lambda, inlined by provisioning.ts (4,096
// characters at most). Only for a name that no thing has: else a claim could take the place of a device there is.
const { DescribeThingCommand, IoTClient } = require('@aws-sdk/client-iot');

const client = new IoTClient({ maxAttempts: 3 });

exports.handler = async ({ parameters }) => {
  const serial = parameters?.SerialNumber;
  if (typeof serial !== 'string' || !/^[a-zA-Z0-9_-]{1,64}$/.test(serial))
    return { allowProvisioning: false };
  const thingName = `${process.env.THING_NAME_PREFIX}${serial}`;
  // The name of Cordon's heartbeat: a thing of that name would not be protected.
  if (thingName === 'cordon-heartbeat') return { allowProvisioning: false };
  try {
    await client.send(new DescribeThingCommand({ thingName }));
    return { allowProvisioning: false };
  } catch (error) {
    // Any other failure is one of the hook, and AWS IoT provisions nothing.
    if (error.name === 'ResourceNotFoundException') return { allowProvisioning: true };
    throw error;
  }
};
