import { useQuery } from '@tanstack/react-query'
import { modelsQuery } from '../../api/queries.ts'
import { Foreign } from '../../ui/Foreign.tsx'
import { Section } from '../../ui/Page.tsx'
import { Row, Rows, Tag } from '../../ui/Rows.tsx'
import { clock, money } from '../../ui/words.ts'

/** Who is asked, in which order, at which price; and who is left alone after failures. */
export function Models({ now }: { now: number }) {
  const { data } = useQuery(modelsQuery)
  const routes = (data?.items ?? []).filter(({ solvers }) => solvers.length > 0)
  if (routes.length === 0) return null
  return (
    <Section title="Models">
      <Rows label="Models">
        {routes.flatMap(({ name: route, solvers }) =>
          solvers.map(({ name, kind, price, problem, breakers }) => (
            <Row
              key={`${route} ${name}`}
              title={name}
              under={
                <>
                  route {route} · {kind}
                  {price &&
                    ` · ${money(price.inputUsdPerMillion)} in, ${money(price.outputUsdPerMillion)} out a million tokens, as of ${price.asOf}`}
                  {problem !== null && (
                    <>
                      {' · '}
                      <Foreign text={problem} />
                    </>
                  )}
                </>
              }
              tag={
                problem !== null ? (
                  <Tag tone="bad">not asked</Tag>
                ) : breakers[0] ? (
                  <Tag tone="warn">left alone until {clock(breakers[0].probeAt, now)}</Tag>
                ) : null
              }
              end={kind !== 'hosted' ? 'free' : price ? 'paid' : 'price not known'}
            />
          )),
        )}
      </Rows>
    </Section>
  )
}
