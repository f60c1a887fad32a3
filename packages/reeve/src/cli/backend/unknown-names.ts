import { ReeveError } from '../../base/errors.ts'

const mostNamed = 20

export function shortList(names: string[]): string {
  const more = names.length - mostNamed
  return `${names.slice(0, mostNamed).join(', ')}${more > 0 ? ` and ${more} more` : ''}`
}

export function unknownSchedule(name: string, known: readonly string[]): ReeveError {
  const why = `There is no schedule ${JSON.stringify(name)}. The schedules: ${shortList([...known]) || 'none yet'}.`
  return new ReeveError('unknown-schedule', why)
}
