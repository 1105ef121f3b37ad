// Decides whether a device with a claim may become a thing: runs in AWS Lambda, inlined by provisioning.ts (4,096
// characters at most). Only for a name that no thing has: else a claim could take the place of a device there is.
const { DescribeThingCommand, IoTClient } = require('@aws-sdk/client-iot');

const client = new IoTClient({ maxAttempts: 3 });

/** The names that cordon enroll refuses too. */
function isReserved(thingName) {
  return (
    // Of Cordon's heartbeat and of its drills: a thing of such a name would not be protected.
    thingName === 'cordon-heartbeat' ||
    thingName.startsWith('cordon-drill-') ||
    // The client id of another thing's agent, which its device could take over.
    thingName.endsWith('-cordon') ||
    // The client id of its own agent would be too long for AWS IoT.
    `${thingName}-cordon`.length > 128
  );
}

exports.handler = async ({ parameters }) => {
  const serial = parameters?.SerialNumber;
  if (typeof serial !== 'string' || !/^[a-zA-Z0-9_-]{1,64}$/.test(serial))
    return { allowProvisioning: false };
  const thingName = `${process.env.THING_NAME_PREFIX}${serial}`;
  if (isReserved(thingName)) return { allowProvisioning: false };
  try {
    await client.send(new DescribeThingCommand({ thingName }));
    return { allowProvisioning: false };
  } catch (error) {
    // Any other failure is one of the hook, and AWS IoT provisions nothing.
    if (error.name === 'ResourceNotFoundException') return { allowProvisioning: true };
    throw error;
  }
};
