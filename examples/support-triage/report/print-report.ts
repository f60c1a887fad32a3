import type { Outcome, Report } from './read-report.ts'

const outcomes: Outcome[] = [
  'answered',
  'waiting for approval',
  'waiting for an answer',
  'critical',
  'rejected',
  'ignored',
  'failed',
  'under way',
]

/** A few categories fit on a screen; of many, only the sums are shown. */
const mostCategories = 12

/** `project` is how the project is named from where the command was typed; empty inside it. */
export function printReport(report: Report, project: string): void {
  const shown = outcomes.filter((outcome) => total(report, outcome) > 0)
  const names = Object.keys(report.categories).sort()
  const rows =
    names.length <= mostCategories ? names.map((name) => [name, ...cells(report, name, shown)]) : []
  rows.push(['all', ...shown.map((outcome) => String(total(report, outcome)))])
  console.log()
  printTable(
    ['category', ...shown.map((outcome) => (outcome === 'critical' ? 'critical channel' : outcome))],
    rows,
  )
  console.log()
  const repeated =
    report.alreadyDone > 0 ? `, ${report.alreadyDone} were here before and were not done again` : ''
  console.log(
    `${report.fresh} new tickets in ${(report.elapsedMs / 1000).toFixed(2)} s (${report.ticketsPerMinute.toLocaleString('en')} a minute)${repeated}`,
  )
  if (report.sameId > 0)
    console.log(
      `${report.sameId} came under the Message-ID of another message, and are tickets of their own; the notes above name them`,
    )
  if (report.fresh > 0)
    console.log(
      `Each took ${report.p50Ms} ms at the median, ${report.p99Ms} ms at p99, from its start to its end or its wait`,
    )
  if (report.accuracy !== undefined)
    console.log(
      `Category right for ${(report.accuracy * 100).toFixed(1)} % of ${report.labelled} labelled tickets`,
    )
  console.log(`Cost: $${report.costUsd.toFixed(report.costUsd === 0 ? 0 : 4)}`)
  const at = project === '' ? '' : ` --project ${project}`
  if (report.example.run) console.log(`\nLook at one run:        npx reeve show ${report.example.run}${at}`)
  if (report.example.approval) {
    console.log(`What waits in it:       npx reeve approvals ${report.example.approval}${at}`)
    console.log(`Approve and send it:    npx reeve approve ${report.example.approval} --work${at}`)
    console.log(`All that waits for you: npx reeve approvals${at}`)
  }
}

function cells(report: Report, category: string, shown: Outcome[]): string[] {
  return shown.map((outcome) => String(report.categories[category]?.[outcome] ?? ''))
}

function total(report: Report, outcome: Outcome): number {
  return Object.values(report.categories).reduce((sum, counts) => sum + (counts[outcome] ?? 0), 0)
}

function printTable(head: string[], rows: string[][]): void {
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]!.length)),
  )
  for (const row of [head, ...rows]) {
    const cell = (text: string, column: number) =>
      column === 0 ? text.padEnd(widths[0]!) : text.padStart(widths[column]!)
    console.log(row.map(cell).join('   '))
  }
}
