import type { StandardSchemaV1 } from '@standard-schema/spec'
import { z } from 'zod'
import { ReeveError } from '../../base/errors.ts'
import { isRecord } from '../../base/json/record.ts'
import { jsonSchemaIn } from '../../base/schema/schema.ts'
import type { EffectAttempt } from '../../engine/calls/effect/definition.ts'
import { fromJsonSchema, type JsonSchemaObject } from '../../tools/json-schema/json-schema.ts'
import { type Tool, type ToolDefinition, tool } from '../../tools/tool.ts'
import type { AnyAction } from './action.ts'
import type { Connection } from './connection.ts'
import { hostOf } from './host.ts'

/** What a project may say of a connector's action. */
export type ActionRules<Args = never> = Partial<
  Pick<
    ToolDefinition<StandardSchemaV1<unknown, Args>, StandardSchemaV1>,
    'approval' | 'approvalTerms' | 'approvalTimeout' | 'oncePer' | 'risk' | 'timeout' | 'retry'
  >
>

/** An action as a tool: everything else of it (grants, approvals, undo, journals) is that of tools. */
export function toolOf(connection: Connection, action: string, its: AnyAction, rules: object = {}): Tool {
  const { endpoint: _e, class: className = 'default', scopes: _s, keyIn: _k, ...definition } = its.definition
  const { run, verify, undo, input, ...of } = definition
  const { accounts, name, definition: connector } = connection
  const isSeveral = accounts.choice === 'several'
  const accountOf = (args: unknown, principal: string): string => {
    if (accounts.choice === 'one') return accounts.account
    if (accounts.choice === 'own') return ownAccount(name, principal)
    return (args as { account: string }).account
  }
  const place = (account: string) => ({ connection, account, action, class: className })
  const open = (args: unknown, attempt: EffectAttempt) =>
    hostOf(attempt).call(place(attempt.account ?? accountOf(args, '')), attempt)
  const plain = (args: unknown) => (isSeveral ? withoutAccount(args) : args)
  const undoing = undo && {
    ...undo,
    run: (done: { args: unknown }, attempt: EffectAttempt) =>
      undo.run({ ...done, args: plain(done.args) } as never, open(done.args, attempt)),
    ...(undo.verify && {
      verify: (done: { args: unknown }, attempt: EffectAttempt) =>
        undo.verify!({ ...done, args: plain(done.args) } as never, open(done.args, attempt)),
    }),
  }
  const built = tool({
    ...of,
    ...rules,
    name: `${name}.${action}`,
    input: isSeveral ? withAccount(input, accounts.accounts, `${name}.${action}`) : input,
    ...(isSeveral && { directs: [...(of.directs ?? []), 'account'] }),
    place: of.place ?? `an answer of ${connector.title}`,
    run: (args: unknown, attempt: EffectAttempt) => run(plain(args), open(args, attempt)),
    ...(verify && {
      verify: (args: unknown, attempt: EffectAttempt) => verify(plain(args), open(args, attempt)),
    }),
    ...(undoing && { undo: undoing }),
  } as ToolDefinition<StandardSchemaV1, StandardSchemaV1>) as Tool
  return {
    ...built,
    service: {
      connection: name,
      account: accountOf,
      mode: (host) => host && hostOf({ host }).modeOf(place('')),
      gate: (account) => ({ ask: async (host, run) => hostOf({ host }).gate(place(account), run) }),
      rate: (account, host) => host && hostOf({ host }).rate(place(account)),
    },
  }
}

function withoutAccount(args: unknown): unknown {
  const { account: _account, ...rest } = args as { account: string }
  return rest
}

function ownAccount(connection: string, principal: string): string {
  if (/^[\w.@+-]{1,60}$/.test(principal)) return principal
  throw new ReeveError(
    'bad-account',
    `The connection "${connection}" acts with the account of whoever the run acts for, and that is ${JSON.stringify(principal)}, who has none. Start the run for a person, or give the connection an \`account\`.`,
  )
}

function withAccount(input: StandardSchemaV1, accounts: readonly string[], what: string): StandardSchemaV1 {
  if (input instanceof z.ZodObject)
    return input.extend({
      account: z.enum(accounts as [string, ...string[]]).describe('Which account it acts with'),
    })
  const schema = jsonSchemaIn(input)
  if (input['~standard'].vendor === 'reeve' && isRecord(schema) && isRecord(schema.properties)) {
    const account = { type: 'string', enum: [...accounts], description: 'Which account it acts with' }
    return fromJsonSchema(
      {
        ...schema,
        properties: { ...schema.properties, account },
        required: [...((schema.required as string[] | undefined) ?? []), 'account'],
      } as JsonSchemaObject,
      `The input of ${what}`,
    )
  }
  throw new ReeveError(
    'bad-connector',
    `The action "${what}" cannot be used with several accounts: they add an argument to its input, which is not an object of Zod.`,
  )
}
