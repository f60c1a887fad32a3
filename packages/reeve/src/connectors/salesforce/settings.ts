import { z } from 'zod'

/** Salesforce has three versions a year; each is kept for three years. */
export const apiVersion = 'v67.0'

/** What a project says of its Salesforce. */
export const settings = z.object({
  /**
   * The API name of a text field that you make for each object of which records are created: external id, unique. It carries the key
   * by which a creation whose answer was lost is found again.
   */
  keyField: z
    .string()
    .regex(/^[A-Za-z]\w{0,79}$/, 'a name of a field has letters, digits and _')
    .default('Reeve_Key__c'),
})

export type SalesforceSettings = z.output<typeof settings>
