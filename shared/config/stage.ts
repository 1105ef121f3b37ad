/** The provisioning template `cordon-STAGE` has at most 36 characters (AWS IoT API reference, CreateProvisioningTemplate). */
const longest = 24;

/** What is wrong with a stage name, which is part of every other name of the stage. */
export function findStageFault(stage: string): string | undefined {
  if (stage.length > longest || !/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(stage))
    return `stage ${stage}: expected up to ${longest} of a-z, 0-9 and single hyphens, such as dev or eu-prod`;
  // `cordon-eu-device-NAME` is the policy of a device of stage eu.
  if (/-device(-|$)/.test(stage))
    return `stage ${stage}: a stage has no "-device" in its name, because the policies of devices have: choose another`;
  return undefined;
}
