import type { Passage } from '../../../src/models/solver.ts'

/** Three pages of a shop's knowledge, as recall would hand them over. */
export const passages: Passage[] = [
  {
    id: 'refunds-1',
    source: 'policy/refunds.md',
    title: 'Refund **policy**',
    score: 0.9,
    text: `# Refunds

Refunds are issued within **14 days** of delivery. The money goes back to the [card](https://shop.example/cards) that
you paid with.

- Opened software cannot be refunded.
- Shipping fees of $4.99 are refunded only when the item arrived *damaged*.

\`\`\`
refund(order)
\`\`\`
`,
  },
  {
    id: 'delivery-1',
    source: 'policy/delivery.md',
    title: 'Delivery times',
    score: 0.6,
    text: 'Parcels arrive within 3 to 5 working days. Tracking numbers are sent by e-mail, e.g. on the day of dispatch.\n\n1. Open the tracking page.\n2. Enter the parcel number.',
  },
  {
    id: 'hours-1',
    source: 'about/hours.md',
    title: 'Opening hours',
    score: 0.2,
    text: 'Our shop is open from Monday to Friday. It stays closed on public holidays.',
  },
]
