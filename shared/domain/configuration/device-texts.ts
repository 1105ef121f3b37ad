/** The texts of OCSF's `device` that may have the name of a thing. */
export const deviceTexts = ['name', 'uid', 'hostname'] as const;
export type DeviceText = (typeof deviceTexts)[number];
