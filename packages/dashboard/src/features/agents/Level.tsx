import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { api, newKey } from '../../api/client.ts'
import { levelQuery, sessionQuery } from '../../api/queries.ts'
import { Failure } from '../../ui/Failure.tsx'
import { Foreign } from '../../ui/Foreign.tsx'
import { Section } from '../../ui/Page.tsx'
import { Row, Rows, Tag } from '../../ui/Rows.tsx'
import ui from '../../ui/ui.module.css'
import { count, percent } from '../../ui/words.ts'

/** How far it is trusted, upon which evidence, and what it takes for more. An owner gives what was earned. */
export function Level({ principal }: { principal: string }) {
  const client = useQueryClient()
  const { data: session } = useQuery(sessionQuery)
  const { data } = useQuery(levelQuery(principal))
  const give = useMutation({
    mutationFn: (level: NonNullable<typeof data>['held']) =>
      api.levels.set({ params: { principal }, body: { level }, ...newKey() }),
    onSuccess: () => client.invalidateQueries({ queryKey: ['level', principal] }),
  })
  if (!data) return null
  const { held, effective, proposed, lacks, figures } = data
  return (
    <Section title="Autonomy level">
      <p className={ui.prose}>
        <Tag tone={held === effective ? 'good' : 'warn'}>{effective}</Tag>{' '}
        {held !== effective && `It was ${held}, and the evidence no longer bears that. `}
        {figures.trials === 0
          ? 'Nobody has decided on anything of it yet, and no run of it has failed.'
          : `${count(figures.inARow)} approved as they were in a row, ${count(figures.total)} in all; of ${count(figures.trials)} outcomes surely ${percent(figures.surely)} good.`}
      </p>
      {give.error && <Failure error={give.error} />}
      <Rows label="Requirements for the next level">
        {proposed !== null && (
          <Row
            title={proposed}
            under="It has earned this."
            end={
              session?.role === 'owner' && (
                <button
                  type="button"
                  className={ui.act}
                  disabled={give.isPending}
                  onClick={() => give.mutate(proposed)}
                >
                  Give it<span className="heard"> the level {proposed}</span>
                </button>
              )
            }
          />
        )}
        {lacks.slice(0, 1).map(({ level, why }) => (
          <Row key={level} title={`Not ${level} yet`} under={<Foreign text={sentencesOf(why)} />} />
        ))}
      </Rows>
    </Section>
  )
}

const lacking = 'the checklist lacks '

/** Reasons as sentences; all that the checklist lacks is one of them. */
function sentencesOf(why: readonly string[]): string {
  const parts = why.filter((each) => each.startsWith(lacking)).map((each) => each.slice(lacking.length))
  const others = why.filter((each) => !each.startsWith(lacking))
  const whole = parts.length === 0 ? others : [`${lacking}${listOf(parts)}`, ...others]
  return `${whole.map(sentence).join('. ')}.`
}

/** "a, b and c"; with semicolons where a part has commas of its own. */
function listOf(parts: readonly string[]): string {
  if (parts.length < 2) return parts.join('')
  const between = parts.some((part) => part.includes(',')) ? '; ' : ', '
  return `${parts.slice(0, -1).join(between)}${between === '; ' ? ';' : ''} and ${parts.at(-1)}`
}

function sentence(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1)
}
