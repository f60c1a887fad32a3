import type { Facts } from './facts.ts'

/**
 * I2, from the outside's side: a body that began again did so only because its outcome was not acknowledged, or, for one
 * step and its retries, because its worker had lost the run and did not know yet; a body belongs to a run that is there,
 * and sections that may not overlap did not, within one life of the victim.
 */
export function checkBodies(facts: Facts): string[] {
  return [...noBodyAfterItsOutcome(facts), ...bodiesOfRuns(facts), ...sectionsApart(facts)]
}

function noBodyAfterItsOutcome(facts: Facts): string[] {
  const seenBy = new Map<string, Set<number>>()
  /** The step at which a life that lost its run was, once it is known. */
  const lastSteps = new Map(facts.losses.map(({ run, life }) => [`${run} ${life}`, '']))
  const isExcused = ({ run, life, name }: { run: string; life: number; name: string }) => {
    const last = lastSteps.get(`${run} ${life}`)
    if (last === '') lastSteps.set(`${run} ${life}`, name)
    return last === '' || last === name
  }
  const problems: string[] = []
  for (const heard of facts.heard) {
    if (heard.kind !== 'saw' && heard.kind !== 'body') continue
    const lives = seenBy.get(`${heard.run} ${heard.name}`)
    if (heard.kind === 'saw') {
      if (lives) lives.add(heard.life)
      else seenBy.set(`${heard.run} ${heard.name}`, new Set([heard.life]))
    } else if (lives && (lives.has(heard.life) || !isExcused(heard)))
      problems.push(`step "${heard.name}" of run ${heard.run} ran again after its outcome was seen`)
  }
  return problems
}

function bodiesOfRuns(facts: Facts): string[] {
  return facts
    .heardOf('body')
    .filter((heard) => !facts.run(heard.run))
    .map((heard) => `step "${heard.name}" ran for run ${heard.run}, which is not there`)
}

function sectionsApart(facts: Facts): string[] {
  const inside = new Map<string, { run: string; life: number }>()
  const problems: string[] = []
  for (const heard of facts.heard) {
    if (heard.kind === 'left') inside.delete(heard.group)
    if (heard.kind !== 'entered') continue
    const other = inside.get(heard.group)
    if (other && other.life === heard.life)
      problems.push(`runs ${other.run} and ${heard.run} were in section ${heard.group} together`)
    inside.set(heard.group, { run: heard.run, life: heard.life })
  }
  return problems
}
