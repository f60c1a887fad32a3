import { z } from 'zod'

/** Fields are named as Zendesk names them: what stands in its own documentation holds here. */
export const Ticket = z.object({
  id: z.number().int(),
  subject: z.string().nullable(),
  description: z.string().nullable(),
  status: z.string(),
  priority: z.string().nullable(),
  tags: z.array(z.string()),
  requester_id: z.number().int(),
  assignee_id: z.number().int().nullable(),
  group_id: z.number().int().nullable(),
  external_id: z.string().nullable(),
  created_at: z.string(),
  updated_at: z.string(),
})

export const Comment = z.object({
  id: z.number().int(),
  author_id: z.number().int(),
  body: z.string(),
  public: z.boolean(),
  created_at: z.string(),
})

/** A field before and after. */
export const Change = z.object({ field: z.string(), from: z.unknown(), to: z.unknown() })

export const ticketId = z.number().int().positive().describe('The number of the ticket')

/** What a webhook of Zendesk posts about a ticket. */
export const TicketEvent = z.object({
  type: z.string(),
  id: z.string(),
  time: z.string(),
  account_id: z.number().int(),
  subject: z.string(),
  detail: z.object({
    id: z.string(),
    status: z.string().nullish(),
    subject: z.string().nullish(),
    priority: z.string().nullish(),
    requester_id: z.union([z.string(), z.number()]).nullish(),
  }),
})
