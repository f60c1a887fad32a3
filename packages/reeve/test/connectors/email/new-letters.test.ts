import { afterAll, expect, onTestFinished, test, vi } from 'vitest'
import { Mailbox } from '../../../src/connectors/email/mailbox.ts'
import { type FolderPlace, newLetters, waitForLetters } from '../../../src/connectors/email/new-letters.ts'
import { start as startStandIn } from '../../../src/connectors/email/stand-in.ts'
import { LetterReader } from '../../../src/triggers/letters/read-letter.ts'

const dayMs = 86_400_000
const start = Date.UTC(2026, 4, 4, 12)
const login = { user: 'desk@sandbox.test', password: 'sandbox-password' }
const letter = (number: number, ...more: string[]) =>
  Buffer.from(
    [
      `From: Eve <eve@shop.test>`,
      `Message-ID: <${number}@shop.test>`,
      `Subject: ${number}`,
      ...more,
      '',
      'hello',
    ].join('\r\n'),
  )

const letters = new LetterReader()
afterAll(() => letters.close())

async function opened() {
  const server = await startStandIn({ now: () => start })
  onTestFinished(() => server.close())
  const { inbox } = server.account().store
  let mailbox: Mailbox | undefined
  const connected = async () => {
    if (!mailbox || mailbox.isEnded)
      mailbox = await Mailbox.open({ host: '127.0.0.1', port: server.imapPort }, login)
    return mailbox
  }
  onTestFinished(() => mailbox?.close())
  const look = async (place: FolderPlace | null) =>
    newLetters(await connected(), 'INBOX', place, { letters, now: start })
  return { server, inbox, look, connected }
}

const subjects = (found: readonly object[]) =>
  found.map((each) => ('item' in each ? (each.item as { subject: string }).subject : Object.keys(each)))

test('the first look begins with what comes from then on, later ones go on where the last one ended', async () => {
  const { inbox, look } = await opened()
  for (let number = 1; number <= 3; number++) inbox.add(letter(number), { at: start })
  const first = await look(null)
  expect(first).toMatchObject({ found: [], place: { uid: 3 }, more: false })
  inbox.add(letter(4), { at: start })
  inbox.add(letter(5), { at: start })
  const second = await look(first.place)
  expect(subjects(second.found)).toEqual(['4', '5'])
  expect(second.found[0]).toMatchObject({
    id: expect.stringMatching(/^[\da-f]{64}$/),
    item: { id: 'INBOX:1:4', folder: 'INBOX', from: { address: 'eve@shop.test' }, isSeen: false },
  })
  // Looking changes nothing for people.
  expect(inbox.letters.every(({ flags }) => flags.size === 0)).toBe(true)
  expect(await look(second.place)).toMatchObject({ found: [], more: false })
  // Whoever died before its place moved finds the same again, under the same names.
  expect((await look(first.place)).found.map(({ id }) => id)).toEqual(second.found.map(({ id }) => id))
})

test('many letters come in parts, over gaps of any width', async () => {
  const { inbox, look } = await opened()
  const { place } = await look(null)
  for (let number = 1; number <= 70; number++) inbox.add(letter(number), { at: start })
  for (let number = 0; number < 5_000; number++) inbox.add(letter(0), { at: start })
  inbox.remove(new Set(inbox.letters.filter(({ uid }) => uid > 70).map(({ uid }) => uid)))
  inbox.add(letter(71), { at: start })
  const first = await look(place)
  expect([first.found.length, first.more, first.place.uid]).toEqual([50, true, 50])
  const second = await look(first.place)
  expect(subjects(second.found).at(-1)).toBe('71')
  expect([second.found.length, second.more, second.place.uid]).toEqual([21, false, 5_071])
})

test('a server that numbers anew loses nothing and doubles nothing', async () => {
  const { inbox, look } = await opened()
  const { place } = await look(null)
  inbox.add(letter(1), { at: start - 40 * dayMs })
  inbox.add(letter(2), { at: start })
  const first = await look(place)
  expect(subjects(first.found)).toEqual(['1', '2'])
  inbox.add(letter(3), { at: start })
  inbox.renumber()
  const second = await look(first.place)
  // What arrived long before was dealt with under its old number; what is looked at again is known by its bytes.
  expect(subjects(second.found)).toEqual(['2', '3'])
  expect(second.found[0]!.id).toBe(first.found[1]!.id)
  expect(second.place).toMatchObject({ uidValidity: '2', uid: 3 })
  // One that is old and comes now, as an import does, comes.
  inbox.add(letter(4), { at: start - 40 * dayMs })
  expect(subjects((await look(second.place)).found)).toEqual(['4'])
})

test('a look that takes too long ends with what it has, and the next one goes on', async () => {
  const { inbox, look, connected } = await opened()
  const { place } = await look(null)
  for (let number = 1; number <= 3; number++) inbox.add(letter(number), { at: start })
  const late = { letters, now: start, isLate: () => true }
  const first = await newLetters(await connected(), 'INBOX', place, late)
  expect([subjects(first.found), first.more, first.place.uid]).toEqual([['1'], true, 1])
  expect(subjects((await look(first.place)).found)).toEqual(['2', '3'])
})

test('a letter of 60 MB is read in its beginning; one that cannot be read says so and holds up none', async () => {
  const { inbox, look } = await opened()
  const { place } = await look(null)
  const large = Buffer.concat([
    letter(1, 'Content-Type: multipart/mixed; boundary=b').subarray(0, -5),
    Buffer.from(
      '--b\r\nContent-Type: text/plain\r\n\r\nplease cancel\r\n--b\r\nContent-Type: application/zip\r\n\r\n',
    ),
    Buffer.alloc(60_000_000, 'x'),
  ])
  inbox.add(large, { at: start })
  const nested = Array.from(
    { length: 60 },
    (_, depth) => `--b${depth}\r\nContent-Type: multipart/mixed; boundary=b${depth + 1}\r\n\r\n`,
  )
  inbox.add(
    Buffer.concat([
      letter(2, 'Content-Type: multipart/mixed; boundary=b0'),
      Buffer.from(`\r\n${nested.join('')}`),
    ]),
    { at: start },
  )
  inbox.add(Buffer.from('no letter at all'), { at: start })
  inbox.add(letter(3), { at: start })
  // The large one fills a look of its own.
  const first = await look(place)
  expect(first.found).toMatchObject([
    { item: { isPartial: true, bytes: large.length, text: expect.stringContaining('please cancel') } },
  ])
  const second = await look(first.place)
  expect(second.found).toMatchObject([
    { problem: expect.stringContaining('The letter 2 in INBOX') },
    { problem: expect.stringContaining('it is not an email') },
    { item: { subject: '3' } },
  ])
  expect(second.place.uid).toBe(4)
})

test('what comes while nobody looks is not waited for, what comes then ends the wait', async () => {
  const { server, inbox, look, connected } = await opened()
  const { place } = await look(null)
  const signal = AbortSignal.timeout(20_000)
  const waiting = waitForLetters(await connected(), 'INBOX', place, signal)
  await expect.poll(() => server.idling()).toBe(1)
  inbox.add(letter(1), { at: start })
  await waiting
  await waitForLetters(await connected(), 'INBOX', place, signal)
  const after = await look(place)
  const dropped = waitForLetters(await connected(), 'INBOX', after.place, signal)
  await expect.poll(() => server.idling()).toBe(1)
  server.mailFaults.dropAll()
  await dropped
  expect(signal.aborted).toBe(false)
})

test('a mailbox of 200,000 letters is looked at in parts: what is new is asked for, and no list of all', async () => {
  const { inbox, look } = await opened()
  const lists = vi.spyOn(Mailbox.prototype, 'list')
  const sources = vi.spyOn(Mailbox.prototype, 'source')
  const searches = vi.spyOn(Mailbox.prototype, 'search')
  onTestFinished(() => void vi.restoreAllMocks())
  for (let number = 1; number <= 200_000; number++) inbox.add(letter(number), { at: start - dayMs })
  const { place } = await look(null)
  expect(place.uid).toBe(200_000)
  inbox.add(letter(1_000_000), { at: start })
  expect(subjects((await look(place)).found)).toEqual(['1000000'])
  // From the beginning, too, in parts.
  const part = await look({ uidValidity: '1', uid: 0, at: 0 })
  expect([part.found.length, part.more]).toEqual([50, true])
  const listed = (await Promise.all(lists.mock.results.map(({ value }) => value))).flat()
  expect([listed.length, sources.mock.calls.length, searches.mock.calls.length]).toEqual([1 + 200, 1 + 50, 0])
})
