import { z } from 'zod'

export const apiVersion = '2026-03-11'

/** What a project says of its Notion. */
export const settings = z.object({
  /**
   * The name of a text property that you make in each data source in which pages are created. It carries the key by which a creation
   * whose answer was lost is found again.
   */
  keyProperty: z.string().min(1).max(100).default('Reeve key'),
})

export type NotionSettings = z.output<typeof settings>
