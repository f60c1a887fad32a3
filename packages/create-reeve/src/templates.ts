/** What a project can begin as, with what each is in words, and the run that shows it. */
export const templates = {
  blank: {
    title: 'Blank',
    words: 'one small workflow that asks you, to replace by your own',
    run: ['order-question', '--input', '{"message":"Where is my order A-12345?"}'],
  },
  'support-triage': {
    title: 'Support triage',
    words: 'reads a ticket, looks the policy up, drafts a reply, waits for your yes',
    run: ['support-triage', '--input', 'examples/ticket.json'],
  },
  'refund-desk': {
    title: 'Refund desk',
    words: 'pays small refunds by itself, and asks you above $100',
    run: ['refund', '--input', '{"userId":"user_123","request":"Please pay me back."}'],
  },
} as const

export type Template = keyof typeof templates

export function isTemplate(name: string): name is Template {
  return Object.hasOwn(templates, name)
}
