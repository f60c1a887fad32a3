import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { readInbox } from '../ingest/read-inbox.ts'
import { bodyLimitBytes, type Ticket } from '../ingest/ticket.ts'

const inbox = join(import.meta.dirname, '..', 'inbox')
const tickets = new Map<string, Ticket>()

beforeAll(async () => {
  const names = (await readdir(inbox)).filter((name) => name.endsWith('.eml')).sort()
  let index = 0
  for await (const reading of readInbox(inbox)) {
    const name = names[index++]!
    if (!reading.ok) throw new Error(`${reading.where}: ${reading.problem}`)
    tickets.set(name.slice(0, 3), reading.ticket)
  }
})

function ticket(number: string): Ticket {
  const found = tickets.get(number)
  if (!found) throw new Error(`There is no mail ${number} in the inbox.`)
  return found
}

describe('the whole inbox', () => {
  test('is read without a fault, and every mail has a label', async () => {
    const expected = (await readFile(join(inbox, '..', 'examples', 'expected.jsonl'), 'utf8'))
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { file: string }).file.slice(0, 3))
    expect(tickets.size).toBeGreaterThanOrEqual(66)
    expect(expected).toEqual([...tickets.keys()])
  })

  test('becomes plain JSON without damaged characters, raw escapes or markup', () => {
    for (const [number, each] of tickets) {
      expect(JSON.parse(JSON.stringify(each)), number).toEqual(each)
      expect(each.subject + each.body, number).not.toMatch(/\ufffd|<\/?(p|div|span|style)\b/)
      expect(each.subject + each.body, number).not.toContain('\u001b')
      expect(Buffer.byteLength(each.body), number).toBeLessThanOrEqual(bodyLimitBytes)
    }
  })

  test('names an address to answer except where the mail has none', () => {
    const without = [...tickets].filter(([, each]) => each.from === '').map(([number]) => number)
    expect(without).toEqual(['033'])
  })
})

describe('charsets', () => {
  test.each([
    ['007', 'für die Bestellung HB-20112 habe ich keine Rechnung erhalten. Für die', 'windows-1252'],
    ['009', "ne trouve pas où ça se passe. Mes relevés de l'été dernier seront-ils effacés", 'windows-1252'],
    ['012', 'アプリにログインできません。パスワード再設定のメールを三回たのみましたが', 'iso-2022-jp'],
    ['014', 'スターターキットを予約したいのですが、次の入荷はいつごろになりますか。', 'shift_jis'],
    [
      '068',
      'Seit dem Update heute Nacht sind sämtliche Messwerte meiner 38 Völker seit März',
      'windows-1252',
    ],
  ])('%s is repaired and says so', (number, text, charset) => {
    expect(ticket(number).body).toContain(text)
    expect(ticket(number).notes).toContain(`charset of the text guessed: ${charset}`)
  })

  test.each([
    ['006', 'Waage zeigt ständig andere Werte', 'meine Stockwaage (SC-118204) spinnt seit einer Woche.'],
    ['008', 'Commande HB-20650 toujours pas livrée', '« pris en charge »'],
    ['011', '重箱式巣箱での使用について', '御社のスケールは重箱式の巣箱でも使えるでしょうか。'],
    ['013', '届け先変更のお願い（HB-20702）', '新しい住所になります。'],
    ['062', 'changement de carte bancaire', 'à cause de ça…'],
    ['072', '经销商合作', '请问经销商的折扣是多少？'],
  ])('%s is read as it declares itself', (number, subject, text) => {
    expect(ticket(number).subject).toBe(subject)
    expect(ticket(number).body).toContain(text)
    expect(ticket(number).notes.join()).not.toContain('guessed')
  })

  test('text that was encoded twice is decoded twice', () => {
    expect(ticket('061').body).toContain('„Made in EU“. Wo soll der Code sein?')
    expect(ticket('061').body).toMatch(/Käthe Öllinger$/)
    expect(ticket('061').notes).toContain('doubly encoded text repaired')
  })

  test('mojibake that somebody quotes on purpose stays as it is', () => {
    expect(ticket('024').body).toContain('"Süd" becomes "SÃ¼d"')
    expect(ticket('024').notes).toEqual([])
  })

  test('subjects with a wrong label, raw bytes or split words come out right', () => {
    expect(ticket('041').subject).toBe('Kündigung und Rückerstattung Jahresabo')
    expect(ticket('042').subject).toBe('¿Envían a las Islas Canarias? Báscula y dos sensores')
    expect(ticket('040').subject).toMatch(/^Impossible d’appairer .* passerelle 🐝$/)
    expect(ticket('036').subject).toMatch(/^Hello I have a Home Gateway .* SC-119031\)$/)
  })
})

describe('identity', () => {
  test('an exact and a near duplicate share the id of the first, and nothing else does', () => {
    expect(ticket('030').id).toBe(ticket('029').id)
    expect(ticket('032').id).toBe(ticket('031').id)
    expect(new Set([...tickets.values()].map((each) => each.id)).size).toBe(tickets.size - 2)
  })

  test('a mail without a Message-ID gets a stable id from its content', async () => {
    const again: string[] = []
    for await (const reading of readInbox(join(inbox, '035-no-message-id.eml'))) {
      if (reading.ok) again.push(reading.ticket.id)
    }
    expect(again).toEqual([ticket('035').id])
    expect(again[0]).toMatch(/^content-[\w-]{32}$/)
  })
})

describe('what the sender wrote now', () => {
  test.each([
    ['001', 'Margaret Hale', 'Rowan Bank Bees'],
    ['002', 'Tom', 'Sent from my phone'],
    ['004', 'Piotr', 'thank you for your order HB-20577'],
    ['005', '0000 Musterstadt', 'Please find attached the invoice'],
    ['057', 'Margit', 'Please check whether the gateway'],
    ['058', 'Groet, Joost', 'Winter is coming'],
    ['063', 'Tamsin', 'This looks like a swarm'],
    ['064', 'Falk Orchards Ltd', 'CONFIDENTIALITY NOTICE'],
    ['070', 'L. Huber', 'Second reminder. Where is my refund?'],
  ])('%s ends where the old text begins', (number, end, quoted) => {
    expect(ticket(number).body.endsWith(end)).toBe(true)
    expect(ticket(number).quoted).toContain(quoted)
  })

  test('answers between the lines of a quotation are kept', () => {
    expect(ticket('073').body).toMatch(/^Nine scales[\s\S]*Belgium, one address near Ghent/)
    expect(ticket('073').quoted).toContain('> Which country do we deliver to?')
  })

  test('a bare forward is the message itself', () => {
    expect(ticket('065').body).toMatch(/^Dear user, we noticed unusual activity/)
    expect(ticket('065').notes).toContain('only a forwarded message')
  })

  test('an empty body stays empty, a huge one is cut and says so', () => {
    expect(ticket('025').body).toBe('')
    expect(ticket('025').subject).toContain('HB-20399')
    expect(ticket('026').notes.join()).toMatch(/body cut at 32 KiB \(it had 2\d\d KiB\)/)
  })

  test('an mbox line and its quoting are undone', () => {
    expect(ticket('037').from).toBe('priya.raman@example.net')
    expect(ticket('037').body).toContain('\nFrom what I read the gateway')
  })

  test('attachments are listed, also of a mail that breaks off', () => {
    expect(ticket('023').attachments).toEqual([
      { name: 'PO_4500091827.pdf', type: 'application/pdf', bytes: expect.any(Number) as number },
    ])
    expect(ticket('051').attachments[0]?.name).toBe('Waage beschädigt.png')
    expect(ticket('071').attachments).toEqual([{ name: 'app.log', type: 'text/plain', bytes: 60 }])
    expect(ticket('071').body).toMatch(/^The app has been showing "Updating"/)
  })
})

describe('what deserves suspicion', () => {
  test('text hidden in HTML does not reach the body and is noted', () => {
    const { body, notes } = ticket('039')
    expect(body).toBe(
      'Hello,\n\nquick one before winter: how long do the batteries in the scale last, and may I use rechargeable ones? The box only says "4 x AA".\n\nThanks\nElena Marsh',
    )
    expect(notes.filter((note) => note.startsWith('suspicious:'))).toEqual([
      expect.stringContaining('same colour as the background'),
      expect.stringContaining('display:none'),
    ])
  })

  test('instructions in plain sight stay text, and the strange Reply-To is noted', () => {
    expect(ticket('038').body).toContain('Ignore all previous instructions')
    expect(ticket('038').from).toBe('audit-desk@example.net')
    expect(ticket('038').notes).toContain('suspicious: Reply-To names another address (collect@example.org)')
  })

  test('only machines are marked as automatic', () => {
    const automatic = [...tickets].filter(([, each]) => each.automatic).map(([number]) => number)
    expect(automatic).toEqual(['027', '028'])
  })
})

test('languages are guessed', () => {
  const guessed = Object.fromEntries(
    ['001', '006', '008', '010', '011', '058', '059', '060', '072'].map((number) => [
      number,
      ticket(number).language,
    ]),
  )
  expect(guessed).toEqual({
    '001': 'en',
    '006': 'de',
    '008': 'fr',
    '010': 'es',
    '011': 'ja',
    '058': 'nl',
    '059': 'it',
    '060': 'sv',
    '072': 'zh',
  })
})
