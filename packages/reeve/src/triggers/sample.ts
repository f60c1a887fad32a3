import { ReeveError } from '../base/errors.ts'
import { type SecretPlaces, secretsOfHook } from './hook-door.ts'
import { hookOf, hookPath, type NamedTrigger } from './named-triggers.ts'
import { schemeOf } from './signatures/schemes.ts'

/** A request that is signed as its sender would. */
export interface SampleRequest {
  path: string
  headers: Record<string, string>
  body: Buffer
}

const sampleLetter = [
  'From: Reeve <test@example.com>',
  'To: desk@example.com',
  'Subject: A test of the trigger',
  'Message-ID: <ID@example.com>',
  'Date: Thu, 01 Jan 2026 00:00:00 +0000',
  'Content-Type: text/plain; charset=utf-8',
  '',
  'This email was sent by: reeve trigger test',
  '',
].join('\r\n')

/**
 * A signed sample for a trigger that others post to. `given`: what it says; default: a small one that names itself.
 * @throws `untestable-trigger` `webhook-closed`
 */
export function sampleFor(
  { name, trigger }: NamedTrigger,
  places: SecretPlaces,
  { id, now, given }: { id: string; now: number; given?: Buffer | undefined },
): SampleRequest {
  const hook = hookOf(trigger)
  if (!hook) throw untestable(name, trigger.on)
  const secrets = secretsOfHook(hook, places)
  if ('closed' in secrets) {
    throw new ReeveError(
      'webhook-closed',
      `The trigger "${name}" is closed, here as at the server: ${secrets.closed}. Set it for both.`,
    )
  }
  const isLetter = trigger.on === 'mail'
  const made = isLetter
    ? sampleLetter.replace('ID', id)
    : JSON.stringify({ id, event_id: id, type: 'reeve.test', data: { sentBy: 'reeve trigger test' } })
  const body = given ?? Buffer.from(made)
  const headers = schemeOf(hook.signature).sign(secrets.open[0]!, body, Math.floor(now / 1000), id)
  if (isLetter) headers['content-type'] = 'message/rfc822'
  return { path: hookPath(name), headers, body }
}

/** Of a trigger that nobody posts to. */
export function untestable(name: string, on: NamedTrigger['trigger']['on']): ReeveError {
  const advice: Record<typeof on, string> = {
    webhook: '',
    mail: 'It watches a folder: put an email there.',
    files: 'Put a file into its folder.',
    schedule: 'Start its workflow with: reeve run WORKFLOW',
    event: 'Start a run of a workflow that it listens to.',
    service: 'Cause an event at its service, or at the stand-in of the service in sandbox.',
  }
  return new ReeveError(
    'untestable-trigger',
    `The trigger "${name}" (${on}) takes no sample over HTTP. ${advice[on]}`,
  )
}

/** Of a name that no trigger has. */
export function unknownTrigger(triggers: ReadonlyMap<string, NamedTrigger>, name: string): ReeveError {
  const known = [...triggers.keys()].sort().join(', ')
  return new ReeveError(
    'unknown-trigger',
    `The project has no trigger "${name}". ${known === '' ? 'It has none: see `on` of a workflow.' : `It has: ${known}.`}`,
  )
}
