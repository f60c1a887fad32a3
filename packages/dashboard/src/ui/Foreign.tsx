import css from './ui.module.css'

/** What is not seen, or turns the order of what is: controls, marks of direction, blanks without width, tags, fillers. */
const unseen = /(?![\n\r\t])[\p{Cc}\p{Bidi_Control}\p{Default_Ignorable_Code_Point}\p{Zl}\p{Zp}]/u

const splitting = new RegExp(`(${unseen.source})`, 'u')

/** A text from outside: shown as text, with everything unseen written out, so that what is decided on is all there is. */
export function Foreign({ text }: { text: string }) {
  if (!unseen.test(text)) return <bdi>{text}</bdi>
  return (
    <bdi>
      {text.split(splitting).map((part, index) => {
        const at = `${index}`
        return unseen.test(part) && [...part].length === 1 ? (
          <span key={at} className={css.unseen}>
            U+{part.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}
          </span>
        ) : (
          part
        )
      })}
    </bdi>
  )
}
