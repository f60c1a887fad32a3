import { z } from 'zod'

/** What a letter is. A model says this, and nothing else. */
export const LetterKind = z.object({ kind: z.enum(['price', 'project', 'discount', 'support', 'spam']) })

/** What is written to whom: fixed sentences. */
export const answers = {
  price:
    'Care for a website costs $49 a month, care plus $79. You can begin at any day and leave at any month.',
  project:
    'We build pages for between $180 and $830. We will send you an offer; tell us what the page must do.',
  support: 'Thank you for telling us. We look at it today and write to you again.',
}

export const signature = 'Fernhill Studio'
