import { z } from 'zod'

/** HubSpot's versions are months; each is kept for 18 of them. */
export const apiVersion = '2026-03'

/** What a project says of its HubSpot. */
export const settings = z.object({
  /**
   * The internal name of a property that you make for each kind of record that is created: a single-line text that requires unique
   * values. It carries the key by which a creation whose answer was lost is found again.
   */
  keyProperty: z
    .string()
    .regex(/^[a-z][a-z0-9_]{0,99}$/, 'internal names of properties are small letters, digits and _')
    .default('reeve_key'),
})

export type HubSpotSettings = z.output<typeof settings>
