import { Foreign } from '../../../ui/Foreign.tsx'
import { Section } from '../../../ui/Page.tsx'
import ui from '../../../ui/ui.module.css'
import { isRecord } from '../wording.ts'

interface Letter {
  from: string | undefined
  subject: string | undefined
  text: string
}

const textNames = ['body', 'text', 'message'] as const

/** A letter, and a thread of them, is read as one; `rest`: what else was given. */
export function lettersIn(input: unknown): { letters: Letter[]; rest: unknown } {
  const own = letterIn(input)
  if (!own || !isRecord(input)) return { letters: [], rest: input }
  const threads = Object.entries(input).filter(
    ([, part]) => Array.isArray(part) && part.length > 0 && part.every((each) => letterIn(each)),
  )
  const earlier = threads.flatMap(([, part]) => (part as unknown[]).flatMap((each) => letterIn(each) ?? []))
  const told = ['from', 'subject', ...textNames, ...threads.map(([name]) => name)]
  const rest = Object.entries(input).filter(([name]) => !told.includes(name))
  return {
    letters: [...earlier, own],
    rest: rest.length === 0 ? undefined : Object.fromEntries(rest),
  }
}

function letterIn(value: unknown): Letter | undefined {
  if (!isRecord(value)) return undefined
  const text = textNames.map((name) => value[name]).find((part) => typeof part === 'string')
  const { from, subject } = value
  if (typeof text !== 'string' || (typeof from !== 'string' && typeof subject !== 'string')) return undefined
  return {
    from: typeof from === 'string' ? from : undefined,
    subject: typeof subject === 'string' ? subject : undefined,
    text,
  }
}

export function Letters({ letters }: { letters: Letter[] }) {
  return letters.map(({ from, subject, text }) => (
    <Section
      key={`${from} ${subject} ${text}`}
      title={from === undefined ? 'What it answers' : <Foreign text={`What ${from} wrote`} />}
    >
      {subject !== undefined && (
        <p className={`${ui.strong} ${ui.prose}`}>
          <Foreign text={subject} />
        </p>
      )}
      <p className={ui.prose}>
        <Foreign text={text} />
      </p>
    </Section>
  ))
}
