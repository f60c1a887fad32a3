import { silentLog } from '../../src/base/log.ts'
import { parse } from '../../src/base/schema/schema.ts'
import { Secrets } from '../../src/base/secrets/secrets.ts'
import { systemClock } from '../../src/base/time/time.ts'
import { readSealed } from '../../src/connectors/auth/scheme.ts'
import type { DoorServices } from '../../src/connectors/door/door-services.ts'
import { ServiceDoor } from '../../src/connectors/door/service-door.ts'
import type { AnyAction } from '../../src/connectors/shape/action.ts'
import type { Connection } from '../../src/connectors/shape/connection.ts'
import { type EffectVerdict, PutOff } from '../../src/engine/calls/effect/definition.ts'

/**
 * A connector's actions through the real door at a stand-in, without a runtime: what they send, what they make of the answers, and what
 * they find out afterwards. What the engine makes of that is the contract suite's.
 */
export function atTheDoor(connection: Connection, standIn: { url: string }) {
  const { definition } = connection
  const schemes = [definition.auth].flat()
  const nothing = schemes.find(({ kind }) => kind === 'none')
  const { scheme, credential } = nothing
    ? { scheme: nothing, credential: {} }
    : readSealed(schemes, definition.sandbox.standIn.credential)
  /** What the door told of the account. */
  const told: string[] = []
  const services: DoorServices = {
    clock: systemClock,
    log: silentLog,
    secrets: new Secrets(),
    modeOf: () => 'sandbox',
    targetOf: async () => ({ url: standIn.url, endpoints: {}, isPrivate: true }),
    sign: async () => ({ headers: scheme.headers(credential), credential, version: 1, isRenewable: false }),
    renewed: async () => {
      throw new Error('nothing to renew')
    },
    take: async () => ({ turns: [{ from: 0, until: Number.POSITIVE_INFINITY, token: 0, isNow: true }] }),
    arrived: () => {},
    learn: async (_place, said) => void told.push(`rate ${JSON.stringify(said)}`),
    lost: async (_place, why) => {
      told.push(`lost ${why}`)
      return new PutOff(why, { at: 0 })
    },
    failed: (_place, why) => void told.push(`failed ${why}`),
    worked: () => {},
  }
  const open = (action: string, key: string) => {
    const signal = new AbortController().signal
    const place = { connection, account: 'default', action, class: 'default' }
    return new ServiceDoor(services, place, { key, attempt: 1, signal, reveal: async () => '' })
  }
  const its = (name: string) => (definition.actions as Record<string, AnyAction>)[name]!.definition
  /** As the engine hands arguments over, and holds answers to their schema. */
  const checked = (schema: never, value: unknown, what: string) => parse(schema, value, what) as Answered
  return {
    told,
    probe: () => definition.health.probe(open('health', 'probe') as never),
    run: async (name: string, args: unknown, key = 'reeve:run-1:1'): Promise<Answered> => {
      const { input, output, run } = its(name)
      const given = checked(input as never, args, 'The arguments')
      return checked(output as never, await run(given, open(name, key)), 'The answer')
    },
    verify: async (name: string, args: unknown, key = 'reeve:run-1:1'): Promise<EffectVerdict> => {
      const { input, output, verify } = its(name)
      const verdict = await verify!(checked(input as never, args, 'The arguments'), open(name, key))
      if (verdict.outcome === 'applied') checked(output as never, verdict.result, 'What was found')
      return verdict
    },
    undo: async (name: string, args: unknown, result: unknown, key = 'reeve:run-1:1'): Promise<void> => {
      const done = { args: checked(its(name).input as never, args, 'The arguments'), result, key }
      await its(name).undo!.run(done as never, open(name, `undo:${key}`))
    },
    verifyUndo: async (name: string, args: unknown, result: unknown, key = 'reeve:run-1:1') => {
      const done = { args: checked(its(name).input as never, args, 'The arguments'), result, key }
      return (await its(name).undo!.verify!(done as never, open(name, `undo:${key}`))).outcome
    },
  }
}

// biome-ignore lint/suspicious/noExplicitAny: as many shapes as there are actions
type Answered = any
