import { useQuery } from '@tanstack/react-query'
import { repairDiffQuery, repairQuery } from '../../api/improving.ts'
import { Failure } from '../../ui/Failure.tsx'
import { Foreign } from '../../ui/Foreign.tsx'
import { Hunks } from '../../ui/Hunks.tsx'
import { Link } from '../../ui/Link.tsx'
import { useNow } from '../../ui/now.ts'
import { Empty, Section } from '../../ui/Page.tsx'
import { Row, Rows, Tag, type Tone } from '../../ui/Rows.tsx'
import ui from '../../ui/ui.module.css'
import { clock } from '../../ui/words.ts'
import { isRecord } from '../inbox/wording.ts'

const stands: Record<string, { words: string; tone: Tone }> = {
  diagnosing: { words: 'a fix is looked for', tone: 'plain' },
  'not-repaired': { words: 'not repaired', tone: 'bad' },
  proposed: { words: 'proposed', tone: 'warn' },
  rejected: { words: 'rejected', tone: 'plain' },
  promoting: { words: 'takes its place', tone: 'plain' },
  watching: { words: 'watched', tone: 'warn' },
  kept: { words: 'kept', tone: 'good' },
  'rolling-back': { words: 'goes back', tone: 'warn' },
  'rolled-back': { words: 'gone back', tone: 'bad' },
}

/** A repair of a script: what failed, what would change, each fix that was tried, and how it does since it took its place. */
export function RepairParts({ id }: { id: string }) {
  const now = useNow()
  const { data: repair, error } = useQuery(repairQuery(id))
  const { data: diff, isPending: isDiffPending } = useQuery(repairDiffQuery(id))
  if (!repair && error) return <Failure error={error} />
  if (!repair || isDiffPending) return <div className={ui.room} />
  const { runId: run, call, watchId, promotedAt, promotedBy, endedAt, reason } = repair
  const its = stands[repair.status]
  const diagnosis = isRecord(repair.diagnosis) ? repair.diagnosis : {}
  const tries = Array.isArray(repair.tries) ? (repair.tries as unknown[]).filter(isRecord) : []
  return (
    <>
      <Rows label="The repair">
        <Row
          title={<Foreign text={`Script ${repair.script}`} />}
          under={<Foreign text={repair.file} />}
          tag={<Tag tone={its?.tone ?? 'plain'}>{its?.words ?? repair.status}</Tag>}
        />
        <Row
          title="What failed"
          under={
            <>
              <Foreign text={`${String(diagnosis.kind ?? 'not known')}: ${String(diagnosis.why ?? '')}`} />{' '}
              {run !== null && (
                <Link to="/runs/$run" params={{ run }}>
                  {call === null ? 'its run' : `call ${call} of its run`}
                </Link>
              )}
            </>
          }
        />
        {promotedAt !== null && (
          <Row
            title="Watch"
            under={
              <>
                In place since {clock(promotedAt, now)}
                {promotedBy !== null && <Foreign text={`, by ${promotedBy}`} />}.{' '}
                {watchId !== null && (
                  <Link to="/runs/$run" params={{ run: watchId }}>
                    The run that watches it
                  </Link>
                )}{' '}
                {endedAt !== null && `It ended ${clock(endedAt, now)}.`}
              </>
            }
          />
        )}
        {reason !== null && <Row title="Result" under={<Foreign text={reason} />} />}
      </Rows>
      <Section title="What would change">
        {diff && diff.hunks.length > 0 ? <Hunks hunks={diff.hunks} /> : <Empty>No fix passed.</Empty>}
      </Section>
      <Section title="Fixes that were tried">
        {tries.length === 0 ? (
          <Empty>None was tried.</Empty>
        ) : (
          <Rows label="Fixes">
            {tries.map((each, index) => (
              <Row
                key={String(each.number ?? index)}
                title={<Foreign text={`${String(each.number ?? index + 1)}: ${String(each.why ?? '')}`} />}
                under={
                  <Foreign
                    text={`by ${String(each.solver ?? 'nobody known')}, at ${String(each.gate ?? 'no check')}: ${String(each.sentence ?? '')}`}
                  />
                }
                tag={<Tag tone={each.verdict === 'proven' ? 'good' : 'plain'}>{String(each.verdict)}</Tag>}
              />
            ))}
          </Rows>
        )}
      </Section>
    </>
  )
}
