import { useQuery } from '@tanstack/react-query'
import { type Lesson, lessonQuery } from '../../api/improving.ts'
import { Failure } from '../../ui/Failure.tsx'
import { Foreign } from '../../ui/Foreign.tsx'
import { Link } from '../../ui/Link.tsx'
import { useNow } from '../../ui/now.ts'
import { Section } from '../../ui/Page.tsx'
import { Row, Rows } from '../../ui/Rows.tsx'
import ui from '../../ui/ui.module.css'
import { clock, count, money, percent } from '../../ui/words.ts'

/** What a lesson says, how it was tried on runs that it was not found in, how it does since it counts, and what it rests on. */
export function LessonParts({ id }: { id: string }) {
  const now = useNow()
  const { data: lesson, error } = useQuery(lessonQuery(id))
  if (!lesson) return error ? <Failure error={error} /> : <div className={ui.room} />
  const { workflow, question, condition, act, evidence, trial, inForce } = lesson
  return (
    <>
      <p className={ui.prose}>
        <Foreign text={lesson.text} />
      </p>
      <Rows label="The lesson">
        <Row
          title={act === 'avoid' ? 'Daemons do not start' : 'It is told to'}
          under={
            <>
              {question === null ? 'all questions' : <Foreign text={`the question ${question}`} />} of{' '}
              <Foreign text={workflow} />
              {condition !== null && <Foreign text={`, where ${condition.at} is ${condition.is}`} />}
            </>
          }
        />
        <Row title="Trial" under={trialWords(trial)} />
        <Row title="Effect" under={forceWords(inForce, (at) => clock(at, now))} />
      </Rows>
      <Section title="Evidence">
        <p className={ui.under}>
          {evidenceWords(evidence)}, from {clock(evidence.from, now)} to {clock(evidence.until, now)}.
        </p>
        <Rows label="Evidence">
          {Object.entries(evidence.figures).map(([name, figure]) => (
            <Row key={name} title={<Foreign text={name} />} end={count(figure)} />
          ))}
          {evidence.runs.slice(0, 20).map((run) => (
            <Row
              key={run}
              title={
                <Link to="/runs/$run" params={{ run }}>
                  <Foreign text={run} />
                </Link>
              }
            />
          ))}
        </Rows>
      </Section>
    </>
  )
}

/** In figures: it stands within a sentence. */
function number(value: number, of: string): string {
  return `${count(value)} ${value === 1 ? of : `${of}s`}`
}

function evidenceWords({ runs, decisions }: Lesson['evidence']): string {
  const parts = [
    runs.length > 0 && number(runs.length, 'run'),
    decisions.length > 0 && number(decisions.length, 'decision'),
  ]
  return parts.filter(Boolean).join(' and ') || 'No run and no decision'
}

function trialWords(trial: Lesson['trial']): string {
  if (trial === null) return 'There was nothing to try it on.'
  const { cases, better, worse, change, costUsd } = trial
  const same = cases - better - worse
  return `On ${number(cases, 'recorded run')}: ${count(better)} better, ${count(worse)} worse, ${count(same)} alike (${changeWords(change)}). It cost ${money(costUsd)}.`
}

function forceWords(inForce: Lesson['inForce'], at: (time: string) => string): string {
  if (inForce === null) return 'It is not in force.'
  const { since, withheldPercent, measured } = inForce
  const begins = `It counts since ${at(since)}; ${withheldPercent} of 100 runs go without it, to compare.`
  if (measured === null) return `${begins} Nothing is measured yet.`
  const share = ({ runs, good }: { runs: number; good: number }) =>
    runs === 0 ? 'no run' : `${percent(good / runs)} of ${count(runs)} went well`
  const change = measured.change === null ? '' : ` (${changeWords(measured.change)})`
  const against = measured.against === null ? '' : ` Against it: ${measured.against}.`
  return `${begins} With it ${share(measured.with)}, without it ${share(measured.without)}${change}.${against}`
}

function changeWords({ verdict, low, high }: { verdict: string; low: number; high: number }): string {
  const points = (share: number) => `${share > 0 ? '+' : ''}${Math.round(share * 100)}`
  const words = { better: 'surely better', worse: 'surely worse' }[verdict] ?? 'not certain'
  return `${words}: ${points(low)} to ${points(high)} points`
}
