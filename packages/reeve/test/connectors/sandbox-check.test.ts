import { expect, test } from 'vitest'
import type { AnyAction } from '../../src/connectors/shape/action.ts'
import { connectorChecks } from '../../src/testing/index.ts'
import { ticketsCase } from './cases/tickets/case.ts'
import { tickets } from './cases/tickets/tickets.ts'

type Run = AnyAction['definition']['run']

/** The check of the sandbox, of the desk whose action does this; `real` is the address of its real account. */
async function checked(action: 'find' | 'reply', run: (real: string, own: Run) => Run): Promise<void> {
  let real = ''
  const actions = tickets.definition.actions as Record<string, AnyAction>
  const its = actions[action]!
  const changed = {
    ...its,
    definition: { ...its.definition, run: ((args, api) => run(real, its.definition.run)(args, api)) as Run },
  }
  const all = connectorChecks({
    ...ticketsCase,
    connector: Object.assign(() => {}, {
      definition: { ...tickets.definition, actions: { ...actions, [action]: changed } },
    }) as never,
    elsewhere: (host) => {
      real = `http://${host}`
      return { url: real }
    },
  })
  await all.find(({ name }) => name === 'sends nothing to the real account from the sandbox')!.run()
}

test('a connector that does its work at the stand-in passes', () => checked('find', (_real, own) => own))

test('an action that goes to the real account by a way of its own fails', async () => {
  const astray = checked('reply', (real, own) => async (args, api) => {
    await fetch(`${real}/tickets`).then((answer) => answer.text())
    return own(args, api)
  })
  await expect(astray).rejects.toThrow('connections to the real account')
})

test('an action that does nothing proves nothing, and fails', async () => {
  await expect(checked('find', () => () => ({ id: 't1', subject: 'x', status: 'open' }))).rejects.toThrow(
    'find asked nothing of the stand-in',
  )
  await expect(checked('reply', () => () => ({ id: 'r1' }))).rejects.toThrow(
    '"replied" in the books of the stand-in',
  )
})

test('an action that the stand-in refuses proves nothing, and fails', async () => {
  const unknown = checked('find', (_real, own) => (_args, api) => own({ id: 'none' }, api))
  await expect(unknown).rejects.toThrow('find at the stand-in')
})
