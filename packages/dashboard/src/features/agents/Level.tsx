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
    <Section title="How far it is trusted">
      <p className={ui.prose}>
        <Tag tone={held === effective ? 'good' : 'warn'}>{effective}</Tag>{' '}
        {held !== effective && `It was ${held}, and the evidence no longer bears that. `}
        {count(figures.inARow)} approved as they were in a row, {count(figures.total)} in all; of{' '}
        {count(figures.trials)} outcomes surely {percent(figures.surely)} good.
      </p>
      {give.error && <Failure error={give.error} />}
      <Rows label="What it takes for more">
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
          <Row
            key={level}
            title={`Not ${level} yet`}
            under={<Foreign text={`${why.map(sentence).join('. ')}.`} />}
          />
        ))}
      </Rows>
    </Section>
  )
}

function sentence(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1)
}
