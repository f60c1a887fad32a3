import { Foreign } from '../Foreign.tsx'
import css from '../ui.module.css'

interface Part {
  kind: 'same' | 'added' | 'removed'
  text: string
}

/** More words than this on both sides are shown as removed and added as a whole. */
const mostCells = 4_000_000

/** What was changed in a text, word by word. */
export function Difference({ before, after }: { before: string; after: string }) {
  return (
    <pre className={css.text}>
      {partsOf(before, after).map((part, index) => {
        // The parts of one text never change their order.
        const key = `${index}${part.kind}`
        if (part.kind === 'same') return <Foreign key={key} text={part.text} />
        return part.kind === 'added' ? (
          <ins key={key}>
            <Foreign text={part.text} />
          </ins>
        ) : (
          <del key={key}>
            <Foreign text={part.text} />
          </del>
        )
      })}
    </pre>
  )
}

/** The longest common subsequence of the words of both, blanks included. */
function partsOf(before: string, after: string): Part[] {
  const [left, right] = [wordsOf(before), wordsOf(after)]
  if (left.length * right.length > mostCells)
    return [
      { kind: 'removed', text: before },
      { kind: 'added', text: after },
    ]
  const width = right.length + 1
  const lengths = new Uint16Array((left.length + 1) * width)
  for (let i = left.length - 1; i >= 0; i--) {
    for (let j = right.length - 1; j >= 0; j--) {
      lengths[i * width + j] =
        left[i] === right[j]
          ? lengths[(i + 1) * width + j + 1]! + 1
          : Math.max(lengths[(i + 1) * width + j]!, lengths[i * width + j + 1]!)
    }
  }
  const parts: Part[] = []
  const add = (kind: Part['kind'], text: string) => {
    const last = parts.at(-1)
    if (last?.kind === kind) last.text += text
    else parts.push({ kind, text })
  }
  let [i, j] = [0, 0]
  while (i < left.length || j < right.length) {
    if (i < left.length && j < right.length && left[i] === right[j]) {
      add('same', left[i]!)
      i++
      j++
    } else if (
      i < left.length &&
      (j === right.length || lengths[(i + 1) * width + j]! >= lengths[i * width + j + 1]!)
    ) {
      add('removed', left[i]!)
      i++
    } else {
      add('added', right[j]!)
      j++
    }
  }
  return parts
}

function wordsOf(text: string): string[] {
  return text.match(/\s+|[^\s]+/g) ?? []
}
