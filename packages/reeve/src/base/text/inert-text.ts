/** For `inertText`. */
export interface InertOptions {
  /** In characters; the rest is cut and `…` says so. Default 500. */
  maxLength?: number
}

/** What nobody sees: format and control characters, private use, variation selectors, fillers. */
const unseen =
  /[\p{Cf}\p{Co}\p{Cn}\p{Variation_Selector}]|\u034f|\u115f|\u1160|\u17b4|\u17b5|\u2800|\u3164|\uffa0/gu
/** Characters that mark something up in chats, Markdown, HTML or a shell, as their full-width forms. */
const markup = /[<>[\]{}`*_~|\\&#^]/g
const fullWidth = 0xfee0
/** Where a program would find an address: a dot between the parts of a name. */
const dotInName = /(?<=[\p{L}\p{N}_-])[.\u2024\u3002\uff0e\uff61](?=\p{L})/gu
const scheme = /:(?=\/\/)|(?<=\b(?:mailto|tel|sms|javascript|data|file|facetime|magnet|slack|vbscript)):/gi
const longestRead = 20_000

/**
 * A stranger's text as one line that does nothing where it is shown: no link, no mention, no markup, nothing unseen. For
 * texts that code puts into a chat, a ticket or a log; what a person should read as it was written belongs into a quotation.
 *
 * @example
 * import { inertText } from 'reeve/tools'
 *
 * inertText('<!channel> see https://evil.test') // '＜!channel＞ see https(:)//evil(.)test'
 */
export function inertText(text: string, { maxLength = 500 }: InertOptions = {}): string {
  const seen = text
    .slice(0, longestRead)
    .toWellFormed()
    .replace(/[\s\p{Cc}]+/gu, ' ')
    .replace(unseen, '')
    .replace(/(\p{M}{3})\p{M}+/gu, '$1')
  const inert = seen
    .replace(markup, (sign) => String.fromCharCode(sign.charCodeAt(0) + fullWidth))
    .replace(/[@\uff20\ufe6b]/g, '(at)')
    .replace(scheme, '(:)')
    .replace(dotInName, '(.)')
    .replace(/ {2,}/g, ' ')
    .trim()
  const characters = [...inert]
  if (characters.length <= maxLength && text.length <= longestRead) return inert
  return `${characters.slice(0, Math.max(0, maxLength - 1)).join('')}…`
}
