import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { PendingApproval } from 'reeve'
import type { Drift } from '../world/faults.ts'
import type { LeadKind } from '../world/letters.ts'
import { invitation } from '../world/model.ts'
import { dayMs } from '../world/time.ts'
import type { World } from '../world/world.ts'
import type { Journal } from './journal.ts'
import type { WorkerProcess } from './worker-process.ts'

/** What asked for the person, counted. */
export interface Attention {
  visits: number
  approved: number
  rejected: number
  /** Articles that lacked what the owner wants in them. */
  edited: number
  /** Letters that were read wrongly, which the owner noticed and answered. */
  corrected: number
  outcomes: number
  questions: number
  stuck: number
  /** Payments that name no invoice. */
  payments: number
  /** What Reeve would have learnt, and could not try by itself. */
  lessons: number
  /** Repairs that waited for a person. */
  repairs: number
  /** Scripts mended by hand. */
  mended: number
}

interface Article {
  title: string
  body: string
}

/** Who sits at a test runtime: the owner that the dashboard makes on its first start. */
const name = 'tester'
/** Reeve is at it: nobody mends it by hand. */
const openRepairs = new Set(['diagnosing', 'proposed', 'promoting', 'watching', 'rolling-back'])

/**
 * The person whose business it is, scripted: looks in once a day, decides what was asked by what the world's books say, matches
 * payments that nobody could, and mends scripts that broke, where nothing else does.
 */
export class Operator {
  readonly #world: World
  readonly #project: string
  readonly #journal: Journal

  constructor(world: World, project: string, journal: Journal) {
    this.#world = world
    this.#project = project
    this.#journal = journal
  }

  get attention(): Attention {
    const none: Attention = {
      visits: 0,
      approved: 0,
      rejected: 0,
      edited: 0,
      corrected: 0,
      outcomes: 0,
      questions: 0,
      stuck: 0,
      payments: 0,
      lessons: 0,
      repairs: 0,
      mended: 0,
    }
    return { ...none, ...(JSON.parse(this.#world.books.fact('attention') ?? '{}') as Partial<Attention>) }
  }

  async visit(worker: WorkerProcess): Promise<void> {
    const { approvals = [] } = await worker.ask({ type: 'approvals' })
    for (const approval of approvals) await this.#decide(worker, approval)
    const { stuck = [] } = await worker.ask({ type: 'stuck' })
    for (const { id } of stuck) {
      this.#count('stuck')
      await worker.ask({ type: 'retry', run: id, by: name })
    }
    for (const proposal of this.#journal.proposals()) await this.#judge(worker, proposal)
    await this.#correct(worker)
    this.#matchByHand()
    const mended = this.#world.plan.drifts
      .filter((drift) => this.#hasBroken(drift))
      .filter((drift) => this.#mend(drift))
    this.#count('visits')
    if (mended.length > 0)
      await worker.ask({
        type: 'wake',
        by: name,
        why: `mended ${mended.map(({ mend }) => mend.file).join(', ')}`,
      })
  }

  async #decide(worker: WorkerProcess, { id, kind, subject, shown }: PendingApproval): Promise<void> {
    const decide = (decision: Parameters<WorkerProcess['ask']>[0] & { type: 'decide' }) =>
      worker.ask(decision)
    const { args = {} } = shown as { args?: Record<string, unknown> }
    if (kind === 'outcome') {
      this.#count('outcomes')
      const happened = this.#happened(subject, args)
      const answer = happened ? { happened, result: { accepted: true } } : { happened, retry: true }
      await decide({ type: 'decide', id, decision: { verdict: 'answer', by: name, answer } })
      return
    }
    if (kind === 'question') {
      this.#count('questions')
      await decide({
        type: 'decide',
        id,
        decision: { verdict: 'answer', by: name, answer: { kind: 'price' } },
      })
      return
    }
    if (subject === 'publish the article') return this.#readArticle(worker, id, shown as unknown as Article)
    const isRight = this.#isRightToDo(subject, args)
    this.#count(isRight ? 'approved' : 'rejected')
    await decide({ type: 'decide', id, decision: { verdict: isRight ? 'approve' : 'reject', by: name } })
  }

  async #readArticle(worker: WorkerProcess, id: string, { title, body }: Article): Promise<void> {
    const isGood = body.includes(invitation)
    this.#count(isGood ? 'approved' : 'edited')
    const answer = { title, body: `${body}\n\n${invitation}` }
    await worker.ask({
      type: 'decide',
      id,
      decision: { verdict: 'approve', by: name, ...(!isGood && { answer }) },
    })
  }

  #isRightToDo(subject: string, args: Record<string, unknown>): boolean {
    if (subject.includes('refund')) return this.#isOverpaid(String(args.payment))
    const asksForLess = `select count(*) from inbox where id = ? and kind = 'discount'`
    return !subject.includes('discount') || this.#world.books.count(asksForLess, String(args.letter)) > 0
  }

  /**
   * Whoever got an answer to something else says so, mostly: the owner tells Reeve what the letter was, and answers it. A letter that is
   * held is seen with the offer that it would get.
   */
  async #correct(worker: WorkerProcess): Promise<void> {
    const { books, life, chance } = this.#world
    const wrong = books.all<{ id: string; kind: LeadKind }>(
      `select id, kind from inbox where read_as <> kind and state <> kind and done_at > ? order by done_at, id`,
      life.now - 7 * dayMs,
    )
    for (const { id, kind } of wrong) {
      const isNoticed = kind !== 'spam' && chance('complains', id) < 0.75
      const asked = isNoticed ? this.#journal.questionAbout(id) : undefined
      if (!asked) continue
      await worker.ask({ type: 'correct', ...asked, question: 'read the letter', value: { kind }, by: name })
      books.together(() => life.answered(id, kind, life.now))
      this.#count('corrected')
    }
  }

  /** Adopts lessons: what does not help is measured, and taken back, without a person. A repair is read. */
  async #judge(worker: WorkerProcess, { id, kind }: { id: string; kind: string }): Promise<void> {
    if (kind !== 'lesson' && kind !== 'repair') return
    const repair = this.#journal.repairs().find(({ proposal }) => proposal === id)
    const isRight = kind === 'lesson' || (repair !== undefined && this.#isRight(repair))
    await worker.ask({ type: 'proposal', id, decision: isRight ? 'adopted' : 'rejected', by: name })
    this.#count(kind === 'lesson' ? 'lessons' : 'repairs')
  }

  #isRight({ file, after }: { file: string; after: string | null }): boolean {
    return this.#world.plan.drifts.some(({ mend }) => mend.file === file && after?.includes(mend.to))
  }

  /** Looks into the box of sent letters, as a person would. */
  #happened(subject: string, args: Record<string, unknown>): boolean {
    if (!subject.includes('send_report')) return false
    const sent = `select count(*) from sent where kind = 'report' and ref = ?`
    return this.#world.books.count(sent, String(args.week)) > 0
  }

  #isOverpaid(payment: string): boolean {
    const { books } = this.#world
    const isPaid = books.count('select count(*) from refunds where payment = ?', payment) > 0
    const others = `select count(*) from payments p join payments q on q.invoice = p.invoice and q.id <> p.id where p.id = ?`
    return !isPaid && books.count(others, payment) > 0
  }

  #matchByHand(): void {
    const { books } = this.#world
    for (const { id, invoice } of books.all<{ id: string; invoice: string }>(
      'select id, invoice from payments where is_unclear = 1 and matched is null',
    )) {
      this.#count('payments')
      books.together(() => {
        books.run('update payments set matched = ? where id = ?', invoice, id)
        books.run(`update invoices set state = 'paid' where id = ?`, invoice)
      })
    }
  }

  #hasBroken({ from, mend }: Drift): boolean {
    const isOpen = this.#journal
      .repairs()
      .some(({ file, status }) => file === mend.file && openRepairs.has(status))
    return from <= this.#world.life.now && !isOpen && this.#journal.failuresOf(mend.file, from) > 0
  }

  /** Answers whether it was mended at this visit: one that was broken off does not do it twice. */
  #mend({ name: drift, mend: { file, from, to } }: Drift): boolean {
    const { books, life } = this.#world
    const fact = `mended ${drift}`
    const at = books.fact(fact)
    if (at !== undefined) return Number(at) === life.now
    const path = join(this.#project, file)
    const text = readFileSync(path, 'utf8')
    const isByHand = !text.includes(to)
    if (isByHand) {
      writeFileSync(`${path}.new`, text.replaceAll(from, to), { mode: 0o755 })
      renameSync(`${path}.new`, path)
      this.#count('mended')
    }
    books.setFact(fact, life.now)
    return isByHand
  }

  #count(what: keyof Attention): void {
    const { attention } = this
    attention[what]++
    this.#world.books.setFact('attention', JSON.stringify(attention))
  }
}
