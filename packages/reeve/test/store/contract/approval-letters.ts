import { expect } from 'vitest'
import { approvalValues, insertApprovals } from '../../../src/store/approvals/approvals.ts'
import {
  beginMessage,
  letterSent,
  messageNamed,
  messagesToSettle,
  requestsToPost,
  settleMessage,
  useMessage,
  withholdMessage,
} from '../../../src/store/connectors/approval-messages.ts'
import {
  type ApprovalReplyRow,
  countRefusals,
  isReplyKnown,
  recordReply,
  repliesToTell,
  replyTold,
} from '../../../src/store/connectors/approval-replies.ts'
import type { Database } from '../../../src/store/database.ts'
import { addRuns, newRun, type Open, storeCase } from './fixtures.ts'

const desk = { connection: 'desk', account: 'main', mode: 'live' } as const
const minuteMs = 60_000

async function ask(database: Database): Promise<void> {
  await addRuns(database, newRun(1))
  const asked = { id: 'a', run: 1, step: 1, kind: 'approval', subject: 'send', shown: '{}' } as const
  await database.bulk(insertApprovals, [
    approvalValues({ ...asked, args_hash: 'hash', requested_at: 5, expires_at: null }),
  ])
}

function toPost(database: Database, recipient: string, now: number) {
  return requestsToPost(database, desk, {
    recipient,
    now,
    limits: { perSender: 100, perChannel: 100 },
    limit: 10,
  })
}

const letterTo = (recipient: string) => ({ ...desk, approval: 'a', hash: 'hash', asked_at: 5, recipient })

function reply(letter: string, changes: Partial<ApprovalReplyRow> = {}): ApprovalReplyRow {
  return {
    ...{ ...desk, letter, approval: 'a', sender: 'ada@x.example', state: 'telling', words: 'Done.' },
    ...{ subject: 'Re: send', message_id: null, is_refused: 0, at: 20, ...changes },
  } as ApprovalReplyRow
}

export function approvalLetterCases(open: Open): void {
  storeCase('a request is brought to each recipient once, under its name', open, async (database) => {
    await ask(database)
    expect((await toPost(database, 'ada@x.example', 10)).map(({ id }) => id)).toEqual(['a'])
    const key = letterTo('ada@x.example')
    await beginMessage(database, key, 10, { principal: 'ada', token: 'secret', ts: 'name' })
    // It may have to be sent again, under the same name.
    expect(await toPost(database, 'ada@x.example', 11)).toMatchObject([{ begun_at: 10, token: 'secret' }])
    await letterSent(database, key)
    expect(await toPost(database, 'ada@x.example', 12)).toEqual([])
    expect(await toPost(database, 'eve@x.example', 12)).toHaveLength(1)
    const found = { recipient: 'ada@x.example', principal: 'ada', token: null, state: 'posted' }
    expect(await messageNamed(database, desk, ['other', 'name'])).toMatchObject(found)
    expect(await messageNamed(database, { ...desk, account: 'second' }, ['name'])).toBeUndefined()
  })

  storeCase(
    'who may not decide is looked at again a minute later, and then brought it',
    open,
    async (database) => {
      await ask(database)
      const key = letterTo('eve@x.example')
      await withholdMessage(database, key, 10)
      expect(await toPost(database, 'eve@x.example', 10 + minuteMs)).toEqual([])
      expect(await toPost(database, 'eve@x.example', 11 + minuteMs)).toMatchObject([{ begun_at: null }])
      await beginMessage(database, key, 20, { principal: 'eve', token: 'secret', ts: 'name' })
      expect(await messageNamed(database, desk, ['name'])).toMatchObject({
        state: 'posting',
        principal: 'eve',
      })
    },
  )

  storeCase('a letter is used once, and settled when its request is closed', open, async (database) => {
    await ask(database)
    const key = letterTo('ada@x.example')
    await beginMessage(database, key, 10, { principal: 'ada', token: 'secret', ts: 'name' })
    await letterSent(database, key)
    await database.transaction((session) => useMessage(session, key, 30))
    const again = database.transaction((session) => useMessage(session, key, 31))
    await expect(again).rejects.toMatchObject({ code: 'already-decided' })
    expect(await messagesToSettle(database, desk, 10)).toEqual([])
    await database.run(`update approvals set status = 'approved' where id = 'a'`)
    expect(await messagesToSettle(database, desk, 10)).toMatchObject([{ approval: 'a', run_id: 'run1' }])
    await settleMessage(database, key)
    expect(await messagesToSettle(database, desk, 10)).toEqual([])
  })

  storeCase('a reply is written down once, and its sender is told once', open, async (database) => {
    expect(await recordReply(database, reply('l1'))).toBe(true)
    expect(await recordReply(database, reply('l1', { words: 'Else.' }))).toBe(false)
    await recordReply(database, reply('l2', { is_refused: 1, at: 15 }))
    await recordReply(database, reply('l3', { is_refused: 1, state: 'silent' }))
    expect(await isReplyKnown(database, desk, 'l1')).toBe(true)
    expect(await isReplyKnown(database, { ...desk, mode: 'sandbox' }, 'l1')).toBe(false)
    expect((await repliesToTell(database, desk, 10)).map(({ letter }) => letter)).toEqual(['l2', 'l1'])
    await replyTold(database, reply('l2'))
    expect((await repliesToTell(database, desk, 10)).map(({ letter }) => letter)).toEqual(['l1'])
    expect(await countRefusals(database, 'ada@x.example', 10)).toBe(1)
    expect(await countRefusals(database, 'ada@x.example', 15)).toBe(0)
  })
}
