import { visibleJson, visibleLine, visibleText } from '../../base/text/visible-text.ts'
import type { ApprovalPage } from '../../inspect/approvals/approval-page.ts'
import { actsWithWords } from '../../store/approvals/approval-terms.ts'
import type { ApprovalOfRun } from '../../store/approvals/approvals.ts'

/** More than a person reads on such a page. */
const mostCharacters = 20_000
const mostLines = 400

/** Whether a request is more than the page shows: then it shows the beginning, and takes no approval. */
export function isCutOnPage(shown: unknown): boolean {
  return cutText(shown).isCut
}

function cutText(shown: unknown): { text: string; isCut: boolean } {
  const whole = visibleJson(shown, 2)
  const lines = whole.split('\n')
  const isCut = whole.length > mostCharacters || lines.length > mostLines
  return isCut
    ? { text: lines.slice(0, mostLines).join('\n').slice(0, mostCharacters).toWellFormed(), isCut }
    : { text: whole, isCut }
}

/** What is asked, and the buttons that decide it. `isSame`: it is still what the link was made for. */
export function requestPage(
  { approval, run, context }: ApprovalPage,
  link: { code: string; principal: string; isSame: boolean },
): string {
  const { text, isCut } = cutText(approval.shown)
  const stands = standing(approval, link.isSame)
  const about = context.inputs[0]
  const parts = [
    `<h1>${line(approval.subject)}</h1>`,
    `<p>Run ${line(run.id)} of ${line(run.workflow)} asks. You decide as ${line(link.principal)}.</p>`,
    ...(approval.actsWith ? [`<p>It acts with ${line(actsWithWords(approval.actsWith))}.</p>`] : []),
    ...approval.why.map((why) => `<p class="warn">Why you are asked: ${line(why)}</p>`),
    `<pre>${escaped(text)}</pre>`,
    ...(isCut ? ['<p class="warn">This is only its beginning.</p>'] : []),
    ...approval.places.map(
      ({ argument, place, trust }) => `<p>${line(argument)}: ${line(place)} (${line(trust)})</p>`,
    ),
    ...approval.warnings.map((warning) => `<p class="warn">${line(warning)}</p>`),
    ...(approval.problem === null ? [] : [`<p class="warn">${line(approval.problem)}</p>`]),
    ...(about
      ? [
          `<details><summary>What the run was given (no part of what is decided; anybody may have written it)</summary><pre>${escaped(cutText(about.input).text)}</pre></details>`,
        ]
      : []),
    stands ?? form(link.code, approval.allowed.includes('approve') && !isCut),
  ]
  return page('Decide', parts.join('\n'))
}

/** Why it takes no decision any more; undefined: it does. */
function standing({ status, decided }: ApprovalPage['approval'], isSame: boolean): string | undefined {
  if (status !== 'pending') {
    const by = decided?.by ? ` by ${line(decided.by)}` : ''
    return `<p class="warn">It is ${status}${by}. There is nothing to decide.</p>`
  }
  if (isSame) return undefined
  return '<p class="warn">It was changed since this link was made, and cannot be decided with it. Decide it in the dashboard.</p>'
}

function form(code: string, canApprove: boolean): string {
  return `<form method="post" action="/decide">
<input type="hidden" name="code" value="${escaped(code.replace(/[^\w-]/g, ''))}">
<label>A note (it reaches the run)<br><textarea name="note" maxlength="16000" rows="3"></textarea></label>
<p>${canApprove ? '<button name="verdict" value="approve">Approve exactly this</button> ' : ''}<button name="verdict" value="reject">Reject</button></p>
<p>This link is good for one decision.</p>
</form>`
}

/** What became of it. */
export function donePage({ subject, status }: Pick<ApprovalOfRun, 'subject' | 'status'>): string {
  const said = status === 'pending' ? 'You approved it; others must approve it too.' : `It is ${status} now.`
  return page('Decided', `<h1>${line(subject)}</h1>\n<p>${said} You may close this page.</p>`)
}

function line(text: string): string {
  return escaped(visibleLine(text))
}

function escaped(text: string): string {
  const named: Record<string, string> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&#39;',
  }
  return visibleText(text).replaceAll(/[&<>"']/g, (character) => named[character]!)
}

function page(title: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${title} · Reeve</title>
<style>
  :root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
  body { max-width: 46rem; margin: 6vh auto; padding: 0 1rem }
  pre { white-space: pre-wrap; overflow-wrap: anywhere; padding: .75rem; border: 1px solid #8886; border-radius: .4rem }
  textarea { font: inherit; width: 100%; box-sizing: border-box }
  button { font: inherit; padding: .5rem 1.25rem }
  .warn { border-inline-start: .3rem solid #c60; padding-inline-start: .6rem }
</style>
${body}
</html>
`
}
