/**
 * What a sender wrote now, apart from what was written before and from the signature. Works line by line with
 * patterns that cannot backtrack far, because the text comes from strangers.
 */
export interface SplitReply {
  reply: string
  /** Earlier messages, signature and disclaimer, in their order. */
  rest: string
  /** The sender only passed on what somebody else had written. */
  isForward: boolean
}

const longestPatternLine = 400

const attributions = [
  /^on .{6,200}\bwrote ?:$/i,
  /^am .{6,200}\bschrieb\b.{0,200}:$/i,
  /^le .{6,200}\ba écrit ?:$/i,
  /^el .{6,200}\bescribió ?:$/i,
  /^il .{6,200}\bha scritto ?:$/i,
  /^op .{6,200}\bschreef\b.{0,200}:$/i,
  /^\d{4}[/年].{6,200}(のメッセージ|:|：)$/,
]

const separators = [
  /^-{2,} ?(original message|forwarded message|ursprüngliche nachricht|message d'origine|mensaje original|元のメッセージ) ?-{2,}$/i,
  /^begin forwarded message:$/i,
  /^_{20,}$/,
]

const headerNames =
  /^(from|von|de|da|van|差出人|sent|gesendet|envoyé|enviado|送信日時|date|datum|to|an|à|para|宛先|subject|betreff|objet|asunto|件名) ?[:：]/i
const firstHeader = /^(from|von|de|da|van|差出人) ?[:：]/i

const signatures = [
  /^--$/,
  /^(sent|gesendet|envoyé|enviado|verzonden|inviato) (from|from my|von|mit|de|depuis|desde|vanaf|da) .{2,60}$/i,
  /^von meinem .{2,40} gesendet\.?$/i,
  /^get outlook for .{2,60}$/i,
]

const disclaimers =
  /^(confidentiality notice|disclaimer|legal notice|this (e-?mail|message) (and any|is intended|may contain|contains confidential)|diese (e-?mail|nachricht) (enthält|ist ausschlie)|ce (message|courriel) (et|est|peut)|este (mensaje|correo) (y|es|puede|contiene)|the information (contained )?in this (e-?mail|message))/i

export function splitReply(text: string): SplitReply {
  const lines = text.split('\n')
  const isReply = new Array<boolean>(lines.length).fill(true)
  let ending: 'signature' | 'copy' | undefined
  for (let index = 0; index < lines.length; index++) {
    const line = lines[index]!.trim()
    ending ??= endingAt(lines, index)
    if (ending) isReply[index] = false
    else if (line.startsWith('>')) isReply[index] = false
    else {
      const height = attributionHeight(lines, index)
      // A line above a quotation only introduces it; what follows the quotation may still be the answer.
      for (let offset = 0; offset < height; offset++) isReply[index + offset] = false
      if (height > 0) index += height - 1
    }
  }
  const reply = tidy(lines.filter((_, index) => isReply[index]))
  const rest = tidy(lines.filter((_, index) => !isReply[index]))
  // Somebody who only forwards has nothing of their own: then the forwarded text is the message.
  return reply === '' && ending === 'copy'
    ? { reply: forwarded(rest), rest: '', isForward: true }
    : { reply, rest, isForward: false }
}

/** From such a line on nothing was written for us: a signature or disclaimer, or an unquoted copy of a message. */
function endingAt(lines: string[], index: number): 'signature' | 'copy' | undefined {
  const line = lines[index]!.trim()
  if (line === '') return
  if (disclaimers.test(line.slice(0, 80).replace(/^[*_\s]+/, ''))) return 'signature'
  if (line.length > longestPatternLine) return
  if (signatures.some((pattern) => pattern.test(line))) return 'signature'
  if (separators.some((pattern) => pattern.test(line))) return 'copy'
  return isHeaderBlock(lines, index) || isUnquotedAttribution(lines, index) ? 'copy' : undefined
}

/** Outlook pastes the old headers: `From:` and at least two more of them directly below. */
function isHeaderBlock(lines: string[], index: number): boolean {
  const clean = (line: string | undefined) => (line ?? '').replaceAll('*', '').trim()
  if (!firstHeader.test(clean(lines[index]))) return false
  let count = 1
  for (let next = index + 1; next < Math.min(lines.length, index + 6); next++) {
    if (headerNames.test(clean(lines[next]))) count++
  }
  return count >= 3
}

function isUnquotedAttribution(lines: string[], index: number): boolean {
  const height = attributionHeight(lines, index)
  if (height === 0) return false
  for (let next = index + height; next < lines.length; next++) {
    const line = lines[next]!.trim()
    if (line !== '') return !line.startsWith('>')
  }
  return true
}

/** `On … wrote:` on one line, or wrapped onto the next: how many lines it takes; 0 when it is none. */
function attributionHeight(lines: string[], index: number): number {
  const first = lines[index]!.trim()
  if (first === '' || first.length > longestPatternLine) return 0
  if (attributions.some((pattern) => pattern.test(first))) return 1
  const second = lines[index + 1]?.trim() ?? ''
  const both = `${first} ${second}`
  return second !== '' &&
    both.length <= longestPatternLine &&
    attributions.some((pattern) => pattern.test(both))
    ? 2
    : 0
}

function forwarded(rest: string): string {
  const lines = rest.split('\n')
  const start = lines.findIndex(
    (line) =>
      line.trim() !== '' && !headerNames.test(line.trim()) && !separators.some((p) => p.test(line.trim())),
  )
  return start < 0 ? rest : tidy(lines.slice(start))
}

function tidy(lines: string[]): string {
  return lines
    .map((line) => line.trimEnd())
    .join('\n')
    .replace(/\n{3,}/g, '\n\n')
    .trim()
}
