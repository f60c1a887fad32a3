import type { ApprovalWhole, Origin } from '../../../api/types.ts'
import { Foreign } from '../../../ui/Foreign.tsx'
import { Tag, type Tone } from '../../../ui/Rows.tsx'

/** Where each part of an argument stood before, what says most first. Undefined: that was not read yet. */
export function originsOf(whole: ApprovalWhole | undefined, name: string): Origin[] | undefined {
  if (!whole) return undefined
  const found = whole.fields
    .filter(({ path }) => path[0] === name || path[1] === name)
    .flatMap(({ origins }) => origins)
  return [...new Map(found.map((origin) => [`${origin.from} ${origin.name}`, origin])).values()].slice(0, 3)
}

/** How far a value can be relied on, in words first: what strangers or models wrote is told from what people and documents say. */
const trust: Record<Origin['from'], { words: string; tone: Tone }> = {
  person: { words: 'trusted: a person said it', tone: 'good' },
  knowledge: { words: 'trusted: your documents', tone: 'good' },
  code: { words: 'the workflow’s own step', tone: 'plain' },
  given: { words: 'what the run was given', tone: 'plain' },
  model: { words: 'a model wrote it', tone: 'plain' },
  outside: { words: 'untrusted: from outside', tone: 'warn' },
}

/** Where an argument stands with its trust. Found by comparing values; nothing found is said, too. */
export function Origins({ origins }: { origins: Origin[] | undefined }) {
  if (!origins) return null
  if (origins.length === 0) return <span>It stands nowhere in what the run knew.</span>
  return (
    <>
      {origins.map(({ from, name, by, how, path }) => (
        <span key={`${from} ${name}`}>
          <Tag tone={trust[from].tone}>{trust[from].words}</Tag> {how === 'part' && 'within '}
          <Foreign text={[name, ...path].join('.')} />
          {by !== null && (
            <>
              {', '}
              <Foreign text={by} />
            </>
          )}
        </span>
      ))}
    </>
  )
}
