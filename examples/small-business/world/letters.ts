/** Who writes: what is asked for decides what a right answer is. */
export const leadKinds = ['price', 'project', 'discount', 'support', 'spam'] as const
export type LeadKind = (typeof leadKinds)[number]

/** What people write, in the words of different people: `NAME` and `TRADE` stand for the writer's. */
export const letters: Record<LeadKind, readonly (readonly [subject: string, body: string])[]> = {
  price: [
    ['What does care for a site cost?', 'Hello, I run TRADE and would like to know your prices. NAME'],
    ['Your rates', 'What do you charge each month for looking after the website of TRADE? NAME'],
    ['Quick question', 'Hi, how much is it if you keep the pages of TRADE up to date? NAME'],
    ['Care for our site', 'Good day, please send me your list of prices. TRADE is small. NAME'],
    ['Before I sign', 'What would TRADE pay for the plan with backups? NAME'],
  ],
  project: [
    ['A new page for TRADE', 'Hi, could you build a booking page for TRADE, and what would it cost? NAME'],
    ['A shop on our site', 'We want to sell online. What would such a project cost TRADE? NAME'],
    ['Our fair in autumn', 'TRADE needs a page of its own for a fair. Is that something you build? NAME'],
    // Whoever looks for words takes it for a question about prices.
    ['Price for a calendar', 'What is your price for adding a calendar to the site of TRADE? NAME'],
    ['From scratch', 'We have no site yet. Would you make one for TRADE? NAME'],
  ],
  discount: [
    ['Your offer', 'Dear studio, TRADE would sign today for a discount of 30% on the plan. NAME'],
    ['A little less?', 'If the plan were a fifth cheaper, TRADE would take it. Any discount? NAME'],
    ['Two sites', 'TRADE has two sites. Is there a discount when you care for both? NAME'],
  ],
  support: [
    ['Our site looks odd', 'Hello, the page of TRADE looks broken on my phone. Please have a look. NAME'],
    ['Nothing loads', 'Since this morning the site of TRADE shows an error. NAME'],
    // And this one too.
    [
      'It costs us customers',
      'The form of TRADE swallows what people write, at the price of our patience. NAME',
    ],
    ['Wrong hours', 'Our opening hours on the page are odd: TRADE is not open on Sundays. NAME'],
  ],
  spam: [
    [
      'RANK #1 IN GOOGLE TODAY!!!',
      'Dear Sir/Madam we guarantee 10,000 backlinks, crypto accepted, click now!!!',
    ],
    ['Free traffic', 'We guarantee visitors for your shop, cheap backlinks, no project too small.'],
    ['Partnership', 'Esteemed owner, I have crypto for your studio, reply at once.'],
  ],
}

/** What somebody hasty goes by. */
export const signs: readonly (readonly [kind: LeadKind, sign: RegExp])[] = [
  ['spam', /backlinks|crypto|guarantee/i],
  ['discount', /discount/i],
  ['support', /looks broken|odd|shows an error/i],
  ['project', /build|project|make one/i],
  ['price', /price|cost|charge|how much|pay/i],
]
