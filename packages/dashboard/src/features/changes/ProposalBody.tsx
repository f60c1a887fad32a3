import { Foreign } from '../../ui/Foreign.tsx'
import { Difference } from '../../ui/fields/Difference.tsx'
import { Value } from '../../ui/fields/Field.tsx'
import { Hunks } from '../../ui/Hunks.tsx'
import { Link } from '../../ui/Link.tsx'
import { Section } from '../../ui/Page.tsx'
import ui from '../../ui/ui.module.css'
import { isRecord } from '../inbox/wording.ts'

/** What would change, and what it rests on. Whatever has no place of its own is shown as fields. */
export function ProposalBody({ body }: { body: { [field: string]: unknown } }) {
  const { text, before, after, hunks, ...rest } = body
  const runs = runsIn(rest)
  const others = withoutRuns(rest)
  return (
    <>
      {typeof text === 'string' && (
        <p className={ui.prose}>
          <Foreign text={text} />
        </p>
      )}
      {isHunks(hunks) && (
        <Section title="What would change">
          <Hunks hunks={hunks} />
        </Section>
      )}
      {typeof before === 'string' && typeof after === 'string' && (
        <Section title="What would change">
          <Difference before={before} after={after} />
        </Section>
      )}
      {Object.keys(others).length > 0 && (
        <Section title="Evidence">
          <Value value={others} />
        </Section>
      )}
      {runs.length > 0 && (
        <Section title="Runs">
          <ul className={ui.plain}>
            {runs.slice(0, 20).map((run) => (
              <li key={run}>
                <Link to="/runs/$run" params={{ run }}>
                  <Foreign text={run} />
                </Link>
              </li>
            ))}
          </ul>
        </Section>
      )}
    </>
  )
}

type Hunk = { kind: 'same' | 'removed' | 'added'; text: string }[]

function isHunks(value: unknown): value is Hunk[] {
  return (
    Array.isArray(value) &&
    value.every(
      (hunk) =>
        Array.isArray(hunk) &&
        hunk.every(
          (line) =>
            isRecord(line) &&
            typeof line.text === 'string' &&
            ['same', 'removed', 'added'].includes(String(line.kind)),
        ),
    )
  )
}

function isRuns(value: unknown): value is string[] {
  return Array.isArray(value) && value.length > 0 && value.every((one) => typeof one === 'string')
}

/** The ids of runs that it names: under `runs`, or one field deeper. */
function runsIn(body: { [field: string]: unknown }): string[] {
  const all = [body, ...Object.values(body).filter(isRecord)].flatMap(({ runs }) =>
    isRuns(runs) ? runs : [],
  )
  return [...new Set(all)]
}

function withoutRuns(body: { [field: string]: unknown }): { [field: string]: unknown } {
  const left = (record: { [field: string]: unknown }) =>
    Object.fromEntries(Object.entries(record).filter(([name, value]) => !(name === 'runs' && isRuns(value))))
  return Object.fromEntries(
    Object.entries(left(body))
      .map(([name, value]) => [name, isRecord(value) ? left(value) : value] as const)
      .filter(([, value]) => !isRecord(value) || Object.keys(value).length > 0),
  )
}
