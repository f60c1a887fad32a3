/** What a mail server says of a letter that it did not deliver: its claim, as all that letters say. */
export interface Bounce {
  /** `failed`: given up; `delayed`: it goes on trying. */
  action: 'failed' | 'delayed'
  /** To whom. */
  recipient: string
  /** Such as `5.1.1`: 5 is for good, 4 for now; null: it does not say. */
  status: string | null
  /** The words of the server that refused it, cut at 500 characters; null: none. */
  reason: string | null
  /** The `Message-ID` of the letter that came back; null: it does not say. */
  messageId: string | null
}

const mostFields = 50
const longestReason = 500

/**
 * Reads a report on delivery (RFC 3464): the first recipient to whom it was not delivered.
 * @param report the part `message/delivery-status` @param returned the letter that came back, or its headers
 * @returns undefined: nothing failed, or it cannot be read
 */
export function readBounce(report: string, returned: string): Bounce | undefined {
  // The first group of fields is about the server, each later one about a recipient.
  const groups = report.split(/\r?\n[ \t]*\r?\n/).slice(1, mostFields)
  for (const group of groups) {
    const fields = fieldsOf(group)
    const action = fields.get('action')?.toLowerCase()
    const recipient = typed(fields.get('final-recipient') ?? fields.get('original-recipient'))
    if ((action !== 'failed' && action !== 'delayed') || recipient === undefined) continue
    return {
      action,
      recipient: recipient.slice(0, 320),
      status: /^[245]\.\d{1,3}\.\d{1,3}/.exec(fields.get('status') ?? '')?.[0] ?? null,
      reason: typed(fields.get('diagnostic-code'))?.slice(0, longestReason).toWellFormed() ?? null,
      messageId: /^<[^<>\s]{1,990}>$/.exec(fieldsOf(returned).get('message-id') ?? '')?.[0] ?? null,
    }
  }
  return undefined
}

/** `rfc822; eve@shop.example` without its type. */
function typed(value: string | undefined): string | undefined {
  return value?.replace(/^[\w-]+\s*;/, '').trim() || undefined
}

/** The fields up to the first empty line, by their names in lower case; of several the first. */
function fieldsOf(text: string): Map<string, string> {
  const fields = new Map<string, string>()
  const [head = ''] = text.trimStart().split(/\r?\n\r?\n/, 1)
  const lines = head.replaceAll(/\r?\n[ \t]+/g, ' ').split(/\r?\n/)
  for (const line of lines) {
    const colon = line.indexOf(':')
    const name = line.slice(0, colon).trim().toLowerCase()
    if (colon > 0 && !fields.has(name)) fields.set(name, line.slice(colon + 1).trim())
  }
  return fields
}
