import { z } from 'zod'
import { ReeveError } from '../../../base/errors.ts'
import { isoText } from '../../../base/time/time.ts'
import { listSwitches, type SwitchRow, setSwitch } from '../../../store/authority/switches.ts'
import { reaches } from '../../../store/identity/principals.ts'
import { read, write } from '../../http/endpoint.ts'
import { changeAuthority } from '../acting.ts'
import { name, time } from '../parts.ts'

const mode = z.enum(['off', 'ask', 'allow'])
const place = {
  agent: name.nullable().describe('Calls of this agent; null: of all'),
  tool: name.nullable(),
  connector: name.nullable().describe('What stands before the dot of its tools’ names'),
}
const aSwitch = z.object({ ...place, mode, why: z.string().nullable(), by: name, at: time })

const list = read({
  path: '/api/switches',
  role: 'viewer',
  summary: 'List the switches that are off or ask: of an agent, a tool, a connector, or of everything',
  answer: z.object({ items: z.array(aSwitch) }),
  tell: async ({ service: { database } }) => ({ items: (await listSwitches(database)).map(view) }),
})

const set = write({
  method: 'PUT',
  path: '/api/switches',
  role: 'operator',
  summary: 'Set a switch: calls are off, ask, or are as the code has them; without a name, all calls',
  body: z.strictObject({
    agent: name.optional(),
    tool: name.optional(),
    connector: name.optional(),
    mode: mode.describe('`allow` takes the switch away: only an owner may'),
    why: z.string().max(1000).optional().describe('Kept in the log of authority'),
  }),
  answer: z.object({ ...place, mode }),
  async act(call) {
    const { mode, why, ...place } = call.body
    if (mode === 'allow' && !reaches(call.caller.role, 'owner')) {
      throw new ReeveError(
        'role-too-low',
        `To take a switch away needs the role owner; you are here as ${call.caller.role}. Nothing was changed.`,
        { details: { role: call.caller.role, wanted: 'owner' } },
      )
    }
    await changeAuthority(call, (session, acting) => setSwitch(session, place, mode, acting), why)
    return { subject: '' }
  },
  async tell({ service: { database }, body: { agent = null, tool = null, connector = null } }) {
    const isIt = (each: z.input<typeof aSwitch>) =>
      each.agent === agent && each.tool === tool && each.connector === connector
    const found = (await listSwitches(database)).map(view).find(isIt)
    return { agent, tool, connector, mode: found?.mode ?? ('allow' as const) }
  },
})

function view(row: SwitchRow): z.input<typeof aSwitch> {
  return {
    agent: row.agent || null,
    tool: row.tool || null,
    connector: row.connector || null,
    mode: row.mode,
    why: row.why,
    by: row.set_by,
    at: isoText(row.set_at),
  }
}

export const switches = { list, set }
