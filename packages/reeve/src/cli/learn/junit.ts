import type { EvalResult } from '../../inspect/evals/eval-view.ts'

/** Results as JUnit's XML, which CI servers read: a test for each case and scorer; below 1 is a failure. */
export function junit(results: readonly EvalResult[]): string {
  const suites = results.map(({ name, cases, seconds }) => {
    const tests = cases.flatMap(({ id, outcome, scores }) =>
      Object.entries(scores).map(([scorer, { score, why = '' }]) => {
        const open = `    <testcase classname=${quoted(name)} name=${quoted(`${id} ${scorer}`)} time="${outcome.ms / 1000}"`
        if (score === 1) return `${open}/>`
        return `${open}>\n      <failure message=${quoted(`${score} ${why}`)}/>\n    </testcase>`
      }),
    )
    const failures = tests.filter((test) => test.includes('<failure')).length
    return [
      `  <testsuite name=${quoted(name)} tests="${tests.length}" failures="${failures}" time="${seconds}">`,
      ...tests,
      '  </testsuite>',
    ].join('\n')
  })
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n${suites.join('\n')}\n</testsuites>\n`
}

const escapes: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

/** XML 1.0 has no word for most control characters. */
function quoted(text: string): string {
  const clean = text
    .toWellFormed()
    .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '\ufffd')
  const safe = clean.replace(/[&<>"]/g, (each) => escapes[each]!).replace(/[\n\r\t]/g, ' ')
  return `"${safe}"`
}
