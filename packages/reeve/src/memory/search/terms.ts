import type { ItemTerms } from '../../store/memory/items.ts'
import { termsOf } from '../../text/terms.ts'

/** The words that an item is found by. */
export function readItemTerms({
  title,
  heading,
  text,
}: {
  title: string
  heading: string
  text: string
}): ItemTerms {
  const body = termsOf(text)
  return {
    titleTerms: termsOf(title).join(' '),
    headingTerms: termsOf(heading).join(' '),
    bodyTerms: body.join(' '),
    length: body.length,
  }
}
