/** What the first line of a reply says. */
export type ReplyWords =
  | { says: 'approve' }
  | { says: 'reject'; note: string | undefined }
  | { says: 'answer'; answer: string }
  | { says: 'edit' }
  /** None of these; `line`: what stands there, empty where nothing does. */
  | { says: 'other'; line: string }

/** Blanks that a mail program or a telephone puts before or behind a word. */
const around = /^[\s\u200b\u2060\ufeff]+|[\s\u200b\u2060\ufeff]+$/g

/**
 * Reads a reply. One line counts: the first that is neither empty nor quoted (`>`), and only if it is a word of the list and nothing
 * more. So what comes before quoted text without a mark (`On … wrote:`, `-----Original Message-----`, a signature) stands in the way of
 * what is below it, and decides nothing.
 */
export function readReply(text: string): ReplyWords {
  const lines = text.split(/\r\n|[\r\n\u2028\u2029]/).map((line) => line.replaceAll(around, ''))
  const line = lines.find((each) => each !== '' && !each.startsWith('>')) ?? ''
  if (/^approve$/i.test(line)) return { says: 'approve' }
  const [rejected, note] = /^reject(?:\s*:\s*(.*))?$/i.exec(line) ?? []
  if (rejected !== undefined) return { says: 'reject', note: note || undefined }
  const [, answer] = /^answer\s*:\s*(.+)$/i.exec(line) ?? []
  if (answer !== undefined) return { says: 'answer', answer }
  return /^edit\b/i.test(line) ? { says: 'edit' } : { says: 'other', line }
}
