import * as z from 'zod/mini';
import { notifySchema, type Sections } from '../../functions/notify/channels/registry';
import { type Configuration, configurationSchema } from '../domain/configuration';

/** The whole cordon.yml: the rules' part, and the channels. */
export const fileSchema = z.strictObject({
  ...configurationSchema.shape,
  notify: z.prefault(notifySchema, {}),
});

export type FileConfiguration = Configuration & { readonly notify: Sections };
